//! Reads a provider's whole answer (vendors.md §4.5).

use crate::dialect::anthropic::block::Block;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::tally::Tally;
use crate::dialect::anthropic::words;
use crate::dialect::hub;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::NoAnswer;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    stop_details: Option<StopDetails<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Why an answer was refused.
#[derive(Deserialize)]
pub(super) struct StopDetails<'a> {
    #[serde(borrow)]
    pub(super) explanation: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Served<'a> {
    #[serde(borrow)]
    service_tier: Option<Str<'a>>,
}

pub(super) fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    // serde would also take an array for a struct, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(NoAnswer::Malformed);
    }
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    if answer.error.is_some() || answer.kind.as_ref().is_some_and(|kind| kind.0 == "error") {
        return Err(NoAnswer::Error);
    }
    let content = answer.content.ok_or(NoAnswer::Malformed)?;
    let mut parts: Vec<Part<'_>> = content.into_iter().filter_map(part).collect();
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refused = answer.stop_details.and_then(|details| details.explanation);
    parts.extend(refused.map(|text| Part::Refusal(text.0)));
    let choice = Choice {
        parts,
        finish: Some(words::finish(&said(answer.stop_reason), calls)),
        stop_sequence: answer.stop_sequence.map(|text| text.0),
        logprobs: None,
    };
    Ok(ChatResponse {
        id: said(answer.id),
        model: said(answer.model),
        choices: vec![choice],
        usage: answer.usage.and_then(|raw| Tally::read(raw.get())).map(|tally| tally.usage()),
        service_tier: answer.usage.and_then(tier),
        system_fingerprint: None,
    })
}

/// What the vendor's own tools did is not part of an answer, and neither is what nobody knows yet.
fn part(block: Block<'_>) -> Option<Part<'_>> {
    match block.kind() {
        "text" => {
            let citations = block.cited();
            Some(Part::Text(hub::Text { text: said(block.text), citations, ..hub::Text::default() }))
        }
        "thinking" => Some(Part::Thinking(Thinking {
            text: said(block.thinking),
            signature: block.signature.map(|text| text.0).filter(|seal| !seal.is_empty()),
            redacted: None,
        })),
        "redacted_thinking" => {
            let redacted = Some(said(block.data));
            Some(Part::Thinking(Thinking { redacted, ..Thinking::default() }))
        }
        "tool_use" => Some(Part::ToolCall(ToolCall {
            id: said(block.id),
            name: said(block.name),
            arguments: Cow::Borrowed(block.input.map_or("{}", RawValue::get)),
            ..ToolCall::default()
        })),
        _ => None,
    }
}

/// In OpenAI's words.
fn tier(usage: &RawValue) -> Option<Cow<'_, str>> {
    let served: Served<'_> = serde_json::from_str(usage.get()).ok()?;
    let tier = served.service_tier?.0;
    Some(if tier == "standard" { Cow::Borrowed("default") } else { tier })
}
