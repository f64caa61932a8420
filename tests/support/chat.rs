//! Bodies and events of OpenAI's chat dialect, as scripted vendors and test clients send them.

use serde_json::Value;
use serde_json::json;

/// Payload of the terminal event.
pub const DONE: &str = "[DONE]";

pub fn chat_body(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "Say hello." }] })
}

/// A whole answer.
pub fn completion(content: &str) -> Value {
    let choice = json!({ "index": 0, "message": { "role": "assistant", "content": content },
        "logprobs": null, "finish_reason": "stop" });
    json!({ "id": "chatcmpl-vendor", "object": "chat.completion", "created": 1_700_000_000,
        "model": "vendor-model", "choices": [choice],
        "usage": { "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12 } })
}

/// A chunk that carries content.
pub fn chunk(content: &str) -> String {
    streamed(json!([{ "index": 0, "delta": { "content": content }, "finish_reason": null }]), Value::Null)
}

pub fn finish_chunk() -> String {
    streamed(json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]), Value::Null)
}

pub fn usage_chunk(prompt: u64, completion: u64) -> String {
    let usage = json!({ "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion });
    streamed(json!([]), usage)
}

fn streamed(choices: Value, usage: Value) -> String {
    let mut chunk = json!({ "id": "chatcmpl-vendor", "object": "chat.completion.chunk",
        "created": 1_700_000_000, "model": "vendor-model", "choices": choices });
    if !usage.is_null() {
        chunk["usage"] = usage;
    }
    chunk.to_string()
}
