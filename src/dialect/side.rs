//! The two sides of a dialect: how a provider is asked in it, and how a client is answered in it.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::fault::Cause;
use crate::dialect::frame::Frame;
use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::hub::ModelTraits;
use crate::dialect::models;
use crate::dialect::operation::Operation;
use std::collections::HashMap;
use std::time::Duration;

/// The provider's side: writes requests, reads answers.
pub trait ProviderSide: Sync {
    /// Where a chat is asked for, behind the base URL, with what the query needs.
    fn path(&self, model: &str, stream: bool) -> String;

    /// The body of a request. What cannot be said is left out and noted in `dropped`.
    ///
    /// # Errors
    /// [`Unsayable`] when leaving it out would make another question of it.
    fn write(
        &self,
        request: &ChatRequest<'_>,
        target: &Target<'_>,
        dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable>;

    /// Reads a whole answer with status 200.
    ///
    /// # Errors
    /// [`NoAnswer`] when it is none.
    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatResponse<'a>, NoAnswer>;

    /// Whether the target opens this URL, of a document or else of an image, by itself. What it does not open is
    /// fetched for it.
    fn opens(&self, _url: &str, _is_document: bool, traits: &ModelTraits) -> bool {
        traits.image_urls
    }

    /// Headers that a chat is asked for with, besides those of every request.
    fn headers(&self, _stream: bool) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// How its streams are cut into frames.
    fn framing(&self) -> Framing;

    /// A reader for one stream.
    fn reader(&self) -> Box<dyn ReadChunks>;

    /// What is to be done with an answer that may be only a promise of one.
    fn follow(&self, _body: &[u8], _stream: bool) -> Follow {
        Follow::Answer
    }

    /// Where vectors are asked for, behind the base URL; `None` where this dialect has none.
    fn embed_path(&self, _model: &str) -> Option<String> {
        None
    }

    /// The body of a request for vectors. What cannot be said is left out and noted in `dropped`.
    ///
    /// # Errors
    /// [`Unsayable`] when leaving it out would make another question of it, or where there are none to be had.
    fn write_embed(
        &self,
        _request: &EmbedRequest<'_>,
        _target: &Target<'_>,
        _dropped: &mut Dropped,
    ) -> Result<Vec<u8>, Unsayable> {
        let message = "this model's provider has no embeddings; name a model that makes them".to_owned();
        Err(Unsayable { message, param: "model" })
    }

    /// Reads an answer of vectors with status 200.
    ///
    /// # Errors
    /// [`NoAnswer`] when it is none.
    fn read_embed(&self, _body: &[u8]) -> Result<EmbedResponse, NoAnswer> {
        Err(NoAnswer::Malformed)
    }

    /// The body of an operation that is passed on, where this dialect takes it in a form of its own. What cannot be
    /// said is left out and noted in `dropped`.
    fn adapted(&self, _operation: Operation, _body: &[u8], _dropped: &mut Dropped) -> Option<Vec<u8>> {
        None
    }

    /// Where its models are listed, behind the base URL; `/..` in front leaves the last segment of that.
    fn models_path(&self) -> &'static str {
        "/models"
    }

    /// The models in such a list, by the names they are asked for; `None` where it is none.
    fn read_models(&self, body: &[u8]) -> Option<Vec<String>> {
        models::listed(body)
    }
}

