//! How answers are written: whole objects, and the events of a stream.

use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

const DONE: &str = "data: [DONE]\n\n";

/// A whole answer.
pub fn whole(head: &Head, reply: &Reply) -> Value {
    let mut message = json!({ "role": "assistant" });
    let mut content = Vec::new();
    if !reply.thought.is_empty() {
        content.push(json!({ "type": "thinking", "thinking": reply.thought.concat() }));
    }
    match &reply.said {
        Said::Words(pieces) => content.push(json!({ "type": "text", "text": pieces.concat() })),
        Said::Call(call) => {
            message["tool_plan"] = PLAN.into();
            message["tool_calls"] = json!([calling(&call.name, &call.arguments)]);
        }
    }
    if !content.is_empty() {
        message["content"] = content.into();
    }
    json!({ "id": head.id, "finish_reason": reason(reply), "message": message, "usage": usage(reply) })
}

/// The same answer as a stream.
pub fn transcript(head: &Head, reply: &Reply) -> Transcript {
    let empty =
        json!({ "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [] });
    let start = json!({ "id": head.id, "type": "message-start", "delta": { "message": empty } });
    let mut paced = Vec::new();
    if !reply.thought.is_empty() {
        paced.extend(block(0, "thinking", &reply.thought));
    }
    match &reply.said {
        Said::Words(pieces) => paced.extend(block(usize::from(!reply.thought.is_empty()), "text", pieces)),
        Said::Call(call) => paced.extend(call_events(&call.name, &call.arguments)),
    }
    let end = json!({ "type": "message-end",
        "delta": { "finish_reason": reason(reply), "usage": usage(reply) } });
    let count = paced.len();
    let mut events = vec![event(&start)];
    events.extend(paced.iter().map(event));
    events.extend([event(&end), DONE.into()]);
    Transcript { events, lead: 1, paced: count }
}

/// One event, named by its type.
pub fn event(data: &Value) -> Bytes {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default()).into()
}

/// What the model says before it calls.
const PLAN: &str = "I will call.";

fn block(index: usize, kind: &str, pieces: &[String]) -> Vec<Value> {
    let opened = json!({ "type": "content-start", "index": index,
        "delta": { "message": { "content": { "type": kind, kind: "" } } } });
    let said = pieces.iter().map(|piece| {
        json!({ "type": "content-delta", "index": index,
            "delta": { "message": { "content": { kind: piece } } } })
    });
    let closed = json!({ "type": "content-end", "index": index });
    std::iter::once(opened).chain(said).chain([closed]).collect()
}

fn call_events(name: &str, arguments: &str) -> Vec<Value> {
    let (first, rest) = arguments.split_at(arguments.len().min(1));
    let part = |text: &str| {
        json!({ "type": "tool-call-delta", "index": 0,
            "delta": { "message": { "tool_calls": { "function": { "arguments": text } } } } })
    };
    vec![
        json!({ "type": "tool-plan-delta", "delta": { "message": { "tool_plan": PLAN } } }),
        json!({ "type": "tool-call-start", "index": 0,
            "delta": { "message": { "tool_calls": calling(name, "") } } }),
        part(first),
        part(rest),
        json!({ "type": "tool-call-end", "index": 0 }),
    ]
}

fn calling(name: &str, arguments: &str) -> Value {
    json!({ "id": format!("{name}_mock1"), "type": "function",
        "function": { "name": name, "arguments": arguments } })
}

fn reason(reply: &Reply) -> &'static str {
    match reply.finish {
        "length" => "MAX_TOKENS",
        "tool_calls" => "TOOL_CALL",
        _ => "COMPLETE",
    }
}

fn usage(reply: &Reply) -> Value {
    let (input, output) = (reply.usage.prompt_tokens, reply.usage.completion_tokens);
    json!({ "billed_units": { "input_tokens": input, "output_tokens": output },
        "tokens": { "input_tokens": input, "output_tokens": output } })
}
