//! Replicate's predictions (vendors.md §7): an answer is ordered, and fetched or streamed from elsewhere.

mod input;
mod prediction;
mod prompt;
mod stream;
#[cfg(test)]
mod tests;

use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::path::segments;
use crate::dialect::side::Follow;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

impl ProviderSide for Provider {
    fn path(&self, model: &str, _stream: bool) -> String {
        match Name::of(model) {
            Name::Version(_) => "/predictions".to_owned(),
            Name::Deployment(name) => format!("/deployments/{}/predictions", segments(name)),
            Name::Official(name) => format!("/models/{}/predictions", segments(name)),
        }
    }

    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        input::write(request, target, dropped)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        prediction::read(body)
    }

    /// A whole answer is waited for as long as Replicate lets us, which is a minute.
    fn headers(&self, stream: bool) -> &'static [(&'static str, &'static str)] {
        if stream { &[] } else { &[("prefer", "wait")] }
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(stream::Reader::default())
    }

    fn follow(&self, body: &[u8], stream: bool) -> Follow {
        prediction::follow(body, stream)
    }
}

/// What a model is asked for under.
enum Name<'a> {
    /// `owner/name:<64 hexadecimal signs>`, or the signs alone.
    Version(&'a str),
    /// `deployments/owner/name`
    Deployment(&'a str),
    /// `owner/name`
    Official(&'a str),
}

impl Name<'_> {
    fn of(model: &str) -> Name<'_> {
        let version = model.rsplit_once(':').map_or(model, |(_, version)| version);
        if version.len() == 64 && version.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Name::Version(version);
        }
        match model.strip_prefix("deployments/") {
            Some(name) => Name::Deployment(name),
            None => Name::Official(model),
        }
    }
}
