//! A whole answer.

use crate::dialect::cohere::citations::Cited;
use crate::dialect::cohere::citations::Place;
use crate::dialect::cohere::finish;
use crate::dialect::cohere::loose::Loose;
use crate::dialect::cohere::loose::said;
use crate::dialect::cohere::wire;
use crate::dialect::cohere::wire::Answer;
use crate::dialect::cohere::wire::Block;
use crate::dialect::cohere::wire::Call;
use crate::dialect::cohere::wire::Message;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::NoAnswer;
use std::borrow::Cow;

/// Reads it.
///
/// # Errors
/// [`NoAnswer`] when it is an error or nothing of Cohere's.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    // serde would also take an array for a struct, field by field.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let answer = serde_json::from_slice::<Answer<'_>>(body).ok().filter(|_| is_object);
    let answer = answer.ok_or(NoAnswer::Malformed)?;
    if answer.error.is_some() {
        return Err(NoAnswer::Error);
    }
    let message = match answer.message {
        Loose::Text => return Err(NoAnswer::Error),
        Loose::Nothing => return Err(NoAnswer::Malformed),
        Loose::This(message) => message,
    };
    let parts = parts(message);
    if parts.is_empty() && answer.finish_reason.is_none() {
        return Err(NoAnswer::Malformed);
    }
    let called = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let finish = finish::of(answer.finish_reason.as_ref(), called).ok_or(NoAnswer::Error)?;
    let logprobs = answer.logprobs.and_then(wire::logprobs).map(Cow::Owned);
    let choice = Choice { parts, finish: Some(finish), stop_sequence: None, logprobs };
    Ok(ChatResponse {
        id: answer.id.unwrap_or_default().0,
        choices: vec![choice],
        usage: answer.usage.this().and_then(wire::Used::usage),
        ..ChatResponse::default()
    })
}

/// The blocks, then what the model says before it calls its tools, then the calls.
fn parts(message: Message<'_>) -> Vec<Part<'_>> {
    let mut parts: Vec<_> = message.content.into_iter().flatten().map(block).collect();
    let blocks = parts.len();
    parts.extend(said(message.tool_plan).map(Part::text));
    for cited in message.citations.into_iter().flatten() {
        cite(&mut parts, blocks, cited);
    }
    parts.retain(|part| !is_empty(part));
    parts.extend(message.tool_calls.into_iter().flatten().filter_map(call));
    parts
}

fn block(block: Block<'_>) -> Part<'_> {
    match said(block.thinking) {
        Some(text) => Part::Thinking(Thinking { text, ..Thinking::default() }),
        None => Part::text(block.text.unwrap_or_default().0),
    }
}

/// Only text can be cited here; a passage that does not tell its block is in the last one.
fn cite<'a>(parts: &mut [Part<'a>], blocks: usize, cited: Cited<'a>) {
    let at = match cited.place() {
        Place::Content => cited.content_index.or(blocks.checked_sub(1)).filter(|at| *at < blocks),
        Place::Plan => Some(blocks),
        Place::Thinking => None,
    };
    if let Some(Part::Text(text)) = at.and_then(|at| parts.get_mut(at)) {
        text.citations.extend(cited.citations());
    }
}

fn is_empty(part: &Part<'_>) -> bool {
    matches!(part, Part::Text(text) if text.text.is_empty())
}

fn call(call: Call<'_>) -> Option<Part<'_>> {
    let function = call.function?;
    Some(Part::ToolCall(ToolCall {
        id: call.id.unwrap_or_default().0,
        name: function.name?.0,
        arguments: said(function.arguments).unwrap_or(Cow::Borrowed("{}")),
        ..ToolCall::default()
    }))
}
