//! The provider's side: OpenAI's Responses API, or a server that speaks it, as the one that is asked.

mod answer;
mod ask;
mod events;
mod items;
mod reader;
mod tools;

#[cfg(test)]
mod tests;

use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The provider's side.
pub struct Provider;

impl ProviderSide for Provider {
    fn path(&self, _model: &str, _stream: bool) -> String {
        "/responses".to_owned()
    }

    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        Ok(ask::body(request, target, dropped))
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        answer::read(body)
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(reader::Reader::default())
    }
}
