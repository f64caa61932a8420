//! A stored answer in the other form: whole as a stream, a stream as a whole.

use crate::*;
use serde_json::json;

const STREAM: &str = r#""stream":true"#;
const WITH_USAGE: &str = r#""stream":true,"stream_options":{"include_usage":true}"#;

fn text_of(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

fn usages(chunks: &[Value]) -> Vec<&Value> {
    chunks.iter().map(|chunk| &chunk["usage"]).filter(|usage| usage.is_object()).collect()
}

#[tokio::test]
async fn a_stream_is_answered_from_a_whole_answer() {
    let stage = Stage::set("ttl: 60", number);
    assert_eq!(said(&stage.ask(BODY).await), "MISS");
    let plain = stage.ask(&with(BODY, STREAM)).await;
    let events = chunks(&plain);
    assert_eq!((said(&plain), text_of(&events).as_str()), ("HIT", "answer 0"));
    assert!(events.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"), "{events:?}");
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "stop");
    assert!(usages(&events).is_empty(), "nobody asked for the usage");
    let counted = chunks(&stage.ask(&with(BODY, WITH_USAGE)).await);
    assert_eq!(
        usages(&counted),
        [&json!({ "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12 })]
    );
    assert_eq!(counted.last().unwrap()["choices"], json!([]), "the usage has a chunk of its own");
    assert_eq!(stage.vendor.count(), 1);
}

#[tokio::test]
async fn a_plain_request_is_answered_from_a_stream() {
    let stage = Stage::set("ttl: 60", number);
    let first = stage.ask(&with(BODY, STREAM)).await;
    assert_eq!(said(&first), "MISS");
    assert!(usages(&chunks(&first)).is_empty(), "nobody asked for the usage");
    let whole = stage.ask(BODY).await;
    assert_eq!((said(&whole), content(&whole).as_str()), ("HIT", "answer 0"));
    let whole = whole.json();
    assert_eq!((&whole["object"], &whole["model"]), (&"chat.completion".into(), &"vendor-model".into()));
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    assert_eq!(whole["choices"][0]["message"]["role"], "assistant");
    assert_eq!(whole["usage"]["total_tokens"], 12, "counted although the client that streamed did not ask");
    let again = stage.ask(&with(BODY, STREAM)).await;
    assert_eq!((said(&again), again.text()), ("HIT", first.text()));
    let counted = chunks(&stage.ask(&with(BODY, WITH_USAGE)).await);
    assert_eq!(usages(&counted).len(), 1);
    assert_eq!(stage.vendor.count(), 1);
}

#[tokio::test]
async fn calls_of_tools_survive_both_ways() {
    let call = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "look", "arguments": arguments } });
    let calls = json!([call("call_1", "{\"at\":\"sky\"}"), call("call_2", "{}")]);
    let message = json!({ "role": "assistant", "content": null, "tool_calls": calls });
    let whole = json!({ "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": "tool_calls" }] });
    let delta = |delta: Value, reason: Value| {
        json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
        .to_string()
    };
    let piece = |index: u32, arguments: &str| json!({ "tool_calls": [{ "index": index, "function": { "arguments": arguments } }] });
    let opened = |index: u32, id: &str| {
        json!({ "tool_calls": [{ "index": index, "id": id, "type": "function",
            "function": { "name": "look", "arguments": "" } }] })
    };
    let stream = [
        delta(json!({ "role": "assistant", "content": null }), Value::Null),
        delta(opened(0, "call_1"), Value::Null),
        delta(piece(0, "{\"at\":"), Value::Null),
        delta(piece(0, "\"sky\"}"), Value::Null),
        delta(opened(1, "call_2"), Value::Null),
        delta(piece(1, "{}"), Value::Null),
        delta(json!({}), "tool_calls".into()),
        support::DONE.to_owned(),
    ];
    let script = move |_: usize, request: &Request| match is_stream(request) {
        false => Reply::json(200, whole.clone()),
        true => Reply::stream(&stream.each_ref().map(String::as_str)),
    };
    let from_stream = Stage::set("ttl: 60", script.clone());
    assert_eq!(chunks(&from_stream.ask(&with(BODY, STREAM)).await).len(), 7);
    let assembled = from_stream.ask(BODY).await;
    assert_eq!(said(&assembled), "HIT");
    let choice = &assembled.json()["choices"][0];
    assert_eq!((&choice["message"]["tool_calls"], &choice["finish_reason"]), (&calls, &"tool_calls".into()));
    let from_whole = Stage::set("ttl: 60", script);
    from_whole.ask(BODY).await;
    let unfolded = from_whole.ask(&with(BODY, STREAM)).await;
    assert_eq!(said(&unfolded), "HIT");
    let mut arguments = [String::new(), String::new()];
    for chunk in chunks(&unfolded) {
        for call in chunk["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap() as usize;
            arguments[index].push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
    }
    assert_eq!(arguments, ["{\"at\":\"sky\"}", "{}"]);
}

#[tokio::test]
async fn several_choices_survive_both_ways() {
    let chunk_of = |index: u32, text: &str, reason: Value| {
        json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{ "index": index, "delta": { "content": text }, "finish_reason": reason }] })
        .to_string()
    };
    let stream = [
        chunk_of(0, "a", Value::Null),
        chunk_of(1, "b", Value::Null),
        chunk_of(0, "A", "stop".into()),
        chunk_of(1, "B", "length".into()),
        support::DONE.to_owned(),
    ];
    let stage = Stage::set("ttl: 60", move |_, _| Reply::stream(&stream.each_ref().map(String::as_str)));
    let two = with(BODY, r#""n":2"#);
    assert_eq!(chunks(&stage.ask(&with(&two, STREAM)).await).len(), 4);
    let whole = stage.ask(&two).await;
    assert_eq!(said(&whole), "HIT");
    let said: Vec<_> = whole.json()["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["message"]["content"].clone(), c["finish_reason"].clone()))
        .collect();
    assert_eq!(said, [("aA".into(), "stop".into()), ("bB".into(), "length".into())]);
}
