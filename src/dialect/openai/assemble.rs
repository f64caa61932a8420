//! A complete stream of chunks becomes the whole answer it would have been.

mod merge;

use crate::dialect::openai::events;
use crate::dialect::openai::events::Event;
use crate::dialect::openai::fields::{Fields, is_blank};
use crate::dialect::openai::node::{Node, Object};

/// The `chat.completion` (or `text_completion`) that a stored stream of chunks adds up to.
///
/// `None` when the stream was cut (neither `[DONE]` nor a finish reason in every choice), holds an error, or says
/// something that cannot be joined without guessing: no answer is better than a wrong one.
pub fn assemble(events: &[u8]) -> Option<Vec<u8>> {
    let events: Vec<Event<'_>> = events::events(events).collect();
    let mut whole = Object::default();
    let done = merge_all(&mut whole, &events)?;
    close(&mut whole, done)?;
    serde_json::to_vec(&whole).ok()
}

/// Tells whether the stream was closed by `[DONE]`.
fn merge_all<'a>(whole: &mut Object<'a>, events: &'a [Event<'a>]) -> Option<bool> {
    for event in events {
        if event.is_done() {
            return Some(true);
        }
        let Some(data) = event.data.as_ref().filter(|data| !data.trim_ascii().is_empty()) else {
            continue;
        };
        let chunk: Fields<'a> = serde_json::from_slice(data).ok()?;
        if event.name == b"error" || chunk.find("error").is_some() {
            return None;
        }
        merge::chunk(whole, chunk)?;
    }
    Some(false)
}

/// Turns merged chunks into an answer: names it, and fills in what every answer has.
fn close(whole: &mut Object<'_>, done: bool) -> Option<()> {
    let Some(Node::Numbered(choices)) = whole.find_mut("choices") else {
        return None;
    };
    choices.sort_by_key(|(index, _)| *index);
    let first = &choices.first()?.1;
    let legacy = first.find("delta").is_none() && first.find("text").is_some();
    for (index, choice) in choices {
        close_choice(choice, *index, done)?;
        if !legacy {
            close_message(choice)?;
        }
    }
    whole.set("object", if legacy { "text_completion" } else { "chat.completion" });
    if let Some(Node::Null) = whole.find("usage") {
        whole.remove("usage");
    }
    Some(())
}

fn close_choice(choice: &mut Object<'_>, index: u64, done: bool) -> Option<()> {
    choice.or_set("index", Node::Number(index));
    choice.or_set("logprobs", Node::Null);
    choice.or_set("finish_reason", Node::Null);
    let reason = choice.find_mut("finish_reason")?;
    let finished = matches!(reason, Node::Said(raw) if !is_blank(raw));
    if !finished {
        *reason = done.then(|| Node::from("stop"))?;
    }
    Some(())
}

fn close_message(choice: &mut Object<'_>) -> Option<()> {
    choice.or_set("delta", Object::default());
    let (key, delta) = choice.0.iter_mut().find(|(key, _)| key == "delta")?;
    let Node::Object(message) = delta else {
        return None;
    };
    *key = "message".into();
    message.or_set("role", "assistant");
    message.or_set("content", Node::Null);
    message.or_set("refusal", Node::Null);
    close_calls(message);
    Some(())
}

/// Some clients trip over an empty list of calls, and all of them over arguments that are no JSON.
fn close_calls(message: &mut Object<'_>) {
    close_arguments(message.find_mut("function_call"));
    if let Some(Node::Numbered(calls)) = message.find_mut("tool_calls")
        && !calls.is_empty()
    {
        calls.iter_mut().for_each(|(_, call)| close_arguments(call.find_mut("function")));
    } else {
        message.remove("tool_calls");
    }
}

fn close_arguments(function: Option<&mut Node<'_>>) {
    let Some(Node::Object(function)) = function else {
        return;
    };
    let said = matches!(function.find("arguments"), Some(Node::Text(arguments)) if !arguments.is_empty());
    if !said {
        function.set("arguments", "{}");
    }
}

#[cfg(test)]
mod tests;
