//! How answers are written: whole objects, and the events of a stream.

use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// The seal on every thought; one that comes back is checked.
pub(super) const SEAL: &str = "bW9jaytzZWFs/w==";

/// A whole answer.
pub(super) fn whole(head: &Head, reply: &Reply) -> Value {
    let mut content = Vec::new();
    if !reply.thought.is_empty() {
        content.push(json!({ "type": "thinking", "thinking": reply.thought.concat(), "signature": SEAL }));
    }
    content.push(match &reply.said {
        Said::Words(pieces) => json!({ "type": "text", "text": pieces.concat(), "citations": null }),
        Said::Call(call) => tool_use(&call.name, serde_json::from_str(&call.arguments).unwrap_or_default()),
    });
    let mut message = message(head, usage(reply));
    message["content"] = content.into();
    message["stop_reason"] = stop_reason(reply).into();
    message
}

/// The same answer as a stream. What opens and closes a block comes with its first and last piece.
pub(super) fn transcript(head: &Head, reply: &Reply) -> Transcript {
    let mut opened = message(head, usage(reply));
    opened["usage"]["output_tokens"] = 1.into();
    let mut events = vec![
        event(&json!({ "type": "message_start", "message": opened })),
        event(&json!({ "type": "ping" })),
    ];
    let lead = events.len();
    let mut index = 0;
    if !reply.thought.is_empty() {
        let pieces = reply.thought.iter().map(|text| json!({ "type": "thinking_delta", "thinking": text }));
        let seal = json!({ "type": "signature_delta", "signature": SEAL });
        let block = json!({ "type": "thinking", "thinking": "", "signature": "" });
        events.extend(streamed(index, &block, pieces.chain([seal])));
        index += 1;
    }
    match &reply.said {
        Said::Words(pieces) => {
            let pieces = pieces.iter().map(|text| json!({ "type": "text_delta", "text": text }));
            events.extend(streamed(index, &json!({ "type": "text", "text": "" }), pieces));
        }
        Said::Call(call) => {
            let (first, rest) = call.arguments.split_at(call.arguments.len().min(1));
            let pieces = ["", first, rest]
                .into_iter()
                .map(|text| json!({ "type": "input_json_delta", "partial_json": text }));
            events.extend(streamed(index, &tool_use(&call.name, json!({})), pieces));
        }
    }
    let paced = events.len() - lead;
    let end = json!({ "stop_reason": stop_reason(reply), "stop_sequence": null, "stop_details": null, "container": null });
    events.push(event(&json!({ "type": "message_delta", "delta": end, "usage": usage(reply) })));
    events.push(event(&json!({ "type": "message_stop" })));
    Transcript { events: events.into_iter().map(Bytes::from).collect(), lead, paced }
}

/// An event is named like its data.
pub(super) fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn streamed(index: usize, block: &Value, pieces: impl Iterator<Item = Value>) -> Vec<String> {
    let delta =
        |piece: Value| event(&json!({ "type": "content_block_delta", "index": index, "delta": piece }));
    let mut events: Vec<String> = pieces.map(delta).collect();
    let start = event(&json!({ "type": "content_block_start", "index": index, "content_block": block }));
    let stop = event(&json!({ "type": "content_block_stop", "index": index }));
    match events.first_mut() {
        Some(first) => first.insert_str(0, &start),
        None => events.push(start),
    }
    if let Some(last) = events.last_mut() {
        last.push_str(&stop);
    }
    events
}

fn message(head: &Head, usage: Value) -> Value {
    json!({ "id": head.id, "type": "message", "role": "assistant", "model": head.model, "content": [],
        "container": null, "stop_reason": null, "stop_sequence": null, "stop_details": null, "usage": usage })
}

fn tool_use(name: &str, input: Value) -> Value {
    json!({ "type": "tool_use", "id": "toolu_mock_1", "name": name, "input": input, "caller": { "type": "direct" } })
}

fn stop_reason(reply: &Reply) -> &'static str {
    match reply.finish {
        "length" => "max_tokens",
        "tool_calls" => "tool_use",
        _ => "end_turn",
    }
}

fn usage(reply: &Reply) -> Value {
    let used = reply.usage;
    json!({ "input_tokens": used.prompt_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": used.completion_tokens, "output_tokens_details": { "thinking_tokens": used.thinking_tokens },
        "server_tool_use": null, "service_tier": "standard" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::ask::Ask;
    use crate::mock::behaviour::Behaviour;

    fn reply(ask: Ask) -> (Head, Reply) {
        let head = Head { id: "msg_1".to_owned(), created: 0, model: "m".to_owned() };
        (head, Reply::to(&ask, &Behaviour { reply_tokens: 3, ..Behaviour::default() }))
    }

    #[test]
    fn a_stream_has_a_beat_for_each_piece_and_its_blocks_in_order() {
        let (head, reply) = reply(Ask { thinks: true, ..Ask::default() });
        let transcript = transcript(&head, &reply);
        assert_eq!((transcript.lead, transcript.paced), (2, 7), "three thoughts, their seal and three words");
        let text = String::from_utf8(transcript.events.concat()).unwrap();
        let names: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("event: content_block_")).collect();
        let block = |deltas: usize| [vec!["start"], vec!["delta"; deltas], vec!["stop"]].concat();
        assert_eq!(names, [block(4), block(3)].concat());
        assert!(text.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), "{text}");
    }

    #[test]
    fn a_call_is_a_block_whole_and_in_pieces() {
        let tools = vec!["f".to_owned()];
        let (head, reply) = reply(Ask { tools, may_call: true, ..Ask::default() });
        let whole = whole(&head, &reply);
        assert_eq!((&whole["stop_reason"], &whole["content"][0]["input"]), (&json!("tool_use"), &json!({})));
        assert_eq!(transcript(&head, &reply).paced, 3);
    }
}
