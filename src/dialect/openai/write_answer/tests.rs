//! Answers as OpenAI's clients get them, word for word.

use super::*;
use crate::dialect::hub::ToolCall;
use crate::dialect::openai::answer;
use crate::dialect::usage::Usage;
use serde_json::Value;
use serde_json::json;

fn opening() -> Opening {
    Opening { created: 1_795_000_000, nonce: "n0".into(), model: "asked".into(), ..Opening::default() }
}

fn written(response: &ChatResponse<'_>) -> Value {
    serde_json::from_slice(&write(response, &opening())).unwrap()
}

fn said_by(parts: Vec<Part<'_>>) -> Value {
    let choice = Choice { parts, ..Choice::default() };
    let response = ChatResponse { choices: vec![choice], ..ChatResponse::default() };
    written(&response)["choices"][0]["message"].take()
}

#[test]
fn a_rich_answer_is_written_word_for_word() {
    let response = answer::read(include_bytes!("../fixtures/answer.json")).unwrap();
    let expected: Value = serde_json::from_str(include_str!("../fixtures/reply.json")).unwrap();
    assert_eq!(written(&response), expected, "{:#}", written(&response));
}

#[test]
fn what_the_vendor_does_not_say_is_filled_in() {
    let choice = Choice { parts: vec![Part::text("hi")], ..Choice::default() };
    let response = ChatResponse { choices: vec![choice], ..ChatResponse::default() };
    assert_eq!(
        written(&response),
        json!({
            "id": "chatcmpl-n0", "object": "chat.completion", "created": 1_795_000_000, "model": "asked",
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": "hi", "refusal": null},
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": null, "service_tier": null, "system_fingerprint": null,
        })
    );
}

#[test]
fn a_call_without_arguments_has_an_empty_object_and_a_custom_one_nothing() {
    let call = |custom| {
        Part::ToolCall(ToolCall { id: "toolu_1".into(), name: "f".into(), custom, ..ToolCall::default() })
    };
    let message = said_by(vec![call(false), call(true)]);
    assert_eq!(message["content"], Value::Null, "only calls");
    assert_eq!(
        message["tool_calls"],
        json!([
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "call_1", "type": "custom", "custom": {"name": "f", "input": ""}},
        ])
    );
}

#[test]
fn thinking_without_a_seal_is_only_said_as_reasoning() {
    let think = |text: &'static str| Part::Thinking(Thinking { text: text.into(), ..Thinking::default() });
    let message = said_by(vec![think("a"), Part::text("x"), think("b"), Part::text("y")]);
    assert_eq!(
        message,
        json!({"role": "assistant", "content": "xy", "refusal": null, "reasoning_content": "ab", "reasoning": "ab"})
    );
}

#[test]
fn cached_tokens_are_part_of_the_prompt_and_counted_once() {
    let usage = Usage { input: 10, cached: 6, cache_write: 2, output: 5, reasoning: 4 };
    let response = ChatResponse { usage: Some(usage), ..ChatResponse::default() };
    let told = &written(&response)["usage"];
    assert_eq!((&told["prompt_tokens"], &told["total_tokens"]), (&json!(10), &json!(15)));
    assert_eq!(told["prompt_tokens_details"]["cached_tokens"], 6);
    assert_eq!(Usage::from_openai(&told.to_string()), Some(usage), "as it is read again");
}
