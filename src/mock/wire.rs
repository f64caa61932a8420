//! How answers are written: whole objects, and the events of a stream.

use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::reply::Usage;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

/// The terminal event of every stream.
const DONE: &str = "data: [DONE]\n\n";

/// What every chunk of an answer repeats.
#[derive(Debug)]
pub struct Head {
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    pub model: String,
}

/// The endpoint an answer is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Chat,
    Text,
}

/// A stream, event by event, and which of them the model has to think about.
#[derive(Debug)]
pub struct Transcript {
    pub events: Vec<String>,
    /// Events at the front that come at once.
    pub lead: usize,
    /// Events after those that come at the model's pace; the rest comes with the last of them.
    pub paced: usize,
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
            choice["message"] = message(&reply.said);
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
    let paced = writer.content(&reply.said);
    let (lead_count, paced_count) = (lead.len(), paced.len());
    let mut events = lead;
    events.extend(paced);
    events.push(writer.chunk(writer.nothing(), Some(reply.finish)));
    events.extend(with_usage.then(|| writer.event::<()>(&[], Some(Some(reply.usage)))));
    events.push(DONE.to_owned());
    Transcript { events, lead: lead_count, paced: paced_count }
}

/// An event that holds an error, and nothing after it.
pub fn error_event(envelope: &Value) -> Transcript {
    Transcript { events: vec![format!("data: {envelope}\n\n")], lead: 1, paced: 0 }
}

struct Writer<'a> {
    form: Form,
    head: &'a Head,
    with_usage: bool,
}

impl Writer<'_> {
    fn lead(&self, said: &Said) -> Vec<String> {
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

    fn content(&self, said: &Said) -> Vec<String> {
        match said {
            Said::Words(pieces) => pieces.iter().map(|piece| self.words(piece)).collect(),
            Said::Call(function) => {
                let opened = call(function, "");
                let arguments = json!({ "index": 0, "function": { "arguments": "{}" } });
                [opened, arguments].map(|part| self.chunk(calls(part), None)).into()
            }
        }
    }

    fn words(&self, piece: &str) -> String {
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

    fn chunk(&self, content: Content<'_>, finish_reason: Option<&'static str>) -> String {
        let choice = Choice { index: 0, content, logprobs: (), finish_reason };
        self.event(&[choice], self.with_usage.then_some(None))
    }

    fn event<C: Serialize>(&self, choices: &[C], usage: Option<Option<Usage>>) -> String {
        let object = match self.form {
            Form::Chat => "chat.completion.chunk",
            Form::Text => "text_completion",
        };
        let Head { id, created, model } = self.head;
        let chunk = Chunk { id, object, created: *created, model, choices, usage };
        // Strings and numbers can always be written, so nothing is lost here.
        let json = serde_json::to_string(&chunk).unwrap_or_default();
        format!("data: {json}\n\n")
    }
}

fn message(said: &Said) -> Value {
    match said {
        Said::Words(pieces) => json!({ "role": "assistant", "content": pieces.concat(), "refusal": null }),
        Said::Call(function) => {
            let mut call = call(function, "{}");
            if let Some(fields) = call.as_object_mut() {
                fields.remove("index");
            }
            json!({ "role": "assistant", "content": null, "refusal": null, "tool_calls": [call] })
        }
    }
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
