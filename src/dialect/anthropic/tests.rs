//! Answers, streams and errors of a provider, and errors for a client, word for word.

use crate::dialect::anthropic::CLIENT;
use crate::dialect::anthropic::PROVIDER;
use crate::dialect::fault::Cause;
use crate::dialect::fault::classify;
use crate::dialect::fault::message;
use crate::dialect::frame::Frame;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Garbage;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use std::borrow::Cow;

const ANSWER: &str = include_str!("fixtures/answer.json");
const STREAM: &str = include_str!("fixtures/stream.sse");
const CHUNKS: &str = include_str!("fixtures/stream.chunks");

/// The chunks of a stream that comes in these pieces, as their debug lines.
fn chunks(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, 1 << 20), Vec::new());
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece), &mut frames).unwrap();
    }
    frames.extend(framer.finish());
    let (mut reader, mut lines) = (PROVIDER.reader(), Vec::new());
    for raw in &frames {
        let frame = framer.read(raw).unwrap();
        reader.read(&frame, &mut |chunk| lines.push(format!("{chunk:?}"))).unwrap();
    }
    reader.finish(&mut |chunk| lines.push(format!("{chunk:?}")));
    lines
}

/// The chunks of events without their names.
fn said(events: &[Value]) -> Vec<String> {
    let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    chunks(&[stream.as_bytes()])
}

fn only_choice(body: &str) -> Choice<'_> {
    PROVIDER.read(body.as_bytes()).unwrap().choices.remove(0)
}

