//! Reads the whole answers of Converse.

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::NoAnswer;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    output: Option<Output<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
    usage: Option<Counts>,
    /// What errors have.
    #[serde(borrow, alias = "Message")]
    message: Option<&'a RawValue>,
    #[serde(borrow, rename = "__type")]
    kind: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
}

/// One field of it is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tool_use: Option<ToolUse<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Reasoning<'a>>,
    #[serde(borrow)]
    image: Option<Picture<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse<'a> {
    #[serde(borrow)]
    tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow)]
    reasoning_text: Option<ReasoningText<'a>>,
    #[serde(borrow)]
    redacted_content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct ReasoningText<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Picture<'a> {
    #[serde(borrow)]
    format: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<Source<'a>>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    bytes: Option<Cow<'a, str>>,
}

/// Tokens; the three of the input are counted beside each other.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
}

impl From<Counts> for Usage {
    fn from(told: Counts) -> Usage {
        let cached = told.cache_read_input_tokens.unwrap_or(0);
        let cache_write = told.cache_write_input_tokens.unwrap_or(0);
        Usage {
            input: told.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(cache_write),
            cached,
            cache_write,
            output: told.output_tokens.unwrap_or(0),
            reasoning: 0,
        }
    }
}

/// # Errors
/// [`NoAnswer`]: an error where it says so, else something that nobody knows.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    let is_error = answer.message.is_some() || answer.kind.is_some();
    let message = answer.output.and_then(|output| output.message);
    let Some(content) = message.and_then(|message| message.content) else {
        return Err(if is_error { NoAnswer::Error } else { NoAnswer::Malformed });
    };
    let parts: Vec<Part<'_>> = content.into_iter().filter_map(part).collect();
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let finish = answer.stop_reason.map(|reason| finish(&reason, calls));
    let choice = Choice { parts, finish, ..Choice::default() };
    Ok(ChatResponse {
        choices: vec![choice],
        usage: answer.usage.map(Usage::from),
        ..ChatResponse::default()
    })
}

/// Why an answer ended. An answer that calls has not stopped, whatever its word.
pub fn finish(reason: &str, calls: bool) -> Finish {
    match Finish::of_word(reason) {
        Finish::Stop if calls => Finish::ToolCalls,
        finish => finish,
    }
}

fn part(block: Block<'_>) -> Option<Part<'_>> {
    if let Some(text) = block.text {
        return Some(Part::text(text));
    }
    if let Some(call) = block.tool_use {
        return Some(Part::ToolCall(ToolCall {
            id: call.tool_use_id.unwrap_or_default(),
            name: call.name.unwrap_or_default(),
            arguments: call.input.map_or(Cow::Borrowed("{}"), |input| Cow::Borrowed(input.get())),
            ..ToolCall::default()
        }));
    }
    if let Some(reasoning) = block.reasoning_content {
        let told = reasoning.reasoning_text.unwrap_or(ReasoningText { text: None, signature: None });
        return Some(Part::Thinking(Thinking {
            text: told.text.unwrap_or_default(),
            signature: told.signature,
            redacted: reasoning.redacted_content,
        }));
    }
    let image = block.image?;
    let kind = format!("image/{}", image.format?).into();
    Some(Part::Image(Image {
        media: Media::Inline { kind, data: image.source?.bytes? },
        detail: None,
        cache: None,
    }))
}
