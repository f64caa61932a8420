//! A whole answer becomes the stream of chunks it would have been.

use crate::dialect::openai::events;
use crate::dialect::openai::events::Event;
use crate::dialect::openai::fields::{Fields, elements, is_blank, is_null, is_string};
use crate::dialect::openai::node::{Node, Object};
use serde::Deserialize;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The stream of a whole `chat.completion` or `text_completion`, closed by `[DONE]`.
///
/// With `include_usage` a last chunk tells the usage and all others say `"usage":null`, as OpenAI does.
/// `None` if `whole` is neither of the two, or has no choices.
pub fn unfold(whole: &[u8], include_usage: bool) -> Option<Vec<u8>> {
    let whole: Fields<'_> = serde_json::from_slice(whole).ok()?;
    let choices = elements(whole.find("choices")?).filter(|choices| !choices.is_empty())?;
    let usage = include_usage.then(|| whole.find("usage"));
    let mut pieces = Vec::new();
    let mut object = "chat.completion.chunk";
    for (at, choice) in choices.into_iter().enumerate() {
        let choice = Choice { fields: Fields::read(choice)?, at: at as u64 };
        if choice.fields.find("text").is_some() {
            object = "text_completion";
            choice.legacy(&mut pieces);
        } else {
            choice.chat(&mut pieces)?;
        }
    }
    write_stream(head(whole, object), pieces, usage)
}

/// A stored stream without its usage-only chunk, for a client that did not ask for one.
pub fn without_usage(events: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(events.len());
    for event in events::events(events).filter(|event| !is_usage_only(event)) {
        out.extend_from_slice(event.raw);
    }
    out
}

fn is_usage_only(event: &Event<'_>) -> bool {
    #[derive(Deserialize)]
    struct Chunk {
        choices: Vec<IgnoredAny>,
        usage: Option<IgnoredAny>,
    }
    let read = |data| serde_json::from_slice(data).ok();
    let chunk: Option<Chunk> = event.data.as_deref().and_then(read);
    chunk.is_some_and(|chunk| chunk.choices.is_empty() && chunk.usage.is_some())
}

/// What every chunk repeats.
fn head<'a>(whole: Fields<'a>, object: &'static str) -> Object<'a> {
    let own = |key: &str| !matches!(key, "object" | "choices" | "usage");
    let rest = whole.0.into_iter().filter(|(key, _)| own(key)).map(|(key, raw)| (key, Node::Said(raw)));
    let mut head = Object(rest.collect());
    head.0.insert(head.0.len().min(1), ("object".into(), object.into()));
    head
}

/// One choice of the whole answer, and its place in the list.
struct Choice<'a> {
    fields: Fields<'a>,
    at: u64,
}

impl<'a> Choice<'a> {
    fn chat(self, pieces: &mut Vec<Object<'a>>) -> Option<()> {
        let message = Fields::read(self.fields.find("message")?)?;
        let calls = message.find("tool_calls").map_or(Some(Vec::new()), elements)?;
        let logprobs = self.fields.find("logprobs");
        pieces.push(self.piece(opening(&message)));
        let words = words(&message);
        pieces.extend(others(message).map(|delta| self.piece(delta)));
        if !words.0.is_empty() || logprobs.is_some() {
            let mut piece = self.piece(words);
            piece.set("logprobs", logprobs);
            pieces.push(piece);
        }
        for (index, call) in calls.into_iter().enumerate() {
            pieces.push(self.piece(one_call(index as u64, Fields::read(call)?)));
        }
        let last = self.piece(Object::default());
        pieces.push(self.ending(last));
        Some(())
    }

    fn legacy(self, pieces: &mut Vec<Object<'a>>) {
        let logprobs = self.fields.find("logprobs");
        let text = |said: Node<'a>, logprobs: Option<&'a RawValue>| {
            let piece = Object::default().with("index", self.index()).with("text", said);
            piece.with("logprobs", logprobs).with("finish_reason", Node::Null)
        };
        pieces.push(text(self.fields.find("text").into(), logprobs));
        let last = text("".into(), None);
        pieces.push(self.ending(last));
    }

