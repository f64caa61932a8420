//! OpenAI's chat completions as a dialect of the hub.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;
use crate::dialect::openai::answer;
use crate::dialect::openai::ask;
use crate::dialect::openai::error::ErrorBody;
use crate::dialect::openai::read_stream::Reader;
use crate::dialect::openai::write_answer;
use crate::dialect::openai::write_request;
use crate::dialect::openai::write_stream::Writer;
use crate::dialect::operation::Operation;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
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
        Operation::ChatCompletions.path().to_owned()
    }

    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        write_request::write(request, target, dropped)
    }

    /// Documents are only taken whole.
    fn opens(&self, _url: &str, is_document: bool, traits: &ModelTraits) -> bool {
        traits.image_urls && !is_document
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer> {
        answer::read(body)
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn reader(&self) -> Box<dyn ReadChunks> {
        Box::new(Reader::default())
    }
}

impl ClientSide for Client {
    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatRequest<'a>, BadRequest> {
        ask::read(body)
    }

    fn write(&self, response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
        write_answer::write(response, opening)
    }

    fn writer(&self, opening: Opening) -> Box<dyn WriteChunks> {
        Box::new(Writer::new(opening))
    }

    fn error(&self, error: &ClientError<'_>) -> Vec<u8> {
        said(error).to_json()
    }

    fn error_event(&self, error: &ClientError<'_>) -> Vec<u8> {
        said(error).to_event()
    }
}

fn said<'a>(error: &ClientError<'a>) -> ErrorBody<'a> {
    ErrorBody { message: error.message, kind: error.kind, param: error.param, code: error.code }
}

#[cfg(test)]
mod tests;
