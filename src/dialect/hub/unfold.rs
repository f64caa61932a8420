//! A whole answer becomes a stream, for a client that wants one from a provider that gives none.

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use std::borrow::Cow;

/// Hands the chunks that say `response` to `sink`, from [`Chunk::Start`] to [`Chunk::End`].
pub fn unfold(response: &ChatResponse<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
    let start = Chunk::Start { id: said(&response.id), model: said(&response.model) };
    sink(start);
    for (choice, answer) in (0..).zip(&response.choices) {
        one(choice, answer, sink);
    }
    response.usage.into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
    sink(Chunk::End);
}

fn one(choice: u32, answer: &Choice<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
    let mut say = |delta: Delta<'_>| sink(Chunk::Delta { choice, delta });
    let mut calls = 0;
    for part in &answer.parts {
        match part {
            Part::Text(text) => speak(text, &mut say),
            Part::Thinking(thinking) => think(thinking, &mut say),
            Part::Refusal(text) => say(Delta::Refusal(said(text))),
            Part::ToolCall(call) => {
                open_call(calls, call, &mut say);
                calls += 1;
            }
            Part::Image(image) => say(Delta::Image(image.to_owned())),
            Part::Audio(audio) => say(Delta::Audio(audio.to_owned())),
            // No model answers with these.
            Part::Document(_) | Part::ToolResult(_) => {}
        }
    }
    if let Some(logprobs) = &answer.logprobs {
        say(Delta::Logprobs(Cow::Borrowed(logprobs)));
    }
    let finish = answer.finish.unwrap_or(Finish::Stop);
    sink(Chunk::Finish { choice, finish, stop_sequence: answer.stop_sequence.as_deref().map(said) });
}

fn speak(text: &Text<'_>, say: &mut impl FnMut(Delta<'_>)) {
    say(Delta::Text(said(&text.text)));
    text.citations.iter().for_each(|citation| say(Delta::Citation(citation.to_owned())));
    if let Some(seal) = &text.signature {
        say(Delta::TextSignature(said(seal)));
    }
}

fn think(thinking: &Thinking<'_>, say: &mut impl FnMut(Delta<'_>)) {
    if let Some(redacted) = &thinking.redacted {
        return say(Delta::Redacted(said(redacted)));
    }
    say(Delta::Thinking(said(&thinking.text)));
    if let Some(seal) = &thinking.signature {
        say(Delta::ThinkingSignature(said(seal)));
    }
}

fn open_call(index: u32, call: &ToolCall<'_>, say: &mut impl FnMut(Delta<'_>)) {
    say(Delta::ToolCall {
        index,
        id: said(&call.id),
        name: said(&call.name),
        custom: call.custom,
        signature: call.signature.as_deref().map(said),
    });
    say(Delta::Arguments { index, text: said(&call.arguments) });
}

fn said<'a>(text: &'a str) -> Cow<'a, str> {
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Thinking;
    use crate::dialect::hub::assemble::Assembly;
    use crate::dialect::usage::Usage;

    #[test]
    fn what_is_unfolded_can_be_assembled_again() {
        let thinking = Thinking { text: "hm".into(), signature: Some("seal".into()), ..Thinking::default() };
        let call = ToolCall {
            id: "c".into(),
            name: "f".into(),
            arguments: "{\"a\":1}".into(),
            ..ToolCall::default()
        };
        let parts = vec![Part::Thinking(thinking), Part::text("hi"), Part::ToolCall(call)];
        let choice = Choice { parts, finish: Some(Finish::ToolCalls), stop_sequence: None, logprobs: None };
        let usage = Some(Usage { input: 1, output: 2, ..Usage::default() });
        let response =
            ChatResponse { id: "i".into(), choices: vec![choice], usage, ..ChatResponse::default() };
        let mut assembly = Assembly::default();
        unfold(&response, &mut |chunk| assembly.add(&chunk));
        assert_eq!(format!("{:?}", assembly.finish().unwrap()), format!("{response:?}"));
    }
}