    fn index(&self) -> Node<'a> {
        self.fields.find("index").map_or(Node::Number(self.at), Node::Said)
    }

    fn piece(&self, delta: Object<'a>) -> Object<'a> {
        let piece = Object::default().with("index", self.index()).with("delta", delta);
        piece.with("logprobs", Node::Null).with("finish_reason", Node::Null)
    }

    /// The last chunk says why the answer ended, and all that a vendor says beside it.
    fn ending(self, mut piece: Object<'a>) -> Object<'a> {
        let reason = self.fields.find("finish_reason");
        piece.set("finish_reason", reason.map_or_else(|| "stop".into(), Node::Said));
        let known =
            |key: &str| matches!(key, "index" | "message" | "text" | "logprobs" | "finish_reason" | "delta");
        let rest = self.fields.0.into_iter().filter(|(key, _)| !known(key));
        piece.0.extend(rest.map(|(key, raw)| (key, Node::Said(raw))));
        piece
    }
}

/// The role, and an empty text where text follows.
fn opening<'a>(message: &Fields<'a>) -> Object<'a> {
    let role = message.find("role").map_or_else(|| "assistant".into(), Node::Said);
    let content = match message.find("content") {
        Some(content) if is_string(content) => "".into(),
        _ => Node::Null,
    };
    Object::default().with("role", role).with("content", content)
}

/// Reasoning, annotations and whatever else a vendor adds: they come before the words.
fn others(message: Fields<'_>) -> Option<Object<'_>> {
    let known = |key: &str| matches!(key, "role" | "content" | "refusal" | "tool_calls");
    let rest = message.0.into_iter().filter(|(key, raw)| !known(key) && !is_null(raw));
    let delta = Object(rest.map(|(key, raw)| (key, Node::Said(raw))).collect());
    (!delta.0.is_empty()).then_some(delta)
}

fn words<'a>(message: &Fields<'a>) -> Object<'a> {
    let mut delta = Object::default();
    for key in ["content", "refusal"] {
        if let Some(said) = message.find(key).filter(|said| !is_blank(said)) {
            delta.set(key, said);
        }
    }
    delta
}

fn one_call(index: u64, call: Fields<'_>) -> Object<'_> {
    let rest = call.0.into_iter().filter(|(key, _)| key != "index");
    let mut numbered = Object::default().with("index", Node::Number(index));
    numbered.0.extend(rest.map(|(key, raw)| (key, Node::Said(raw))));
    Object::default().with("tool_calls", Node::Numbered(vec![(index, numbered)]))
}

fn write_stream<'a>(
    mut chunk: Object<'a>,
    pieces: Vec<Object<'a>>,
    usage: Option<Option<&'a RawValue>>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for piece in pieces {
        chunk.set("choices", Node::Numbered(vec![(0, piece)]));
        if usage.is_some() {
            chunk.set("usage", Node::Null);
        }
        write_event(&mut out, &chunk)?;
    }
    if let Some(Some(usage)) = usage {
        chunk.set("choices", Node::List(Vec::new()));
        chunk.set("usage", usage);
        write_event(&mut out, &chunk)?;
    }
    out.extend_from_slice(b"data: [DONE]\n\n");
    Some(out)
}

fn write_event(out: &mut Vec<u8>, chunk: &impl Serialize) -> Option<()> {
    out.extend_from_slice(b"data: ");
    let start = out.len();
    serde_json::to_writer(&mut *out, chunk).ok()?;
    // Raw pieces may span lines, which would end the event; outside strings any white space will do.
    out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    out.extend_from_slice(b"\n\n");
    Some(())
}

#[cfg(test)]
mod tests;
