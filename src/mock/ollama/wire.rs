//! How answers are written: one object, or a line for each piece.

use crate::mock::ollama::MADE;
use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// A whole answer.
pub fn whole(head: &Head, reply: &Reply) -> Value {
    let mut message = json!({ "role": "assistant", "content": "" });
    match &reply.said {
        Said::Words(pieces) => message["content"] = pieces.concat().into(),
        Said::Call(_) => message["tool_calls"] = calls(reply),
    }
    if !reply.thought.is_empty() {
        message["thinking"] = reply.thought.concat().into();
    }
    last(head, reply, message)
}

/// The same answer as a stream.
pub fn transcript(head: &Head, reply: &Reply) -> Transcript {
    let thoughts =
        reply.thought.iter().map(|piece| json!({ "role": "assistant", "content": "", "thinking": piece }));
    let mut messages: Vec<_> = thoughts.collect();
    match &reply.said {
        Said::Words(pieces) => {
            messages.extend(pieces.iter().map(|piece| json!({ "role": "assistant", "content": piece })));
        }
        Said::Call(_) => {
            messages.push(json!({ "role": "assistant", "content": "", "tool_calls": calls(reply) }));
        }
    }
    let paced = messages.len();
    let mut events: Vec<_> = messages.into_iter().map(|message| line(&piece(head, message))).collect();
    events.push(line(&last(head, reply, json!({ "role": "assistant", "content": "" }))));
    Transcript { events, lead: 0, paced }
}

/// One line of a stream.
pub fn line(object: &Value) -> Bytes {
    format!("{object}\n").into()
}

fn piece(head: &Head, message: Value) -> Value {
    json!({ "model": head.model, "created_at": MADE, "message": message, "done": false })
}

fn last(head: &Head, reply: &Reply, message: Value) -> Value {
    // Ollama knows no reason of its own for calls.
    let reason = if reply.finish == "length" { "length" } else { "stop" };
    json!({ "model": head.model, "created_at": MADE, "message": message, "done": true,
        "done_reason": reason, "total_duration": 4, "load_duration": 1,
        "prompt_eval_count": reply.usage.prompt_tokens, "prompt_eval_duration": 1,
        "eval_count": reply.usage.completion_tokens, "eval_duration": 2 })
}

fn calls(reply: &Reply) -> Value {
    match &reply.said {
        Said::Words(_) => json!([]),
        Said::Call(call) => {
            let arguments = serde_json::from_str::<Value>(&call.arguments).unwrap_or_default();
            json!([{ "function": { "index": 0, "name": call.name, "arguments": arguments } }])
        }
    }
}
