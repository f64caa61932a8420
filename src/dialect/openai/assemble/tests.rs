//! Streams as vendors send them, and the answers they add up to.

use super::*;
use serde_json::{Value, json};

fn stream(chunks: &[Value]) -> String {
    let mut stored: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    stored.push_str("data: [DONE]\n\n");
    stored
}

fn chunk(delta: Value, finish: Value) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
           "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn whole(stored: &str) -> Value {
    let whole = assemble(stored.as_bytes()).expect("the stream is complete");
    serde_json::from_slice(&whole).expect("JSON")
}

/// The message that these deltas add up to.
fn message(deltas: &[Value]) -> Value {
    let mut chunks: Vec<Value> = deltas.iter().map(|delta| chunk(delta.clone(), Value::Null)).collect();
    chunks.push(chunk(json!({}), json!("stop")));
    whole(&stream(&chunks))["choices"][0]["message"].take()
}

#[test]
fn a_stream_as_openai_sends_it_becomes_the_whole_answer() {
    let stored = concat!(
        r#"data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x8"}"#,
        "\n\n",
        r#"data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null,"obfuscation":"yy"}"#,
        "\n\n: keep-alive\n\n",
        r#"data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"lo \ud83d\ude00"},"finish_reason":null}],"usage":null}"#,
        "\n\n",
        r#"data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}"#,
        "\n\n",
        r#"data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21}}"#,
        "\n\ndata: [DONE]\n\n",
    );
    let expected = json!({
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "m",
        "service_tier": "default", "system_fingerprint": null,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello 😀", "refusal": null},
                     "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
    });
    assert_eq!(whole(stored), expected);
    assert_eq!(whole(&stored.replace("data: ", "data:").replace('\n', "\r\n")), expected);
}

#[test]
fn pieces_of_tool_calls_are_joined_by_index() {
    let message = message(&[
        json!({"role": "assistant", "content": null}),
        json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\":"}}]}),
        json!({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
                              {"index": 0, "function": {"arguments": "1}"}}]}),
        json!({"tool_calls": [{"index": 2, "id": "c", "type": "custom", "custom": {"name": "h", "input": "in"}}]}),
        json!({"tool_calls": [{"index": 2, "custom": {"input": "put"}}]}),
    ]);
    let calls = json!([
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        {"id": "c", "type": "custom", "custom": {"name": "h", "input": "input"}},
    ]);
    assert_eq!(message, json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": calls}));
}

#[test]
fn parallel_calls_without_numbers_of_their_own_stay_apart() {
    let call = |id: &str, index: Option<u64>| {
        let mut call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
        if let Some(index) = index {
            call["index"] = json!(index);
        }
        json!({"tool_calls": [call]})
    };
    for index in [Some(0), None] {
        let message = message(&[call("a", index), call("b", index)]);
        let ids: Vec<&Value> =
            message["tool_calls"].as_array().expect("calls").iter().map(|c| &c["id"]).collect();
        assert_eq!(ids, ["a", "b"], "index {index:?}");
    }
}

#[test]
fn an_id_and_a_name_said_again_are_the_same_call() {
    let piece = |arguments: &str| {
        json!({"tool_calls": [{"index": 0, "id": "a", "type": "function",
                               "function": {"name": "f", "arguments": arguments}}]})
    };
    let message = message(&[piece("{\"x\""), piece(":1}")]);
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}});
    assert_eq!(message["tool_calls"], json!([call]));
}

#[test]
fn arguments_that_come_as_json_become_a_string() {
    let message = message(&[
        json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]}),
    ]);
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{\"x\":1}");
}

#[test]
fn an_empty_list_of_calls_is_left_out() {
    let message = message(&[json!({"content": "a", "tool_calls": []}), json!({"tool_calls": null})]);
    assert_eq!(message, json!({"role": "assistant", "content": "a", "refusal": null}));
}

#[test]
fn reasoning_refusal_annotations_and_function_calls_are_joined() {
    let message = message(&[
        json!({"role": "assistant", "reasoning_content": "think", "reasoning": "a"}),
        json!({"reasoning_content": "ing", "reasoning": "b", "annotations": [{"n": 1}]}),
        json!({"refusal": "I ", "annotations": [{"n": 2}], "function_call": {"name": "f"}}),
        json!({"refusal": "can't", "function_call": {"arguments": "{}"}}),
    ]);
    let expected = json!({
        "role": "assistant", "content": null, "refusal": "I can't", "reasoning_content": "thinking",
        "reasoning": "ab", "annotations": [{"n": 1}, {"n": 2}], "function_call": {"name": "f", "arguments": "{}"}
    });
    assert_eq!(message, expected);
}

