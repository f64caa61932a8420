//! How answers are written: whole objects, and the events of a stream.

use crate::mock::gemini::check;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// How every seal of this provider begins, once opened.
pub(super) const SEAL: &str = "sealed by the simulated provider: ";

/// A whole answer.
pub(super) fn whole(head: &Head, reply: &Reply) -> Value {
    let mut parts = Vec::new();
    if !reply.thought.is_empty() {
        parts.push(thought(&reply.thought.concat()));
    }
    parts.push(match &reply.said {
        Said::Words(pieces) => json!({ "text": pieces.concat() }),
        Said::Call(_) => called(head, reply),
    });
    piece(head, parts, Some(finish(reply)), &counts(reply, reply.usage.completion_tokens))
}

/// The same answer as a stream. Counts come with every event and grow.
pub(super) fn transcript(head: &Head, reply: &Reply) -> Transcript {
    let thoughts = reply.thought.iter().map(|piece| thought(piece));
    let words: Vec<Value> = match &reply.said {
        Said::Words(pieces) => pieces.iter().map(|piece| json!({ "text": piece })).collect(),
        Said::Call(_) => vec![called(head, reply)],
    };
    let parts = thoughts.chain(words);
    let mut events: Vec<Bytes> = (1..)
        .zip(parts)
        .map(|(tokens, part)| event(&piece(head, vec![part], None, &counts(reply, tokens))))
        .collect();
    let paced = events.len();
    let end = counts(reply, reply.usage.completion_tokens);
    events.push(event(&piece(head, vec![json!({ "text": "" })], Some(finish(reply)), &end)));
    Transcript { events, lead: 0, paced }
}

/// An event of a stream.
pub(super) fn event(data: &Value) -> Bytes {
    format!("data: {data}\r\n\r\n").into()
}

/// The envelope of errors (vendors.md §5.6).
pub(super) fn envelope(refusal: &Refusal) -> Value {
    let status = match refusal.status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        400..500 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let mut details = Vec::new();
    if refusal.code == Some("invalid_api_key") {
        let kind = "type.googleapis.com/google.rpc.ErrorInfo";
        details.push(json!({ "@type": kind, "reason": "API_KEY_INVALID", "domain": "googleapis.com" }));
    }
    if let Some(seconds) = refusal.retry_after {
        let kind = "type.googleapis.com/google.rpc.RetryInfo";
        details.push(json!({ "@type": kind, "retryDelay": format!("{seconds}s") }));
    }
    let code = refusal.status.as_u16();
    json!({ "error": { "code": code, "message": refusal.message, "status": status, "details": details } })
}

fn piece(head: &Head, parts: Vec<Value>, finish: Option<&str>, counts: &Value) -> Value {
    let mut candidate = json!({ "content": { "parts": parts, "role": "model" }, "index": 0 });
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    json!({ "candidates": [candidate], "usageMetadata": counts, "modelVersion": head.model, "responseId": head.id })
}

fn thought(text: &str) -> Value {
    json!({ "text": text, "thought": true })
}

/// A call. Models of the second generation give it no id, and no seal.
fn called(head: &Head, reply: &Reply) -> Value {
    let Said::Call(call) = &reply.said else { return Value::Null };
    // It was checked to be an object where it was ordered.
    let args: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    let mut part = json!({ "functionCall": { "name": call.name, "args": args } });
    if check::generation(&head.model).is_none_or(|generation| generation >= 3) {
        part["functionCall"]["id"] = format!("fc-{}", head.id).into();
        part["thoughtSignature"] = STANDARD.encode(format!("{SEAL}{}", head.id)).into();
    }
    part
}

fn finish(reply: &Reply) -> &'static str {
    match reply.finish {
        "length" => "MAX_TOKENS",
        _ => "STOP",
    }
}

/// What was used when so many tokens were said; thoughts come first and are counted beside the answer.
fn counts(reply: &Reply, tokens: usize) -> Value {
    let prompt = reply.usage.prompt_tokens;
    let thoughts = tokens.min(reply.usage.thinking_tokens);
    json!({ "promptTokenCount": prompt, "candidatesTokenCount": tokens - thoughts, "thoughtsTokenCount": thoughts,
        "totalTokenCount": prompt + tokens })
}
