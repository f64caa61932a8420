//! A model's whole answer, in nobody's dialect.

use crate::dialect::hub::Part;
use crate::dialect::usage::Usage;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct ChatResponse<'a> {
    /// As the vendor gave it; empty where it gives none.
    pub id: Cow<'a, str>,
    /// The model that answered, in the vendor's words; empty where it does not say.
    pub model: Cow<'a, str>,
    pub choices: Vec<Choice<'a>>,
    pub usage: Option<Usage>,
    /// In OpenAI's words.
    pub service_tier: Option<Cow<'a, str>>,
    pub system_fingerprint: Option<Cow<'a, str>>,
}

/// One of the answers that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Choice<'a> {
    /// In the order in which the model made them: thinking, text, calls.
    pub parts: Vec<Part<'a>>,
    pub finish: Option<Finish>,
    /// The stop sequence that ended it.
    pub stop_sequence: Option<Cow<'a, str>>,
    /// In OpenAI's shape (vendors.md §1.3).
    pub logprobs: Option<Cow<'a, RawValue>>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finish {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

impl Finish {
    /// OpenAI's word.
    pub fn word(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::ToolCalls => "tool_calls",
            Finish::ContentFilter => "content_filter",
        }
    }

    /// Any vendor's word (vendors.md §12). What nobody knows is a stop.
    pub fn of_word(word: &str) -> Finish {
        match word.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => Finish::Length,
            "tool_calls" | "tool_use" | "tool_call" | "function_call" => Finish::ToolCalls,
            "content_filter"
            | "refusal"
            | "sensitive"
            | "safety"
            | "guardrail_intervened"
            | "content_filtered"
            | "error_toxic" => Finish::ContentFilter,
            _ => Finish::Stop,
        }
    }
}
