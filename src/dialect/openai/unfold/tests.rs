//! Whole answers on their way to a stream and back.

use super::*;
use crate::dialect::openai::assemble::assemble;
use serde_json::{Value, json};

fn answer(choices: Value) -> Value {
    json!({"id": "chatcmpl-9", "object": "chat.completion", "created": 1_795_000_000, "model": "m-1",
           "choices": choices, "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
           "service_tier": "default", "system_fingerprint": null, "vendor": {"cost": 0.5}})
}

fn choice(message: Value, finish: &str) -> Value {
    json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish})
}

fn unfolded(whole: &Value, include_usage: bool) -> String {
    let stream = unfold(whole.to_string().as_bytes(), include_usage).expect("a whole answer");
    String::from_utf8(stream).expect("text")
}

fn chunks(stream: &str) -> Vec<Value> {
    let json = |event: &str| serde_json::from_str(event.strip_prefix("data: ").expect("data")).expect("JSON");
    stream.trim_end().split("\n\n").filter(|event| *event != "data: [DONE]").map(json).collect()
}

#[test]
fn rich_answers_survive_the_way_there_and_back() {
    let function = json!({"id": "call_1", "type": "function",
        "function": {"name": "f", "arguments": "{\"città\":\"Zürich\\n\"}"}, "extra_content": {"signature": "s"}});
    let custom = json!({"id": "call_2", "type": "custom", "custom": {"name": "g", "input": "raw"}});
    let token = json!({"token": "H", "logprob": -0.25, "bytes": [72], "top_logprobs": []});
    let mut n2 = answer(json!([
        choice(json!({"role": "assistant", "content": "one 😀\u{2028}", "refusal": null}), "stop"),
        choice(json!({"role": "assistant", "content": "two\r\n", "refusal": null}), "length"),
    ]));
    n2["choices"][1]["index"] = json!(1);
    n2["choices"][1]["native_finish_reason"] = json!("MAX");
    let mut logprobs =
        answer(json!([choice(json!({"role": "assistant", "content": "H", "refusal": null}), "stop")]));
    logprobs["choices"][0]["logprobs"] = json!({"content": [token], "refusal": null});
    let message = |message: Value, finish| answer(json!([choice(message, finish)]));
    let cases = [
        message(
            json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [function, custom]}),
            "tool_calls",
        ),
        message(
            json!({"role": "assistant", "content": "and", "refusal": null, "tool_calls": [function]}),
            "tool_calls",
        ),
        message(json!({"role": "assistant", "content": null, "refusal": "I can't"}), "stop"),
        message(json!({"role": "assistant", "content": "", "refusal": null}), "content_filter"),
        message(
            json!({"role": "assistant", "content": "4", "refusal": null, "reasoning_content": "2+2", "reasoning": "2+2",
                       "annotations": [{"type": "url_citation"}], "phase": "final_answer", "audio": {"id": "a"}}),
            "stop",
        ),
        message(
            json!({"role": "assistant", "content": null, "refusal": null,
                       "function_call": {"name": "f", "arguments": "{}"}}),
            "function_call",
        ),
        message(
            json!({"role": "assistant", "content": [{"type": "text", "text": "a"}], "refusal": null}),
            "stop",
        ),
        n2,
        logprobs,
    ];
    for whole in cases {
        let stream = unfolded(&whole, true);
        let back: Value =
            serde_json::from_slice(&assemble(stream.as_bytes()).expect("complete")).expect("JSON");
        assert_eq!(back, whole, "{stream}");
    }
}

#[test]
fn a_legacy_answer_survives_the_way_there_and_back() {
    let whole = json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "usage": {"prompt_tokens": 1},
        "choices": [{"index": 0, "text": "a", "logprobs": null, "finish_reason": "stop"},
                    {"index": 1, "text": "b", "logprobs": {"tokens": ["b"]}, "finish_reason": "length"}]});
    let back = assemble(unfolded(&whole, true).as_bytes()).expect("complete");
    assert_eq!(serde_json::from_slice::<Value>(&back).expect("JSON"), whole);
}

const WHOLE: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
  "message":{"role":"assistant","content":"Hi","tool_calls":[{"id":"a","type":"function",
    "function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"total_tokens":5}}"#;

#[test]
fn the_stream_looks_as_openai_sends_it() {
    let expected = [
        r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
        r#"{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}"#,
        r#"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}"#,
        r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}"#,
    ];
    let head = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":["#;
    let event = |choice: &&str| format!("{head}{choice}]}}\n\n");
    let mut stream: String = expected.iter().map(event).collect();
    stream.push_str("data: [DONE]\n\n");
    let unfolded = unfold(WHOLE.as_bytes(), false).expect("a whole answer");
    // The answer spans lines; inside a chunk they have become spaces.
    let unfolded = String::from_utf8(unfolded).expect("text").replace(",     \"function\"", ",\"function\"");
    assert_eq!(unfolded, stream);
}

#[test]
fn usage_comes_last_and_only_where_it_was_asked_for() {
    let with = String::from_utf8(unfold(WHOLE.as_bytes(), true).expect("whole")).expect("text");
    let chunks = chunks(&with);
    let (last, others) = chunks.split_last().expect("chunks");
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &json!({"total_tokens": 5})));
    assert!(others.iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    let without = String::from_utf8(unfold(WHOLE.as_bytes(), false).expect("whole")).expect("text");
    assert!(!without.contains("usage"), "{without}");
}

#[test]
fn each_choice_opens_with_its_role_and_ends_once() {
    let message = json!({"role": "assistant", "content": "a", "refusal": null});
    let mut whole = answer(json!([choice(message.clone(), "stop"), choice(message, "length")]));
    whole["choices"][1]["index"] = json!(1);
    let chunks = chunks(&unfolded(&whole, false));
    for index in 0..2 {
        let own: Vec<&Value> =
            chunks.iter().map(|c| &c["choices"][0]).filter(|c| c["index"] == index).collect();
        assert_eq!(own[0]["delta"]["role"], "assistant");
        assert!(own[1..].iter().all(|c| c["delta"].get("role").is_none()), "the role comes once");
        assert_eq!(own.iter().filter(|c| !c["finish_reason"].is_null()).count(), 1);
    }
    assert!(chunks.iter().all(|c| c["id"] == "chatcmpl-9" && c["vendor"]["cost"] == 0.5));
}

#[test]
fn what_is_no_whole_answer_is_not_unfolded() {
    let no = [
        "",
        "[]",
        r#"{"error":{"message":"no"}}"#,
        r#"{"object":"list","data":[]}"#,
        r#"{"object":"chat.completion","choices":[]}"#,
        r#"{"object":"chat.completion","choices":[{"index":0}]}"#,
    ];
    for whole in no {
        assert_eq!(unfold(whole.as_bytes(), true), None, "{whole}");
    }
}

#[test]
fn taking_the_usage_out_leaves_every_other_byte() {
    let usage = "data:{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\r\n\r\n";
    let before = ": hi\n\ndata: {\"choices\":[],\"prompt_filter_results\":[]}\n\ndata: {\"choices\":[{}],\"usage\":{}}\n\n";
    let after = "data: [DONE]\n\n";
    let stored = [before, usage, after].concat();
    assert_eq!(without_usage(stored.as_bytes()), [before, after].concat().as_bytes());
    let plain = unfolded(&answer(json!([choice(json!({"content": "a"}), "stop")])), true);
    assert_eq!(
        chunks(&String::from_utf8(without_usage(plain.as_bytes())).expect("text")).len(),
        chunks(&plain).len() - 1
    );
}
