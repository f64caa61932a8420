//! Anthropic's Messages API (vendors.md §4).

pub mod models;

use crate::dialect::bad_request::BadRequest;
use crate::dialect::frame::Frame;
use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Dropped;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Garbage;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Opening;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::dialect::side::WriteChunks;

/// The provider's side.
pub struct Provider;

pub static PROVIDER: Provider = Provider;

/// The client's side.
pub struct Client;

pub static CLIENT: Client = Client;

impl ProviderSide for Provider {
    fn path(&self, _model: &str, _stream: bool) -> String {
        String::new()
    }

    fn write(
        &self,
        _request: &ChatRequest<'_>,
        _target: &Target<'_>,
        _dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        Ok(Vec::new())
    }

    fn read<'a>(&self, _body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        Err(NoAnswer::Malformed)
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(Reader)
    }
}

struct Reader;

impl ReadChunks for Reader {
    fn read(&mut self, _frame: &Frame<'_>, _sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        Err(Garbage)
    }
}

impl ClientSide for Client {
    fn read<'a>(&self, _body: &'a [u8]) -> Result<ChatRequest<'a>, BadRequest> {
        Ok(ChatRequest::default())
    }

    fn write(&self, _response: &ChatResponse<'_>, _opening: &Opening) -> Vec<u8> {
        Vec::new()
    }

    fn writer(&self, _opening: Opening) -> Box<dyn WriteChunks> {
        Box::new(Writer)
    }

    fn error(&self, _error: &ClientError<'_>) -> Vec<u8> {
        Vec::new()
    }

    fn error_event(&self, _error: &ClientError<'_>) -> Vec<u8> {
        Vec::new()
    }
}

struct Writer;

impl WriteChunks for Writer {
    fn write(&mut self, _chunk: &Chunk<'_>, _out: &mut Vec<u8>) {}
}