/// The client's side: reads requests, writes answers.
pub trait ClientSide: Sync {
    /// Headers, in lower case, that belong to a request of its clients: a provider of the same dialect has to hear
    /// them too.
    fn spoken_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`BadRequest`] names the field at fault.
    fn read<'a>(&self, body: &'a [u8]) -> Result<ChatRequest<'a>, BadRequest>;

    /// The body of a whole answer.
    fn write(&self, response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8>;

    /// A writer for one stream.
    fn writer(&self, opening: Opening) -> Box<dyn WriteChunks>;

    /// What stands for a seal in its answers where there is none, if its clients insist on one.
    fn no_seal(&self) -> Option<&'static str> {
        None
    }

    /// The body of an error answer.
    fn error(&self, error: &ClientError<'_>) -> Vec<u8>;

    /// The event that says that a stream broke off. Nothing follows: the end must not look like one.
    fn error_event(&self, error: &ClientError<'_>) -> Vec<u8>;
}

/// Reads one stream of a provider.
pub trait ReadChunks: Send + Sync {
    /// Hands what `frame` means to `sink`, in order. Frames that mean nothing (pings, comments) hand nothing.
    ///
    /// # Errors
    /// [`Garbage`] when it cannot be read; it is dropped and counted, and the stream goes on.
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage>;

    /// The body has ended. What the format leaves open until then is handed to `sink`; a dialect without a terminal
    /// event gives [`Chunk::End`] here, if it has seen why the answer ended.
    fn finish(&mut self, _sink: &mut dyn FnMut(Chunk<'_>)) {}
}

/// Writes one stream for a client.
pub trait WriteChunks: Send + Sync {
    /// Appends the events that say `chunk` to `out`; they may be none.
    fn write(&mut self, chunk: &Chunk<'_>, out: &mut Vec<u8>);

    /// Appends the events that say that the stream broke off, for dialects whose events depend on those before them;
    /// `false` where they do not, and [`ClientSide::error_event`] says it.
    fn break_off(&mut self, _error: &ClientError<'_>, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Bytes of the answer that are kept for its last event, in dialects that say all of it once more.
    fn held(&self) -> usize {
        0
    }

    /// Appends an event that says nothing and keeps the connection open.
    fn ping(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": ping\n\n");
    }
}

/// Whom a request is written for.
pub struct Target<'a> {
    /// The provider's name of the model.
    pub model: &'a str,
    pub traits: &'a ModelTraits,
    /// What was fetched from URLs because the target does not do it.
    pub fetched: &'a Fetched,
    /// The provider understands `stream_options.include_usage`.
    pub stream_options: bool,
}

/// Files by the URL they were fetched from.
pub type Fetched = HashMap<String, FetchedFile>;

/// One file, ready to be put in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// Media type.
    pub kind: String,
    /// Base64.
    pub data: String,
}

/// What an answer is opened with: all that a writer cannot know from the provider's words.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Seconds since 1970.
    pub created: u64,
    /// Random signs, for ids the provider does not give.
    pub nonce: String,
    /// The model as the provider is asked for it, where it does not say one itself.
    pub model: String,
    /// The client wants to see the usage of a stream.
    pub show_usage: bool,
    /// Tokens of the prompt, estimated: some dialects tell before they know.
    pub prompt_estimate: u64,
    /// The client's request, for dialects that repeat it in their answers.
    pub request: bytes::Bytes,
}

/// A request that a dialect has no words for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unsayable {
    /// What cannot be said and what to do, for the client.
    pub message: String,
    /// The field of the client's request.
    pub param: &'static str,
}

/// Why a body with status 200 is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Not JSON, or nothing this dialect answers with.
    Malformed,
    /// An error object.
    Error,
}

/// A frame that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage;

/// What to do with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It is one.
    Answer,
    /// It will be found at this URL; ask again after a while. `cancel` takes the request back.
    Poll { url: String, after: Duration, cancel: Option<String> },
    /// It will be streamed from this URL.
    Stream { url: String, cancel: Option<String> },
}

/// An error as a client is told it.
#[derive(Clone, Copy, Debug)]
pub struct ClientError<'a> {
    pub status: u16,
    pub message: &'a str,
    /// OpenAI's `type`; other dialects have words of their own for status and cause.
    pub kind: &'a str,
    pub param: Option<&'a str>,
    pub code: Option<&'a str>,
    pub cause: Option<Cause>,
    pub request_id: &'a str,
}
