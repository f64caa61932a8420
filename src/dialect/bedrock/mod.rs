//! AWS Bedrock's Converse API (vendors.md §8.3).
//!
//! `wire` is what a request looks like; `write` makes one of a chat with `turns`, `blocks`, `tools` and `fields`;
//! `answer` and `stream` read what comes back.

mod answer;
mod blocks;
mod fields;
mod stream;
#[cfg(test)]
mod tests;
mod tools;
mod turns;
mod wire;
mod write;

use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::path::segment;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

impl ProviderSide for Provider {
    fn path(&self, model: &str, stream: bool) -> String {
        let call = if stream { "converse-stream" } else { "converse" };
        format!("/model/{}/{call}", segment(model))
    }

    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        write::write(request, target, dropped)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        answer::read(body)
    }

    fn framing(&self) -> Framing {
        Framing::Aws
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(stream::Reader::default())
    }
}
