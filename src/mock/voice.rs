//! How one dialect sounds: the seam where a simulated provider learns to speak another one.

use crate::mock::anthropic;
use crate::mock::ask::Ask;
use crate::mock::bedrock;
use crate::mock::cohere;
use crate::mock::gemini;
use crate::mock::ollama;
use crate::mock::openai;
use crate::mock::refusal::Refusal;
use crate::mock::replicate;
use crate::mock::reply::Reply;
use crate::mock::responses;
use bytes::Bytes;

/// A dialect, as a provider speaks it. A new one is a file with its routes, and a line in [`of_path`].
pub trait Voice: Sync {
    /// In front of the ids of its answers.
    fn id_prefix(&self) -> &'static str;

    /// A whole answer.
    fn whole(&self, head: &Head, reply: &Reply) -> Bytes;

    /// The same answer as a stream.
    fn transcript(&self, head: &Head, reply: &Reply, ask: &Ask) -> Transcript;

    /// An event that holds an error, and nothing after it.
    fn error_event(&self, refusal: &Refusal) -> Transcript;

    /// The body of an error answer.
    fn error(&self, refusal: &Refusal) -> Bytes;

    /// What the header that names an error's type says, where the dialect has one.
    fn error_type(&self, _refusal: &Refusal) -> Option<&'static str> {
        None
    }

    /// Content type of its streams.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }
}

/// What every piece of an answer repeats.
#[derive(Debug)]
pub struct Head {
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    pub model: String,
}

/// A stream, event by event, and which of them the model has to think about.
#[derive(Debug)]
pub struct Transcript {
    pub events: Vec<Bytes>,
    /// Events at the front that come at once.
    pub lead: usize,
    /// Events after those that come at the model's pace; the rest comes with the last of them.
    pub paced: usize,
}

/// Who answers at a path: says no there, too, when nothing has been read yet.
pub fn of_path(path: &str) -> &'static dyn Voice {
    let bare = path.strip_prefix("/v1").unwrap_or(path);
    match bare {
        "/completions" => &openai::TEXT,
        _ if bedrock::speaks_at(path) => &bedrock::VOICE,
        _ if replicate::speaks_at(path) => &replicate::VOICE,
        "/responses" | "/responses/input_tokens" => &responses::VOICE,
        "/messages" | "/messages/count_tokens" => &anthropic::VOICE,
        _ if gemini::speaks_at(path) => &gemini::VOICE,
        _ if path.starts_with("/api/") => &ollama::VOICE,
        _ if path.starts_with("/v2/") => &cohere::VOICE,
        _ => &openai::CHAT,
    }
}
