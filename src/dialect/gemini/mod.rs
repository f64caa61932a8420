//! Google's generateContent (vendors.md §5).

mod answer;
mod ask;
mod body;
mod citations;
mod contents;
mod embed;
mod extras;
mod logprobs;
mod media;
mod path;
mod reply;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod wire;

use crate::dialect::frame::Framing;
use crate::dialect::gemini::stream::Reader;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::hub::ModelTraits;
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
        match stream {
            true => path::of(model, "streamGenerateContent?alt=sse"),
            false => path::of(model, "generateContent"),
        }
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

    /// What the vendor keeps itself needs its key.
    fn opens(&self, url: &str, _is_document: bool, traits: &ModelTraits) -> bool {
        traits.image_urls || media::is_kept(url)
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(Reader::default())
    }

    fn embed_path(&self, model: &str) -> Option<String> {
        Some(path::of(model, "batchEmbedContents"))
    }

    fn write_embed(
        &self,
        request: &EmbedRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        Ok(embed::write(request, target.model, dropped))
    }

    fn read_embed(&self, body: &[u8]) -> Result<EmbedResponse, NoAnswer> {
        embed::read(body)
    }
}
