//! How answers are written: whole objects, and the events of a stream.

use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::reply::Usage;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

/// The terminal event of every stream.
const DONE: &str = "data: [DONE]\n\n";

/// The endpoint an answer is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Chat,
    Text,
}

#[derive(Serialize)]
struct Chunk<'a, C> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: &'a [C],
    /// Absent unless asked for, and then null in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Usage>>,
}

#[derive(Serialize)]
struct Choice<T> {
    index: u32,
    #[serde(flatten)]
    content: T,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

/// What a choice holds: a delta of a message, or a piece of plain text.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Content<'a> {
    Delta(Delta<'a>),
    Text(&'a str),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Delta<'a> {
    Words { content: &'a str },
    Other(Value),
}

/// A whole answer.
pub fn whole(form: Form, head: &Head, reply: &Reply) -> Value {
    let mut choice = json!({ "index": 0, "logprobs": null, "finish_reason": reply.finish });
    let object = match form {
        Form::Chat => {
            choice["message"] = message(reply);
            "chat.completion"
        }
        Form::Text => {
            choice["text"] = Value::String(words(&reply.said));
            "text_completion"
        }
    };
    json!({ "id": head.id, "object": object, "created": head.created, "model": head.model,
        "choices": [choice], "usage": reply.usage, "system_fingerprint": null })
}

/// The same answer as a stream; `with_usage` adds the usage chunk.
pub fn transcript(form: Form, head: &Head, reply: &Reply, with_usage: bool) -> Transcript {
    let writer = Writer { form, head, with_usage };
    let lead = writer.lead(&reply.said);
    let paced: Vec<Bytes> = writer.thought(reply).chain(writer.content(&reply.said)).collect();
    let (lead_count, paced_count) = (lead.len(), paced.len());
    let mut events = lead;
    events.extend(paced);
    events.push(writer.chunk(writer.nothing(), Some(reply.finish)));
    events.extend(with_usage.then(|| writer.event::<()>(&[], Some(Some(reply.usage)))));
    events.push(DONE.into());
    Transcript { events, lead: lead_count, paced: paced_count }
}

struct Writer<'a> {
    form: Form,
    head: &'a Head,
    with_usage: bool,
}

impl Writer<'_> {
    fn lead(&self, said: &Said) -> Vec<Bytes> {
        let content = match said {
            Said::Words(_) => json!(""),
            Said::Call(_) => Value::Null,
        };
        let role = json!({ "role": "assistant", "content": content, "refusal": null });
        match self.form {
            Form::Chat => vec![self.chunk(Content::Delta(Delta::Other(role)), None)],
            Form::Text => Vec::new(),
        }
    }

    fn thought(&self, reply: &Reply) -> impl Iterator<Item = Bytes> {
        let pieces = reply.thought.iter().filter(|_| self.form == Form::Chat);
        pieces.map(|piece| {
            self.chunk(Content::Delta(Delta::Other(json!({ "reasoning_content": piece }))), None)
        })
    }

    fn content(&self, said: &Said) -> Vec<Bytes> {
        match said {
            Said::Words(pieces) => pieces.iter().map(|piece| self.words(piece)).collect(),
            Said::Call(said) => {
                let (first, rest) = said.arguments.split_at(said.arguments.len().min(1));
                let more = [first, rest].map(|text| json!({ "index": 0, "function": { "arguments": text } }));
                let parts = std::iter::once(call(&said.name, "")).chain(more);
                parts.map(|part| self.chunk(calls(part), None)).collect()
            }
        }
    }

    fn words(&self, piece: &str) -> Bytes {
        match self.form {
            Form::Chat => self.chunk(Content::Delta(Delta::Words { content: piece }), None),
            Form::Text => self.chunk(Content::Text(piece), None),
        }
    }

    fn nothing(&self) -> Content<'static> {
        match self.form {
            Form::Chat => Content::Delta(Delta::Other(json!({}))),
            Form::Text => Content::Text(""),
        }
    }

    fn chunk(&self, content: Content<'_>, finish_reason: Option<&'static str>) -> Bytes {
        let choice = Choice { index: 0, content, logprobs: (), finish_reason };
        self.event(&[choice], self.with_usage.then_some(None))
    }

    fn event<C: Serialize>(&self, choices: &[C], usage: Option<Option<Usage>>) -> Bytes {
        let object = match self.form {
            Form::Chat => "chat.completion.chunk",
            Form::Text => "text_completion",
        };
        let Head { id, created, model } = self.head;
        let chunk = Chunk { id, object, created: *created, model, choices, usage };
        // Strings and numbers can always be written, so nothing is lost here.
        let json = serde_json::to_string(&chunk).unwrap_or_default();
        format!("data: {json}\n\n").into()
    }
}

fn message(reply: &Reply) -> Value {
    let mut message = json!({ "role": "assistant", "content": null, "refusal": null });
    match &reply.said {
        Said::Words(pieces) => message["content"] = pieces.concat().into(),
        Said::Call(said) => {
            let mut call = call(&said.name, &said.arguments);
            if let Some(fields) = call.as_object_mut() {
                fields.remove("index");
            }
            message["tool_calls"] = json!([call]);
        }
    }
    if !reply.thought.is_empty() {
        message["reasoning_content"] = reply.thought.concat().into();
    }
    message
}

fn words(said: &Said) -> String {
    match said {
        Said::Words(pieces) => pieces.concat(),
        Said::Call(_) => String::new(),
    }
}

fn call(function: &str, arguments: &str) -> Value {
    json!({ "index": 0, "id": "call_mock_1", "type": "function",
        "function": { "name": function, "arguments": arguments } })
}

fn calls(part: Value) -> Content<'static> {
    Content::Delta(Delta::Other(json!({ "tool_calls": [part] })))
}