#[test]
fn an_unknown_string_is_a_text_if_its_pieces_differ_and_else_a_label() {
    let message = message(&[
        json!({"musing": "a", "phase": "final", "step": 1}),
        json!({"musing": "b", "phase": "final", "step": 2}),
    ]);
    assert_eq!((&message["musing"], &message["phase"]), (&json!("ab"), &json!("final")));
    assert_eq!(message["step"], 2);
}

#[test]
fn choices_interleave_and_come_out_in_order() {
    let piece = |index: u64, text: &str, finish: Value| {
        json!({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish,
                            "logprobs": {"content": [{"token": text, "logprob": -0.12345678901234567}], "refusal": null}}]})
    };
    let null = Value::Null;
    let stored = stream(&[
        piece(1, "x", null.clone()),
        piece(0, "a", null),
        piece(1, "y", json!("length")),
        piece(0, "b", json!("stop")),
    ]);
    let whole = whole(&stored);
    let said: Vec<_> =
        (0..2).map(|n| (&whole["choices"][n]["message"]["content"], &whole["choices"][n]["index"])).collect();
    assert_eq!(said, [(&json!("ab"), &json!(0)), (&json!("xy"), &json!(1))]);
    let tokens = whole["choices"][0]["logprobs"]["content"].as_array().map(Vec::len);
    assert_eq!(tokens, Some(2), "logprobs are appended");
    assert_eq!(whole["choices"][1]["finish_reason"], "length");
}

#[test]
fn a_number_keeps_every_digit() {
    let stored = concat!(
        r#"data: {"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"logprob":-0.100000000000000000017}]},"finish_reason":"stop"}],"big":123456789012345678901234567890}"#,
        "\n\ndata: [DONE]\n\n"
    );
    let whole = String::from_utf8(assemble(stored.as_bytes()).expect("complete")).expect("text");
    assert!(whole.contains("-0.100000000000000000017") && whole.contains("123456789012345678901234567890"));
}

#[test]
fn legacy_completions_are_joined_too() {
    let piece = |text: &str, finish: Value| {
        json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
               "choices": [{"index": 0, "text": text, "logprobs": {"tokens": [text]}, "finish_reason": finish}]})
    };
    let expected = json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "text": "ab", "logprobs": {"tokens": ["a", "b"]}, "finish_reason": "stop"}]});
    assert_eq!(whole(&stream(&[piece("a", Value::Null), piece("b", json!("stop"))])), expected);
}

#[test]
fn the_last_word_that_says_something_stands() {
    let mut first = chunk(json!({"content": "a"}), Value::Null);
    first["id"] = json!("");
    first["provider"] = json!("one");
    let mut last = chunk(json!({}), json!("stop"));
    last["provider"] = json!("two");
    let mut after = chunk(json!({}), json!(""));
    after["id"] = json!("");
    let whole = whole(&stream(&[first, last, after]));
    assert_eq!((&whole["id"], &whole["provider"]), (&json!("chatcmpl-1"), &json!("two")));
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_cut_stream_has_no_whole() {
    let open = format!("data: {}\n\n", chunk(json!({"content": "a"}), Value::Null));
    let closed = format!("data: {}", chunk(json!({}), json!("stop")));
    assert_eq!(assemble(open.as_bytes()), None, "neither [DONE] nor a finish reason");
    assert!(assemble((open.clone() + &closed).as_bytes()).is_some(), "a finish reason is enough");
    assert!(assemble((open + "data: [DONE]").as_bytes()).is_some(), "[DONE] is enough");
    for empty in ["", "data: [DONE]\n\n", ": hi\n\n"] {
        assert_eq!(assemble(empty.as_bytes()), None, "{empty:?}");
    }
}

#[test]
fn a_stream_that_failed_or_cannot_be_joined_has_no_whole() {
    let good = stream(&[chunk(json!({"content": "a", "audio": {"data": "QQ=="}}), json!("stop"))]);
    assert!(assemble(good.as_bytes()).is_some());
    let bad = [
        "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        "event: error\ndata: {\"message\":\"overloaded\"}\n\n",
        "data: not JSON\n\n",
        "data: [1]\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\"}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"audio\":{\"data\":\"Qg==\"}}}]}\n\n",
    ];
    for event in bad {
        let stored = good.replace("data: [DONE]", &format!("{event}data: [DONE]"));
        assert_eq!(assemble(stored.as_bytes()), None, "{event}");
    }
}

#[test]
fn more_members_or_choices_than_can_be_looked_up_are_no_answer() {
    let of = |members: usize, choices: usize| {
        let mut chunk = json!({"choices": (0..choices)
            .map(|index| json!({"index": index, "delta": {}, "finish_reason": "stop"}))
            .collect::<Vec<_>>()});
        let more = (0..members).map(|number| (format!("k{number}"), json!(1)));
        chunk.as_object_mut().unwrap().extend(more);
        assemble(stream(&[chunk]).as_bytes())
    };
    assert!(of(900, 1000).is_some());
    assert_eq!((of(1000, 1), of(0, 1001)), (None, None));
}