#[test]
fn an_answer_is_read_part_by_part() {
    let response = PROVIDER.read(ANSWER.as_bytes()).unwrap();
    assert_eq!((response.id.as_ref(), response.model.as_ref()), ("msg_01A", "claude-sonnet-4-6"));
    assert_eq!(response.service_tier.as_deref(), Some("default"));
    let usage = Usage { input: 15, cached: 4, cache_write: 3, output: 30, reasoning: 12 };
    assert_eq!(response.usage, Some(usage));
    let choice = &response.choices[0];
    assert_eq!((choice.finish, choice.stop_sequence.as_deref()), (Some(Finish::ToolCalls), None));
    let [thinking, redacted, text, one, other] = &choice.parts[..] else { panic!("{choice:?}") };
    let Part::Thinking(thinking) = thinking else { panic!("{thinking:?}") };
    assert_eq!(thinking.text, "The user asks\nfor two things.");
    assert_eq!(thinking.signature.as_deref(), Some("ErUB+/aa=="));
    assert!(matches!(redacted, Part::Thinking(t) if t.redacted.as_deref() == Some("EmwKAhgB")));
    let Part::Text(text) = text else { panic!("{text:?}") };
    assert!(matches!(text.text, Cow::Borrowed("Grüße")), "text is borrowed");
    let [citation] = &text.citations[..] else { panic!("{text:?}") };
    assert_eq!((citation.url.as_ref(), citation.cited.as_deref()), ("https://a.example", Some("Hello")));
    // As it was written: neither order nor numbers change.
    assert!(matches!(one, Part::ToolCall(call) if call.arguments == r#"{"b": 1, "a": 1.0}"#));
    assert!(matches!(other, Part::ToolCall(call) if call.arguments == "{}" && call.id == "toolu_02"));
}

#[test]
fn part_of_an_answer_is_none() {
    for end in 0..ANSWER.trim_end().len() {
        let read = PROVIDER.read(&ANSWER.as_bytes()[..end]);
        assert_eq!(read.err(), Some(NoAnswer::Malformed), "cut at {end}");
    }
}

#[test]
fn other_bodies_are_no_answers() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let cases = [
        (error, NoAnswer::Error),
        (r#"{"error":"no"}"#, NoAnswer::Error),
        (r#"{"choices":[]}"#, NoAnswer::Malformed),
        (r#"{"type":"message","content":null}"#, NoAnswer::Malformed),
        (r#"{"type":"message","content":"hi"}"#, NoAnswer::Malformed),
        (r#"["message"]"#, NoAnswer::Malformed),
        ("<html>", NoAnswer::Malformed),
        ("", NoAnswer::Malformed),
    ];
    for (body, expected) in cases {
        assert_eq!(PROVIDER.read(body.as_bytes()).err(), Some(expected), "{body}");
    }
}

#[test]
fn what_is_missing_or_null_is_tolerated() {
    let choice = only_choice(r#"{"content":[{"type":"tool_use","input":null},{"type":null}],"usage":null}"#);
    assert_eq!(choice.finish, Some(Finish::ToolCalls));
    assert!(matches!(&choice.parts[..], [Part::ToolCall(call)] if call.arguments == "{}"));
    let strange = r#"{"content":[],"stop_reason":"end_turn","usage":{"input_tokens":"many"}}"#;
    assert_eq!(PROVIDER.read(strange.as_bytes()).unwrap().usage, None);
}

#[test]
fn ends_of_answers_keep_their_meaning() {
    let refused = r#"{"content":[],"stop_reason":"refusal",
        "stop_details":{"type":"refusal","category":"bio","explanation":"I cannot."}}"#;
    let choice = only_choice(refused);
    assert_eq!(choice.finish, Some(Finish::ContentFilter));
    assert!(matches!(&choice.parts[..], [Part::Refusal(text)] if text == "I cannot."));
    let stopped = only_choice(r#"{"content":[],"stop_reason":"stop_sequence","stop_sequence":"END"}"#);
    assert_eq!((stopped.finish, stopped.stop_sequence.as_deref()), (Some(Finish::Stop), Some("END")));
    assert_eq!(only_choice(r#"{"content":[],"stop_reason":"pause_turn"}"#).finish, Some(Finish::Length));
}

#[test]
fn a_stream_is_read_event_by_event() {
    assert_eq!(chunks(&[STREAM.as_bytes()]), CHUNKS.lines().collect::<Vec<_>>());
}

#[test]
fn every_cut_of_a_stream_gives_the_same_chunks() {
    let (stream, whole) = (STREAM.as_bytes(), chunks(&[STREAM.as_bytes()]));
    for at in 0..=stream.len() {
        assert_eq!(chunks(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(chunks(&single), whole);
}

#[test]
fn a_stream_that_breaks_off_has_no_end() {
    let end = STREAM.find("event: message_delta").unwrap();
    let cut = chunks(&[&STREAM.as_bytes()[..end]]);
    assert!(!cut.iter().any(|chunk| chunk.starts_with("Finish") || chunk == "End"), "{cut:?}");
}

#[test]
fn an_error_in_a_stream_is_handed_on_and_classified() {
    let raw = Bytes::from(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}\n\n",
    );
    let framer = Framer::new(Framing::Sse, 1000);
    let mut causes = Vec::new();
    let mut sink = |chunk: crate::dialect::hub::Chunk<'_>| match chunk {
        crate::dialect::hub::Chunk::Error(body) => causes.push((classify(200, &body), message(&body))),
        other => panic!("{other:?}"),
    };
    PROVIDER.reader().read(&framer.read(&raw).unwrap(), &mut sink).unwrap();
    assert_eq!(causes, [(Cause::Overloaded, Some("Overloaded".to_owned()))]);
}

#[test]
fn errors_without_a_name_are_errors_too() {
    for event in [json!({ "error": { "message": "no" } }), json!({ "type": "error", "message": "no" })] {
        let lines = said(&[event]);
        assert!(matches!(&lines[..], [line] if line.starts_with("Error(")), "{lines:?}");
    }
}

#[test]
fn what_is_no_event_is_garbage_and_no_panic() {
    let data = |data: &'static str| Frame { name: None, data: Some(Cow::Borrowed(data.as_bytes())) };
    for text in
        ["{", "[DONE]", "[]", "null", "{\"type\":5}", "{\"type\":\"content_block_delta\",\"delta\":[]}x"]
    {
        let mut reader = PROVIDER.reader();
        assert_eq!(reader.read(&data(text), &mut |chunk| panic!("{chunk:?}")), Err(Garbage), "{text}");
    }
    let comment = Frame { name: None, data: None };
    assert_eq!(PROVIDER.reader().read(&comment, &mut |chunk| panic!("{chunk:?}")), Ok(()));
}

#[test]
fn a_stream_without_its_opening_is_opened() {
    let lines = said(&[
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "a" } }),
        json!({ "type": "message_start", "message": { "id": "late" } }),
        json!({ "type": "message_stop" }),
    ]);
    let expected = [
        r#"Start { id: "", model: "" }"#,
        r#"Delta { choice: 0, delta: Text("a") }"#,
        "Finish { choice: 0, finish: Stop, stop_sequence: None }",
        "End",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_stream_ends_once_and_for_the_reason_it_gives() {
    let refused = json!({ "stop_reason": "refusal", "stop_details": { "explanation": "No." } });
    let lines = said(&[
        json!({ "type": "message_start", "message": {} }),
        json!({ "type": "message_delta", "delta": { "stop_reason": null } }),
        json!({ "type": "message_delta", "delta": refused }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
        json!({ "type": "message_stop" }),
    ]);
    let expected = [
        r#"Delta { choice: 0, delta: Refusal("No.") }"#,
        "Finish { choice: 0, finish: ContentFilter, stop_sequence: None }",
        "End",
    ];
    assert_eq!(lines[1..], expected);
}

#[test]
fn pieces_of_two_calls_are_told_apart_by_their_blocks() {
    let start = |index: u64, id: &str| {
        json!({ "type": "content_block_start", "index": index,
            "content_block": { "type": "tool_use", "id": id, "name": "f", "input": { "old": 1 } } })
    };
    let piece = |index: u64, text: &str| {
        json!({ "type": "content_block_delta", "index": index,
            "delta": { "type": "input_json_delta", "partial_json": text } })
    };
    let lines = said(&[start(7, "a"), piece(7, "{}"), start(9, "b"), piece(3, "lost"), piece(9, "{}")]);
    let arguments: Vec<_> = lines.iter().filter(|line| line.contains("Arguments")).collect();
    let expected = [0, 1]
        .map(|index| format!("Delta {{ choice: 0, delta: Arguments {{ index: {index}, text: \"{{}}\" }} }}"));
    assert_eq!(arguments, expected.iter().collect::<Vec<_>>());
}

#[test]
fn errors_of_the_vendor_are_understood() {
    let body = |kind: &str, message: &str| {
        json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" })
            .to_string()
    };
    let cases = [
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", Cause::ContextTooLong),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            Cause::ContextTooLong,
        ),
        (400, "invalid_request_error", "Output blocked by content filtering policy", Cause::ContentPolicy),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", Cause::Quota),
        (400, "invalid_request_error", "max_tokens: Field required", Cause::Invalid),
        (401, "authentication_error", "invalid x-api-key", Cause::Auth),
        (402, "billing_error", "Your credit balance is too low", Cause::Quota),
        (403, "permission_error", "no", Cause::Auth),
        (404, "not_found_error", "model: claude-9", Cause::NotFound),
        (413, "request_too_large", "Request exceeds the maximum size", Cause::Invalid),
        (429, "rate_limit_error", "slow down", Cause::RateLimit),
        (500, "api_error", "Internal server error", Cause::Transient),
        (504, "timeout_error", "Request timed out", Cause::Transient),
        (529, "overloaded_error", "Overloaded", Cause::Overloaded),
    ];
    for (status, kind, text, cause) in cases {
        let body = body(kind, text);
        assert_eq!(classify(status, body.as_bytes()), cause, "{status} {kind} {text}");
        assert_eq!(message(body.as_bytes()).as_deref(), Some(text));
    }
    let spent = json!({ "type": "error", "error": { "type": "rate_limit_error", "message": "Limit reached",
        "details": { "error_code": "enforced_spend_limit_reached" } } });
    assert_eq!(classify(429, spent.to_string().as_bytes()), Cause::Quota);
}

fn error(status: u16, message: &'static str, cause: Option<Cause>) -> ClientError<'static> {
    ClientError { status, message, kind: "any", param: None, code: None, cause, request_id: "req_1" }
}

#[test]
fn clients_are_told_errors_in_their_words() {
    let kinds = [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (408, "timeout_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ];
    for (status, kind) in kinds {
        let told: Value = serde_json::from_slice(&CLIENT.error(&error(status, "a \"b\"", None))).unwrap();
        let expected = json!({ "type": "error", "error": { "type": kind, "message": "a \"b\"" },
            "request_id": "req_1" });
        assert_eq!(told, expected, "{status}");
    }
}

#[test]
fn a_broken_stream_ends_with_an_event_of_its_own() {
    let long = "This model's maximum context length is 100 tokens, yours has 120 tokens";
    let event = CLIENT.error_event(&error(400, long, Some(Cause::ContextTooLong)));
    let expected = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\
        \"message\":\"prompt is too long: 120 tokens > 100 maximum\"},\"request_id\":\"req_1\"}\n\n";
    assert_eq!(String::from_utf8(event).unwrap(), expected);
}
