//! Cohere's API, version 2: chat (vendors.md §8.1), embeddings and ranking (§9).

mod answer;
mod ask;
mod citations;
mod embed;
mod finish;
mod leftovers;
mod loose;
mod messages;
mod rerank;
mod sampling;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod turn;
mod wire;

use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::operation::Operation;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

impl ProviderSide for Provider {
    fn path(&self, _model: &str, _stream: bool) -> String {
        "/chat".to_owned()
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
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(stream::Reader::default())
    }

    fn embed_path(&self, _model: &str) -> Option<String> {
        Some("/embed".to_owned())
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

    fn adapted(&self, operation: Operation, body: &[u8], dropped: &mut Dropped) -> Option<Vec<u8>> {
        (operation == Operation::Rerank).then(|| rerank::adapted(body, dropped)).flatten()
    }

    /// The list stayed in version 1. A page holds 20 models unless more are asked for, and never more than 1000.
    fn models_path(&self) -> &'static str {
        "/../v1/models?page_size=1000"
    }
}
