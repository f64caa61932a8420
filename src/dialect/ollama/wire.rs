//! What Ollama answers with: the same object whole, or one for each line of a stream (vendors.md §6.9).

use crate::dialect::text::Str;
use crate::dialect::text::text;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;
use std::borrow::Cow;

/// One object.
#[derive(Deserialize)]
pub struct Line<'a> {
    #[serde(borrow)]
    pub model: Option<Str<'a>>,
    #[serde(borrow)]
    pub message: Option<Said<'a>>,
    pub done: Option<bool>,
    #[serde(borrow)]
    pub done_reason: Option<Str<'a>>,
    prompt_eval_count: Option<f64>,
    eval_count: Option<f64>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Said<'a> {
    #[serde(borrow)]
    pub content: Option<Str<'a>>,
    #[serde(borrow)]
    pub thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
pub struct Call<'a> {
    /// Older servers give none.
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    /// `None` where it is no object of Ollama's.
    pub fn read(body: &'a [u8]) -> Option<Line<'a>> {
        // serde would also take an array for a struct, field by field.
        body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok()).flatten()
    }

    /// `None` where nothing was counted; a prompt that was cached whole has no count.
    pub fn usage(&self) -> Option<Usage> {
        let counted = self.prompt_eval_count.is_some() || self.eval_count.is_some();
        // A cast ends at the bounds of the type.
        let count = |told: Option<f64>| told.unwrap_or(0.0) as u64;
        let usage = Usage {
            input: count(self.prompt_eval_count),
            output: count(self.eval_count),
            ..Usage::default()
        };
        counted.then_some(usage)
    }

    /// In OpenAI's shape.
    pub fn logprobs(&self) -> Option<Box<RawValue>> {
        let content: Vec<Token<'_>> = serde_json::from_str(self.logprobs?.get()).ok()?;
        let told = !content.is_empty();
        told.then(|| to_raw_value(&Logprobs { content, refusal: () }).ok()).flatten()
    }
}

impl<'a> Call<'a> {
    /// What is called; `None` where the call is none.
    pub fn into_parts(self) -> Option<(Cow<'a, str>, Cow<'a, str>, Cow<'a, str>)> {
        let function = self.function?;
        let arguments = function.arguments.map_or(Cow::Borrowed("{}"), json_text);
        Some((self.id.unwrap_or_default().0, function.name?.0, arguments))
    }
}

/// Some servers give the arguments as text already.
fn json_text(raw: &RawValue) -> Cow<'_, str> {
    text(raw).unwrap_or(Cow::Borrowed(raw.get()))
}

#[derive(Serialize)]
struct Logprobs<'a> {
    content: Vec<Token<'a>>,
    refusal: (),
}

/// OpenAI's clients want every field.
#[derive(Deserialize, Serialize)]
struct Token<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(borrow)]
    logprob: &'a RawValue,
    #[serde(borrow)]
    bytes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    top_logprobs: Vec<Rival<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Rival<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(borrow)]
    logprob: &'a RawValue,
    #[serde(borrow)]
    bytes: Option<&'a RawValue>,
}
