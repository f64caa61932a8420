//! Custom tools by way of providers that have only functions.

use crate::dialect::Dialect;
use crate::dialect::relay::HubRelay;
use crate::dialect::relay::Wishes;
use crate::dialect::side::Opening;
use crate::dialect::translate;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
    {"type":"tool_use","id":"toolu_1","name":"shell","input":{"input":"ls \"ü\"\n"}},
    {"type":"tool_use","id":"toolu_2","name":"weather","input":{"input":"Bern"}},
    {"type":"tool_use","id":"toolu_3","name":"shell","input":{"command":"pwd"}}],
    "stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#;

fn opening(dialect: Dialect, kind: &str) -> Opening {
    let shell = |shell: Value| match dialect {
        Dialect::OpenAi => json!({"type": kind, kind: shell}),
        _ => json!({"type": kind, "name": "shell"}),
    };
    let request = json!({"model": "m", "input": "x", "messages": [{"role": "user", "content": "x"}],
        "tools": [shell(json!({"name": "shell"}))]});
    Opening { nonce: "n".into(), request: request.to_string().into(), ..Opening::default() }
}

fn whole(kind: &str) -> Value {
    let opening = opening(Dialect::OpenAi, kind);
    let answer = translate::answer(Dialect::Anthropic, Dialect::OpenAi, ANSWER.as_bytes(), &opening, false);
    serde_json::from_slice(&answer.unwrap().body).unwrap()
}

#[test]
fn a_whole_answer_calls_custom_tools_as_they_were_declared() {
    let message = &whole("custom")["choices"][0]["message"];
    assert_eq!(
        message["tool_calls"],
        json!([
            {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls \"ü\"\n"}},
            {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": "{\"input\":\"Bern\"}"}},
            {"id": "call_3", "type": "custom", "custom": {"name": "shell", "input": "{\"command\":\"pwd\"}"}},
        ])
    );
    let functions = &whole("function")["choices"][0]["message"]["tool_calls"];
    assert_eq!(functions[0]["function"]["arguments"], r#"{"input":"ls \"ü\"\n"}"#, "declared as a function");
}

/// What a stream of pieces of arguments gives the client, event by event.
fn streamed(client: Dialect, pieces: &[&str]) -> Vec<Value> {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "tool_use", "id": "toolu_1", "name": "shell", "input": {}}}),
    ];
    events.extend(pieces.iter().map(|piece| {
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": piece}})
    }));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ]);
    let opening = opening(client, "custom");
    let wishes = Wishes { usage: false, choices: 1, keep: 0 };
    let mut relay =
        HubRelay::new(Dialect::Anthropic, Some(translate::writer(client, opening)), wishes, "n".into());
    for event in events {
        let kind = event["type"].as_str().unwrap();
        relay.feed(Bytes::from(format!("event: {kind}\ndata: {event}\n\n")));
    }
    let sent = String::from_utf8(relay.take().to_vec()).unwrap();
    sent.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

#[test]
fn a_stream_gives_the_free_text_piece_by_piece() {
    let events = streamed(Dialect::OpenAi, &["{\"inp", "ut\": \"ls \\", "\"ü\\u00", "fc\\", "n\"", "}"]);
    let calls: Vec<&Value> = events
        .iter()
        .map(|event| &event["choices"][0]["delta"]["tool_calls"][0])
        .filter(|c| c.is_object())
        .collect();
    let expected = [
        json!({"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "shell", "input": ""}}),
        json!({"index": 0, "custom": {"input": "ls "}}),
        json!({"index": 0, "custom": {"input": "\"ü"}}),
        json!({"index": 0, "custom": {"input": "ü"}}),
        json!({"index": 0, "custom": {"input": "\n"}}),
    ];
    assert_eq!(calls, expected.iter().collect::<Vec<_>>());
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn a_stream_that_writes_no_input_loses_nothing() {
    let events = streamed(Dialect::OpenAi, &["{\"in"]);
    let said = |event: &Value| {
        event["choices"][0]["delta"]["tool_calls"][0]["custom"]["input"].as_str().map(str::to_owned)
    };
    assert_eq!(events.iter().filter_map(said).collect::<String>(), "{\"in");
}

#[test]
fn the_responses_api_gets_them_back_as_well() {
    let events = streamed(Dialect::Responses, &["{\"input\":\"l", "s\"}"]);
    let done = events.iter().find(|event| event["type"] == "response.output_item.done").unwrap();
    assert_eq!(done["item"]["type"], "custom_tool_call", "{done}");
    assert_eq!(done["item"]["input"], "ls", "{done}");
}
