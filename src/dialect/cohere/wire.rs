//! What Cohere answers with: a whole answer, or an event of a stream (vendors.md §8.1).

use crate::dialect::cohere::citations::Cited;
use crate::dialect::cohere::loose::Loose;
use crate::dialect::text::Str;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;
use std::borrow::Cow;

/// A whole answer. An error has a sentence where the message should be.
#[derive(Deserialize)]
pub struct Answer<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub message: Loose<Message<'a>>,
    #[serde(borrow)]
    pub finish_reason: Option<Str<'a>>,
    #[serde(default)]
    pub usage: Loose<Used>,
    #[serde(borrow)]
    pub logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    pub tool_plan: Option<Str<'a>>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow)]
    pub citations: Option<Vec<Cited<'a>>>,
}

/// A piece of content: the field that is there tells its type.
#[derive(Deserialize)]
pub struct Block<'a> {
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    #[serde(borrow)]
    pub thinking: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub struct Call<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
}

#[derive(Deserialize)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    #[serde(borrow)]
    pub arguments: Option<Str<'a>>,
}

/// One event of a stream.
#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    pub index: Option<u64>,
    #[serde(borrow, default)]
    pub delta: Loose<Delta<'a>>,
    #[serde(borrow)]
    pub logprobs: Option<&'a RawValue>,
    #[serde(default)]
    pub message: Loose<Empty>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

/// An object of which nothing is read.
#[derive(Debug, Deserialize)]
pub struct Empty {}

#[derive(Deserialize)]
pub struct Delta<'a> {
    #[serde(borrow, default)]
    pub message: Loose<Piece<'a>>,
    #[serde(borrow)]
    pub finish_reason: Option<Str<'a>>,
    #[serde(default)]
    pub usage: Loose<Used>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Piece<'a> {
    #[serde(borrow, default)]
    pub content: Loose<Block<'a>>,
    #[serde(borrow)]
    pub tool_plan: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub tool_calls: Loose<Call<'a>>,
    #[serde(borrow, default)]
    pub citations: Loose<Cited<'a>>,
}

/// Counts, which may come as fractions.
#[derive(Deserialize)]
pub struct Used {
    #[serde(default)]
    tokens: Loose<Counts>,
    #[serde(default)]
    billed_units: Loose<Counts>,
    cached_tokens: Option<f64>,
}

#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

impl Used {
    /// What the model read and wrote. What is billed leaves out Cohere's own part of the prompt, and stands in only
    /// where that is all there is.
    pub fn usage(self) -> Option<Usage> {
        let counts = self.tokens.this().or(self.billed_units.this())?;
        // A cast ends at the bounds of the type.
        let count = |told: Option<f64>| told.unwrap_or(0.0) as u64;
        let input = count(counts.input_tokens);
        let cached = count(self.cached_tokens).min(input);
        Some(Usage { input, cached, output: count(counts.output_tokens), ..Usage::default() })
    }
}

/// A piece of text and what each of its tokens was worth.
#[derive(Deserialize)]
struct Worth<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    logprobs: Option<Vec<f64>>,
}

/// Log probabilities in OpenAI's shape. Cohere does not tell where one token of a piece ends, so that a piece of
/// several stands as one token, as probable as all of them.
pub fn logprobs(raw: &RawValue) -> Option<Box<RawValue>> {
    let worth: Vec<Worth<'_>> = match raw.get().starts_with('[') {
        true => serde_json::from_str(raw.get()).ok()?,
        false => vec![serde_json::from_str(raw.get()).ok()?],
    };
    let content: Vec<Token<'_>> = worth.into_iter().filter_map(Token::of).collect();
    let told = !content.is_empty();
    told.then(|| to_raw_value(&Logprobs { content, refusal: () }).ok()).flatten()
}

#[derive(Serialize)]
struct Logprobs<'a> {
    content: Vec<Token<'a>>,
    refusal: (),
}

#[derive(Serialize)]
struct Token<'a> {
    token: Cow<'a, str>,
    logprob: f64,
    bytes: (),
    top_logprobs: [(); 0],
}

impl<'a> Token<'a> {
    fn of(worth: Worth<'a>) -> Option<Token<'a>> {
        let logprob = worth.logprobs?.into_iter().sum();
        Some(Token { token: worth.text?.0, logprob, bytes: (), top_logprobs: [] })
    }
}
