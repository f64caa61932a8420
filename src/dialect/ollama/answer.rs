//! A whole answer.

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::ollama::wire::Line;
use crate::dialect::ollama::wire::Said;
use crate::dialect::side::NoAnswer;
use std::borrow::Cow;

/// Reads it.
///
/// # Errors
/// [`NoAnswer`] when it is an error, a line of a stream or nothing of Ollama's.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    let mut line = Line::read(body).ok_or(NoAnswer::Malformed)?;
    if line.error.is_some() {
        return Err(NoAnswer::Error);
    }
    let said = line.message.take().filter(|_| line.done == Some(true)).ok_or(NoAnswer::Malformed)?;
    let parts = parts(said);
    let called = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let choice = Choice {
        parts,
        finish: Some(finish(&line, called)),
        stop_sequence: None,
        logprobs: line.logprobs().map(Cow::Owned),
    };
    let usage = line.usage();
    let model = line.model.unwrap_or_default().0;
    Ok(ChatResponse { model, choices: vec![choice], usage, ..ChatResponse::default() })
}

/// Why an answer ended. Ollama says `stop` where tools are called.
pub fn finish(line: &Line<'_>, called: bool) -> Finish {
    match &line.done_reason {
        _ if called => Finish::ToolCalls,
        Some(reason) => Finish::of_word(&reason.0),
        None => Finish::Stop,
    }
}

fn parts(said: Said<'_>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    if let Some(text) = said.thinking.map(|words| words.0).filter(|text| !text.is_empty()) {
        parts.push(Part::Thinking(Thinking { text, ..Thinking::default() }));
    }
    if let Some(text) = said.content.map(|words| words.0).filter(|text| !text.is_empty()) {
        parts.push(Part::text(text));
    }
    let calls = said.tool_calls.into_iter().flatten().filter_map(|call| call.into_parts());
    parts.extend(calls.map(|(id, name, arguments)| {
        Part::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() })
    }));
    parts
}
