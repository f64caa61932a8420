//! The client's side: `/v1/responses` as OpenAI serves it.

mod echo;
mod error;
mod items;
mod object;
mod open;
mod output;
mod parts;
mod question;
mod reply;
mod tools;
mod writer;

#[cfg(test)]
mod tests;

use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Opening;
use crate::dialect::side::WriteChunks;

/// The client's side.
pub struct Client;

impl ClientSide for Client {
    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatRequest<'a>, BadRequest> {
        question::read(body)
    }

    fn write(&self, response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
        reply::write(response, opening)
    }

    fn writer(&self, opening: Opening) -> Box<dyn WriteChunks> {
        Box::new(writer::Writer::new(&opening))
    }

    fn error(&self, error: &ClientError<'_>) -> Vec<u8> {
        error::body(error)
    }

    fn error_event(&self, error: &ClientError<'_>) -> Vec<u8> {
        error::event(error)
    }
}
