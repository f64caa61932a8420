//! A stream in nobody's dialect: what a reader makes of events, and a writer makes events of.

use crate::dialect::hub::Audio;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::usage::Usage;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One step of a stream.
///
/// A reader gives [`Chunk::Start`] once and first, as soon as it knows something; then deltas; one
/// [`Chunk::Finish`] for each choice; and [`Chunk::End`] at the vendor's terminal event (or when its format says
/// that nothing follows). [`Chunk::Usage`] may come at any time and more than once: each replaces the last.
#[derive(Clone, Debug)]
pub enum Chunk<'a> {
    /// Id and model as the vendor gives them, empty where it does not.
    Start {
        id: Cow<'a, str>,
        model: Cow<'a, str>,
    },
    Delta {
        choice: u32,
        delta: Delta<'a>,
    },
    Finish {
        choice: u32,
        finish: Finish,
        stop_sequence: Option<Cow<'a, str>>,
    },
    Usage(Usage),
    /// The vendor reports an error; the JSON of its event.
    Error(Cow<'a, [u8]>),
    /// The terminal event.
    End,
}

/// A piece of an answer. Pieces of one kind that follow each other belong together.
#[derive(Clone, Debug)]
pub enum Delta<'a> {
    Text(Cow<'a, str>),
    /// The seal of the text before it.
    TextSignature(Cow<'a, str>),
    Refusal(Cow<'a, str>),
    Thinking(Cow<'a, str>),
    /// The seal of the thinking before it, which it ends.
    ThinkingSignature(Cow<'a, str>),
    /// Thinking that only the vendor can read, whole.
    Redacted(Cow<'a, str>),
    /// Opens call number `index` of this choice, counted from 0 in the order in which they begin.
    ToolCall {
        index: u32,
        /// Empty where the vendor gives none.
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        custom: bool,
        signature: Option<Cow<'a, str>>,
    },
    /// More of the JSON text (of a custom tool: of the free text) of a call that was opened.
    Arguments {
        index: u32,
        text: Cow<'a, str>,
    },
    Citation(Citation<'a>),
    Image(Image<'a>),
    Audio(Audio<'a>),
    /// Of the text that came with it, in OpenAI's shape.
    Logprobs(Cow<'a, RawValue>),
}

impl Delta<'_> {
    /// Whether it carries part of an answer: an empty text promises nothing yet.
    pub fn is_content(&self) -> bool {
        match self {
            Delta::Text(text) | Delta::Refusal(text) | Delta::Thinking(text) => !text.is_empty(),
            Delta::Arguments { text, .. } => !text.is_empty(),
            Delta::ToolCall { .. }
            | Delta::Redacted(_)
            | Delta::Citation(_)
            | Delta::Image(_)
            | Delta::Audio(_) => true,
            Delta::TextSignature(_) | Delta::ThinkingSignature(_) | Delta::Logprobs(_) => false,
        }
    }
}
