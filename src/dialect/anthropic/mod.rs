//! Anthropic's Messages API (vendors.md §4), asked as a provider and answered to its clients (§10).

mod answer;
mod ask;
mod block;
mod error;
mod events;
mod json;
mod question;
mod reply;
mod schema;
mod stream;
mod tally;
#[cfg(test)]
mod tests;
mod wire;
mod words;

pub mod models;

use crate::dialect::bad_request::BadRequest;
use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Opening;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::dialect::side::WriteChunks;

pub use words::NO_SEAL;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

/// The client's side.
pub struct Client;

pub static CLIENT: Client = Client;

impl ProviderSide for Provider {
    fn path(&self, _model: &str, _stream: bool) -> String {
        "/messages".to_owned()
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
}

impl ClientSide for Client {
    /// The vendor refuses the fields of a beta that is not named (vendors.md §4.1).
    fn spoken_headers(&self) -> &'static [&'static str] {
        &["anthropic-version", "anthropic-beta"]
    }

    fn no_seal(&self) -> Option<&'static str> {
        Some(NO_SEAL)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatRequest<'a>, BadRequest> {
        question::read(body)
    }

    fn write(&self, response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
        reply::write(response, opening)
    }

    fn writer(&self, opening: Opening) -> Box<dyn WriteChunks> {
        Box::new(events::Writer::new(opening))
    }

    fn error(&self, error: &ClientError<'_>) -> Vec<u8> {
        error::body(error)
    }

    fn error_event(&self, error: &ClientError<'_>) -> Vec<u8> {
        error::event(error)
    }
}
