//! How answers are written: whole objects, and the messages of an event stream.

use crate::dialect::frame::aws;
use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::reply::Usage;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// What seals a thought: any text that has to come back as it is.
const SEAL: &str = "bW9jayBzZWFsKy89";
const CALL_ID: &str = "tooluse_mock1";

/// A whole answer.
pub fn whole(reply: &Reply) -> Value {
    let mut content = Vec::new();
    if !reply.thought.is_empty() {
        let thought = json!({ "text": reply.thought.concat(), "signature": SEAL });
        content.push(json!({ "reasoningContent": { "reasoningText": thought } }));
    }
    content.push(match &reply.said {
        Said::Words(pieces) => json!({ "text": pieces.concat() }),
        Said::Call(call) => {
            let input = serde_json::from_str::<Value>(&call.arguments).unwrap_or_default();
            json!({ "toolUse": { "toolUseId": CALL_ID, "name": call.name, "input": input } })
        }
    });
    json!({ "metrics": { "latencyMs": 1 }, "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(reply), "usage": usage(&reply.usage) })
}

/// The same answer as a stream.
pub fn transcript(reply: &Reply) -> Transcript {
    let mut events = vec![event("messageStart", &json!({ "role": "assistant" }))];
    let lead = events.len();
    let mut block = 0;
    let delta = |block: u32, said: Value| {
        event("contentBlockDelta", &json!({ "contentBlockIndex": block, "delta": said }))
    };
    let stop = |block: u32| event("contentBlockStop", &json!({ "contentBlockIndex": block }));
    if !reply.thought.is_empty() {
        let thoughts = reply.thought.iter().map(|piece| json!({ "text": piece }));
        let said = thoughts.chain([json!({ "signature": SEAL })]);
        events.extend(said.map(|said| delta(block, json!({ "reasoningContent": said }))));
        events.push(stop(block));
        block += 1;
    }
    match &reply.said {
        Said::Words(pieces) => {
            events.extend(pieces.iter().map(|piece| delta(block, json!({ "text": piece }))))
        }
        Said::Call(call) => {
            let start = json!({ "toolUse": { "toolUseId": CALL_ID, "name": call.name } });
            events.push(event("contentBlockStart", &json!({ "contentBlockIndex": block, "start": start })));
            let (first, rest) = call.arguments.split_at(call.arguments.len().min(1));
            let pieces = [first, rest].map(|input| delta(block, json!({ "toolUse": { "input": input } })));
            events.extend(pieces);
        }
    }
    let paced = events.len() - lead;
    events.push(stop(block));
    events.push(event("messageStop", &json!({ "stopReason": stop_reason(reply) })));
    events.push(event("metadata", &json!({ "usage": usage(&reply.usage), "metrics": { "latencyMs": 1 } })));
    Transcript { events, lead, paced }
}

/// One message: an `event` or an `exception` of a type.
pub fn message(kind: &str, name: &str, payload: &Value) -> Bytes {
    let label = format!(":{kind}-type");
    let headers = [(label.as_str(), name), (":content-type", "application/json"), (":message-type", kind)];
    aws::message(&headers, payload.to_string().as_bytes()).into()
}

fn event(name: &str, payload: &Value) -> Bytes {
    message("event", name, payload)
}

fn stop_reason(reply: &Reply) -> &'static str {
    match reply.finish {
        "tool_calls" => "tool_use",
        "length" => "max_tokens",
        _ => "end_turn",
    }
}

fn usage(usage: &Usage) -> Value {
    json!({ "inputTokens": usage.prompt_tokens, "outputTokens": usage.completion_tokens,
        "totalTokens": usage.total_tokens, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0 })
}
