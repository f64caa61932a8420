//! Streams as a client is given them.

use crate::dialect::anthropic::CLIENT;
use crate::dialect::anthropic::PROVIDER;
use crate::dialect::anthropic::words;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::assemble::Assembly;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Opening;
use crate::dialect::side::ProviderSide;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

const EVENTS: &str = include_str!("../fixtures/events.sse");

fn written(chunks: &[Chunk<'_>]) -> String {
    let opening = Opening {
        nonce: "n0".to_owned(),
        model: "gpt-x".to_owned(),
        prompt_estimate: 11,
        ..Opening::default()
    };
    let (mut writer, mut out) = (CLIENT.writer(opening), Vec::new());
    chunks.iter().for_each(|chunk| writer.write(chunk, &mut out));
    String::from_utf8(out).unwrap()
}

/// Names and data of events.
fn events(stream: &str) -> Vec<(&str, Value)> {
    stream
        .split_terminator("\n\n")
        .map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            (name.strip_prefix("event: ").unwrap(), data)
        })
        .collect()
}

/// The blocks of a stream as they would be put together, each checked for its number.
fn blocks(stream: &str) -> Vec<Value> {
    let (mut blocks, mut open): (Vec<Value>, bool) = (Vec::new(), false);
    for (name, data) in events(stream) {
        match name {
            "content_block_start" => {
                assert_eq!((data["index"].as_u64(), open), (Some(blocks.len() as u64), false), "{data}");
                blocks.push(data["content_block"].clone());
                open = true;
            }
            "content_block_delta" => {
                assert_eq!((data["index"].as_u64(), open), (Some(blocks.len() as u64 - 1), true), "{data}");
                add(blocks.last_mut().unwrap(), &data["delta"]);
            }
            "content_block_stop" => {
                assert_eq!((data["index"].as_u64(), open), (Some(blocks.len() as u64 - 1), true), "{data}");
                open = false;
            }
            _ => {}
        }
    }
    assert!(!open, "a block stays open");
    blocks
}

fn add(block: &mut Value, delta: &Value) {
    let grow = |block: &mut Value, field: &str, text: &Value| {
        let grown = format!("{}{}", block[field].as_str().unwrap_or_default(), text.as_str().unwrap());
        block[field] = grown.into();
    };
    match delta["type"].as_str().unwrap() {
        "text_delta" => grow(block, "text", &delta["text"]),
        "thinking_delta" => grow(block, "thinking", &delta["thinking"]),
        "signature_delta" => grow(block, "signature", &delta["signature"]),
        "input_json_delta" => grow(block, "json", &delta["partial_json"]),
        "citations_delta" => block["citations"] = json!([delta["citation"]]),
        other => panic!("{other}"),
    }
}

fn said(delta: Delta<'static>) -> Chunk<'static> {
    Chunk::Delta { choice: 0, delta }
}

fn call(index: u32, name: &'static str, custom: bool) -> Chunk<'static> {
    let id = ["call_0", "call_1", "call_2"][index as usize].into();
    said(Delta::ToolCall { index, id, name: name.into(), custom, signature: None })
}

fn argument(index: u32, text: &'static str) -> Chunk<'static> {
    said(Delta::Arguments { index, text: text.into() })
}

fn finish(finish: Finish) -> Chunk<'static> {
    Chunk::Finish { choice: 0, finish, stop_sequence: None }
}

fn rich() -> Vec<Chunk<'static>> {
    let citation = Citation {
        url: "https://a.example".into(),
        title: "A".into(),
        cited: Some("c".into()),
        ..Citation::default()
    };
    vec![
        Chunk::Start { id: "chatcmpl-7".into(), model: "gpt-x-1".into() },
        said(Delta::Text("".into())),
        said(Delta::Thinking("Hm, ".into())),
        said(Delta::Thinking("\"über\"".into())),
        said(Delta::ThinkingSignature("sig+/=".into())),
        said(Delta::Redacted("blob".into())),
        said(Delta::Text("He\n".into())),
        said(Delta::Text("llo".into())),
        said(Delta::Citation(citation)),
        call(0, "f", false),
        argument(0, ""),
        argument(0, "{\"a\":"),
        argument(0, "1}"),
        call(1, "g", false),
        finish(Finish::ToolCalls),
        Chunk::Usage(Usage { input: 30, cached: 10, cache_write: 5, output: 20, reasoning: 8 }),
        Chunk::End,
    ]
}

#[test]
fn a_stream_is_written_event_by_event() {
    let (stream, expected) = (written(&rich()), events(EVENTS));
    for (at, pair) in events(&stream).into_iter().zip(&expected).enumerate() {
        assert_eq!(pair.0, *pair.1, "event {at}");
    }
    assert_eq!(events(&stream).len(), expected.len());
}

#[test]
fn what_is_written_is_what_the_vendor_would_say() {
    let stream = Bytes::from(written(&rich()));
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, 1 << 20), Vec::new());
    framer.push(stream, &mut frames).unwrap();
    let (mut reader, mut assembly) = (PROVIDER.reader(), Assembly::default());
    for raw in &frames {
        reader.read(&framer.read(raw).unwrap(), &mut |chunk| assembly.add(&chunk)).unwrap();
    }
    let read: ChatResponse<'_> = assembly.finish().unwrap();
    let mut said = Assembly::default();
    // The empty text at the front is no part of an answer.
    rich()
        .iter()
        .filter(|chunk| !matches!(chunk, Chunk::Delta { delta: Delta::Text(text), .. } if text.is_empty()))
        .for_each(|chunk| said.add(chunk));
    let said = said.finish().unwrap();
    assert_eq!(read.usage, said.usage);
    assert_eq!(read.choices[0].parts.len(), said.choices[0].parts.len());
    assert_eq!(read.choices[0].finish, said.choices[0].finish);
}

