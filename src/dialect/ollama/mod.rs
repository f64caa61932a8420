//! Ollama's own API: chat, embeddings and the list of its models (vendors.md §6.9).

mod answer;
mod ask;
mod embed;
mod leftovers;
mod messages;
mod options;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod wire;

use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::models;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

/// What a model is listed as that was pulled without saying which one.
const USUAL_TAG: &str = ":latest";

impl ProviderSide for Provider {
    fn path(&self, _model: &str, _stream: bool) -> String {
        "/api/chat".to_owned()
    }

    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        ask::write(request, target, dropped)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        answer::read(body)
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(stream::Reader::default())
    }

    fn embed_path(&self, _model: &str) -> Option<String> {
        Some("/api/embed".to_owned())
    }

    fn write_embed(
        &self,
        request: &EmbedRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        Ok(embed::write(request, target, dropped))
    }

    fn read_embed(&self, body: &[u8]) -> Result<EmbedResponse, NoAnswer> {
        embed::read(body)
    }

    fn models_path(&self) -> &'static str {
        "/api/tags"
    }

    /// A model may be asked for with and without the usual tag, and is listed with it only.
    fn read_models(&self, body: &[u8]) -> Option<Vec<String>> {
        let mut listed = models::listed(body)?;
        let bare: Vec<String> =
            listed.iter().filter_map(|name| Some(name.strip_suffix(USUAL_TAG)?.to_owned())).collect();
        listed.extend(bare);
        Some(listed)
    }
}
