//! A whole answer, read.

#[cfg(test)]
mod tests;

use crate::dialect::gemini::citations;
use crate::dialect::gemini::citations::Ruler;
use crate::dialect::gemini::logprobs;
use crate::dialect::gemini::reply::Candidate;
use crate::dialect::gemini::reply::Piece;
use crate::dialect::gemini::reply::Reply;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::NoAnswer;
use std::borrow::Cow;

/// Reads a whole answer with status 200.
pub(super) fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    let mut reply = Reply::read(body).ok_or(NoAnswer::Malformed)?;
    if reply.error.is_some() {
        return Err(NoAnswer::Error);
    }
    let mut candidates = reply.candidates.take().unwrap_or_default();
    candidates.sort_by_key(|candidate| candidate.index);
    let mut choices: Vec<Choice<'_>> = candidates.into_iter().map(choice).collect();
    if choices.is_empty() && reply.is_blocked() {
        choices.push(Choice { finish: Some(Finish::ContentFilter), ..Choice::default() });
    }
    if choices.is_empty() {
        return Err(NoAnswer::Malformed);
    }
    Ok(ChatResponse {
        id: reply.id(),
        model: reply.model(),
        choices,
        usage: reply.usage(),
        ..ChatResponse::default()
    })
}

fn choice(mut candidate: Candidate<'_>) -> Choice<'_> {
    let mut ruler = Ruler::default();
    // How much of the answer stands in front of each part, in bytes.
    let mut before = Vec::new();
    let mut parts = Vec::new();
    for part in candidate.take_parts() {
        before.push(ruler.bytes());
        parts.extend(part_of(part.piece(), &mut ruler));
    }
    cite(&mut parts, citations::read(&candidate, &ruler, &before));
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    Choice {
        finish: candidate.finish(calls),
        logprobs: candidate.logprobs_result.and_then(logprobs::read).map(Cow::Owned),
        parts,
        stop_sequence: None,
    }
}

fn part_of<'a>(piece: Piece<'a>, ruler: &mut Ruler) -> Option<Part<'a>> {
    match piece {
        Piece::Text { text, seal } => {
            ruler.add(&text);
            let said = !text.is_empty() || seal.is_some();
            said.then(|| Part::Text(Text { text, signature: seal, ..Text::default() }))
        }
        Piece::Thought { text, seal } => {
            let said = !text.is_empty() || seal.is_some();
            said.then_some(Part::Thinking(Thinking { text, signature: seal, redacted: None }))
        }
        Piece::Call { id, name, args, seal } => Some(Part::ToolCall(ToolCall {
            id,
            name,
            arguments: args,
            signature: seal,
            ..ToolCall::default()
        })),
        Piece::Image(image) => Some(Part::Image(image)),
        Piece::Audio(audio) => Some(Part::Audio(audio)),
        Piece::Other => None,
    }
}

/// Citations belong to the whole answer; its last text carries them.
fn cite<'a>(parts: &mut [Part<'a>], citations: Vec<Citation<'a>>) {
    let last = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(text),
        Part::Image(_)
        | Part::Audio(_)
        | Part::Document(_)
        | Part::Thinking(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_) => None,
    });
    if let Some(text) = last {
        text.citations = citations;
    }
}
