//! Streams as OpenAI's clients get them, word for word.

use super::*;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::openai::read_stream::Reader;
use crate::dialect::side::ReadChunks;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

fn writer(show_usage: bool) -> Writer {
    Writer::new(Opening {
        created: 1_795_000_000,
        nonce: "n0".into(),
        model: "asked".into(),
        show_usage,
        ..Opening::default()
    })
}

fn written(chunks: &[Chunk<'_>], show_usage: bool) -> String {
    let (mut writer, mut out) = (writer(show_usage), Vec::new());
    chunks.iter().for_each(|chunk| writer.write(chunk, &mut out));
    String::from_utf8(out).unwrap()
}

fn events(written: &str) -> Vec<Value> {
    written
        .split_terminator("\n\n")
        .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
        .collect()
}

fn said(delta: Delta<'_>) -> Chunk<'_> {
    Chunk::Delta { choice: 0, delta }
}

fn call(index: u32, custom: bool) -> Chunk<'static> {
    said(Delta::ToolCall { index, id: "toolu_1".into(), name: "f".into(), custom, signature: None })
}

fn more(index: u32, text: &str) -> Chunk<'_> {
    said(Delta::Arguments { index, text: text.into() })
}

const STOP: Chunk<'static> = Chunk::Finish { choice: 0, finish: Finish::Stop, stop_sequence: None };

#[test]
fn a_rich_stream_is_written_word_for_word() {
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, 1 << 16), Vec::new());
    framer.push(Bytes::from_static(include_bytes!("../fixtures/stream.sse")), &mut frames).unwrap();
    let (mut reader, mut writer, mut out) = (Reader::default(), writer(true), Vec::new());
    for raw in &frames {
        reader.read(&framer.read(raw).unwrap(), &mut |chunk| writer.write(&chunk, &mut out)).unwrap();
    }
    let lines: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(lines, include_str!("../fixtures/events.sse").lines().collect::<Vec<_>>());
}

#[test]
fn counts_are_shown_only_to_those_who_asked() {
    let usage = Chunk::Usage(Usage { input: 3, output: 4, ..Usage::default() });
    let chunks = [said(Delta::Text("x".into())), usage.clone(), STOP, usage, Chunk::End];
    let silent = written(&chunks, false);
    assert!(!silent.contains("usage"), "{silent}");
    let shown = events(&written(&chunks, true));
    let (last, others) = shown.split_last().unwrap();
    assert!(others.iter().all(|event| event.get("usage") == Some(&Value::Null)), "{others:?}");
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(7)), "not added up");
}

#[test]
fn a_stream_that_breaks_off_has_neither_counts_nor_a_finish() {
    let usage = Chunk::Usage(Usage { input: 3, output: 4, ..Usage::default() });
    let broken = written(&[said(Delta::Text("x".into())), usage, Chunk::Error(b"{}"[..].into())], true);
    let events = events(&broken);
    assert!(events.iter().all(|event| event["usage"].is_null()), "{broken}");
    assert!(events.iter().all(|event| event["choices"][0]["finish_reason"].is_null()), "{broken}");
    assert!(!broken.contains("[DONE]"), "{broken}");
}

#[test]
fn the_role_is_said_once_and_first_for_every_choice() {
    let other = Chunk::Delta { choice: 1, delta: Delta::Text("y".into()) };
    let far = Chunk::Delta { choice: u32::MAX, delta: Delta::Text("z".into()) };
    let chunks = [said(Delta::Text("x".into())), other, said(Delta::Text("x".into())), far, STOP];
    let told: Vec<(u64, String)> = events(&written(&chunks, false))
        .iter()
        .map(|event| &event["choices"][0])
        .map(|choice| (choice["index"].as_u64().unwrap(), choice["delta"].to_string()))
        .collect();
    let role = r#"{"content":"","refusal":null,"role":"assistant"}"#;
    let expected = [
        (0, role),
        (0, r#"{"content":"x"}"#),
        (1, role),
        (1, r#"{"content":"y"}"#),
        (0, r#"{"content":"x"}"#),
        (u64::from(u32::MAX), r#"{"content":"z"}"#),
        (0, "{}"),
    ];
    assert_eq!(told, expected.map(|(index, delta)| (index, delta.to_owned())));
}

#[test]
fn an_empty_answer_still_has_its_role_and_an_end() {
    let text = written(&[STOP, Chunk::End], false);
    let events = events(&text);
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!((&events[0]["id"], &events[0]["model"]), (&json!("chatcmpl-n0"), &json!("asked")));
    assert_eq!(events[1]["choices"][0]["finish_reason"], "stop");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[test]
fn a_call_without_arguments_ends_with_an_empty_object() {
    let chunks = [call(0, false), more(0, ""), call(1, false), more(1, "{\"a\":1}"), call(2, true), STOP];
    let events = events(&written(&chunks, false));
    let calls: Vec<_> = events
        .iter()
        .flat_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array())
        .flatten()
        .collect();
    assert_eq!(
        calls,
        [
            &json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}),
            &json!({"index": 1, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}),
            &json!({"index": 1, "function": {"arguments": "{\"a\":1}"}}),
            &json!({"index": 2, "id": "call_1", "type": "custom", "custom": {"name": "f", "input": ""}}),
            &json!({"index": 0, "function": {"arguments": "{}"}}),
        ]
    );
}

#[test]
fn what_is_empty_is_not_said() {
    for delta in [
        Delta::Text("".into()),
        Delta::Refusal("".into()),
        Delta::Thinking("".into()),
        Delta::TextSignature("s".into()),
        Delta::Arguments { index: 0, text: "".into() },
    ] {
        assert_eq!(written(&[said(delta.clone())], true), "", "{delta:?}");
    }
}