#[test]
fn calls_that_interleave_are_written_one_after_the_other() {
    let stream = written(&[
        call(0, "f", false),
        argument(0, "{\"a\":"),
        call(1, "g", false),
        argument(1, "{\"b\""),
        call(2, "h", false),
        argument(0, "\"}\"}"),
        argument(1, ":2}"),
        argument(2, "{}"),
        finish(Finish::Stop),
        Chunk::End,
    ]);
    let blocks = blocks(&stream);
    let told: Vec<_> = blocks
        .iter()
        .map(|block| (block["id"].as_str(), block["name"].as_str(), block["json"].as_str()))
        .collect();
    let expected = [
        (Some("toolu_0"), Some("f"), Some("{\"a\":\"}\"}")),
        (Some("toolu_1"), Some("g"), Some("{\"b\":2}")),
        (Some("toolu_2"), Some("h"), Some("{}")),
    ];
    assert_eq!(told, expected);
    assert!(stream.contains("\"stop_reason\":\"tool_use\""), "{stream}");
}

#[test]
fn calls_in_turn_are_written_as_they_come() {
    let stream =
        written(&[call(0, "f", false), argument(0, "{}"), call(1, "g", false), argument(1, "{\"b\"")]);
    assert!(stream.ends_with("\"partial_json\":\"{\\\"b\\\"\"}}\n\n"), "{stream}");
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let blocks = blocks(&written(&[call(0, "f", false), call(1, "g", false), argument(1, ""), Chunk::End]));
    assert_eq!((&blocks[0]["json"], &blocks[1]["json"]), (&json!("{}"), &json!("{}")));
}

#[test]
fn free_text_becomes_the_one_argument_of_an_object() {
    let pieces = [call(0, "f", true), argument(0, "say \"é"), argument(0, "\n\""), call(1, "g", true)];
    let blocks = blocks(&written(&[&pieces[..], &[Chunk::End]].concat()));
    let input = |block: &Value| serde_json::from_str::<Value>(block["json"].as_str().unwrap()).unwrap();
    assert_eq!(input(&blocks[0]), json!({ "input": "say \"é\n\"" }));
    assert_eq!(input(&blocks[1]), json!({ "input": "" }));
}

#[test]
fn thoughts_without_a_seal_are_marked_as_such() {
    let stream = written(&[said(Delta::Thinking("hm".into())), said(Delta::Text("x".into())), Chunk::End]);
    let expected = [
        json!({ "type": "thinking", "thinking": "hm", "signature": words::NO_SEAL }),
        json!({ "type": "text", "text": "x", "citations": null }),
    ];
    assert_eq!(blocks(&stream), expected);
}

#[test]
fn every_seal_ends_a_thought_even_an_empty_one() {
    let seal = |seal: &'static str| said(Delta::ThinkingSignature(seal.into()));
    let think = |text: &'static str| said(Delta::Thinking(text.into()));
    let stream = written(&[think("a"), seal("1"), think("b"), seal("2"), seal("3"), Chunk::End]);
    let told: Vec<_> = blocks(&stream)
        .iter()
        .map(|block| {
            format!("{}{}", block["thinking"].as_str().unwrap(), block["signature"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, ["a1", "b2", "3"]);
}

#[test]
fn an_empty_answer_is_a_message_without_blocks() {
    let stream = written(&[finish(Finish::Length), Chunk::End, Chunk::End]);
    let names: Vec<_> = events(&stream).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["message_start", "ping", "message_delta", "message_stop"]);
    let start = &events(&stream)[0].1["message"];
    assert_eq!((&start["id"], &start["model"]), (&json!("msg_n0"), &json!("gpt-x")));
    assert_eq!(start["usage"]["input_tokens"], 11);
    assert_eq!(events(&stream)[2].1["delta"]["stop_reason"], "max_tokens");
}

#[test]
fn a_refusal_is_said_and_explained() {
    let stream = written(&[
        said(Delta::Refusal("I ".into())),
        said(Delta::Refusal("cannot.".into())),
        finish(Finish::ContentFilter),
        Chunk::End,
    ]);
    assert_eq!(blocks(&stream)[0]["text"], "I cannot.");
    let (_, end) = events(&stream).into_iter().find(|(name, _)| *name == "message_delta").unwrap();
    let delta = &end["delta"];
    let details = json!({ "type": "refusal", "category": null, "explanation": "I cannot." });
    assert_eq!((&delta["stop_reason"], &delta["stop_details"]), (&json!("refusal"), &details));
}

#[test]
fn other_choices_and_errors_are_not_part_of_the_message() {
    let stream = written(&[
        Chunk::Start { id: "a".into(), model: "m".into() },
        Chunk::Delta { choice: 1, delta: Delta::Text("other".into()) },
        Chunk::Finish { choice: 1, finish: Finish::Length, stop_sequence: None },
        Chunk::Error(b"{}".as_slice().into()),
    ]);
    assert_eq!(events(&stream).len(), 2, "{stream}");
}

#[test]
fn a_ping_is_an_event() {
    let mut out = Vec::new();
    CLIENT.writer(Opening::default()).ping(&mut out);
    assert_eq!(out, b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
}
