//! Streams for a client.

use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::responses::CLIENT;
use crate::dialect::responses::PROVIDER;
use crate::dialect::responses::tests as shown;
use crate::dialect::responses::tests::json;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Opening;
use crate::dialect::side::ProviderSide;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use serde_json::Value;

fn opening() -> Opening {
    Opening {
        created: 1_795_000_000,
        nonce: "n0".to_owned(),
        model: "asked".to_owned(),
        request: r#"{"model":"m","input":"hi","temperature":0.5}"#.into(),
        ..Opening::default()
    }
}

fn said(delta: Delta<'static>) -> Chunk<'static> {
    Chunk::Delta { choice: 0, delta }
}

fn opens(index: u32, id: &'static str, name: &'static str, custom: bool) -> Chunk<'static> {
    said(Delta::ToolCall { index, id: id.into(), name: name.into(), custom, signature: None })
}

fn argues(index: u32, text: &'static str) -> Chunk<'static> {
    said(Delta::Arguments { index, text: text.into() })
}

fn finish(finish: Finish) -> Chunk<'static> {
    Chunk::Finish { choice: 0, finish, stop_sequence: None }
}

fn start() -> Chunk<'static> {
    Chunk::Start { id: "x".into(), model: "m-1".into() }
}

fn written(chunks: &[Chunk<'static>]) -> Vec<u8> {
    let (mut writer, mut out) = (CLIENT.writer(opening()), Vec::new());
    chunks.iter().for_each(|chunk| writer.write(chunk, &mut out));
    out
}

/// Every event's data; its name is checked against its type, and the numbers against each other.
fn events(stream: &[u8]) -> Vec<Value> {
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, 1 << 20), Vec::new());
    framer.push(Bytes::copy_from_slice(stream), &mut frames).unwrap();
    let events: Vec<Value> = frames
        .iter()
        .map(|raw| {
            let frame = framer.read(raw).unwrap();
            let data = json(frame.data.unwrap());
            assert_eq!(data["type"].as_str(), frame.name.as_deref());
            data
        })
        .collect();
    let numbers: Vec<u64> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    events
}

fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap().strip_prefix("response.").unwrap_or("error"))
        .collect()
}

fn rich() -> Vec<Chunk<'static>> {
    let cites =
        Citation { url: "https://e.example".into(), title: "T".into(), end: 4, ..Citation::default() };
    vec![
        start(),
        said(Delta::Thinking("Let ".into())),
        said(Delta::Thinking("me.".into())),
        said(Delta::ThinkingSignature("EqQB".into())),
        said(Delta::Redacted("xyz".into())),
        said(Delta::Text("Grüß ".into())),
        said(Delta::Text("\"dich\"".into())),
        said(Delta::Citation(cites)),
        said(Delta::Refusal("No.".into())),
        opens(0, "call_1", "one", false),
        argues(0, "{\"a\":"),
        argues(0, "1}"),
        opens(1, "call_2", "two", true),
        argues(1, "hey"),
        Chunk::Usage(Usage { input: 9, cached: 3, cache_write: 0, output: 8, reasoning: 4 }),
        finish(Finish::ToolCalls),
        Chunk::End,
    ]
}

#[test]
fn a_rich_stream_is_written_as_the_vendor_writes_it() {
    let expected: Vec<Value> = include_str!("../../fixtures/stream.jsonl").lines().map(json).collect();
    let events = events(&written(&rich()));
    for (at, (event, mut expected)) in events.iter().zip(expected.clone()).enumerate() {
        // The repeated request is that of the whole answer, which has a test of its own.
        if let Some(Value::Object(object)) = expected.get_mut("response") {
            assert_eq!(event["response"]["temperature"], 0.5);
            let mut rest = event["response"].clone();
            rest.as_object_mut().unwrap().retain(|field, _| !object.contains_key(field));
            object.append(rest.as_object_mut().unwrap());
        }
        assert_eq!(*event, expected, "event {at}");
    }
    assert_eq!(events.len(), expected.len());
}

#[test]
fn the_end_holds_the_very_items_that_were_closed() {
    let interleaved = vec![
        start(),
        opens(0, "a", "f", false),
        opens(1, "b", "f", false),
        argues(0, "{\"x\":"),
        argues(1, "{}"),
        said(Delta::Text("between".into())),
        argues(0, "1}"),
        finish(Finish::ToolCalls),
        Chunk::End,
    ];
    for chunks in [rich(), interleaved] {
        let events = events(&written(&chunks));
        let of = |kind: &str| events.iter().filter(move |event| event["type"] == kind).collect::<Vec<_>>();
        let done: Vec<Value> =
            of("response.output_item.done").iter().map(|event| event["item"].clone()).collect();
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed");
        assert_eq!(last["response"]["output"], Value::Array(done));
        for kind in ["response.output_item.added", "response.output_item.done"] {
            let indexes: Vec<u64> =
                of(kind).iter().map(|event| event["output_index"].as_u64().unwrap()).collect();
            assert_eq!(indexes, (0..indexes.len() as u64).collect::<Vec<_>>(), "{kind}");
        }
    }
}

#[test]
fn interleaved_arguments_lose_nothing() {
    let chunks = [
        opens(0, "a", "f", false),
        opens(1, "b", "g", false),
        argues(0, "{\"x\":"),
        argues(1, "{\"y\":2}"),
        argues(0, "1}"),
        finish(Finish::ToolCalls),
        Chunk::End,
    ];
    let events = events(&written(&chunks));
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(
        (&output[0]["arguments"], &output[1]["arguments"]),
        (&"{\"x\":1}".into(), &"{\"y\":2}".into())
    );
}

#[test]
fn a_call_is_closed_as_soon_as_the_next_begins() {
    let chunks = [opens(0, "a", "f", false), argues(0, "{}"), opens(1, "b", "g", false)];
    assert_eq!(
        types(&events(&written(&chunks))),
        [
            "created",
            "in_progress",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "output_item.added"
        ]
    );
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let chunks = [opens(0, "", "f", false), finish(Finish::ToolCalls), Chunk::End];
    let events = events(&written(&chunks));
    let call = &events.last().unwrap()["response"]["output"][0];
    assert_eq!((&call["arguments"], &call["call_id"]), (&"{}".into(), &"call_n00".into()));
}

#[test]
fn an_answer_that_was_cut_short_is_incomplete() {
    let chunks = [said(Delta::Text("half".into())), finish(Finish::Length), Chunk::End];
    let events = events(&written(&chunks));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
    assert_eq!(last["response"]["usage"], Value::Null);
}

#[test]
fn an_answer_of_nothing_is_whole_too() {
    let events = events(&written(&[start(), finish(Finish::Stop), Chunk::End]));
    assert_eq!(types(&events), ["created", "in_progress", "completed"]);
    assert_eq!(events[2]["response"]["output"], Value::Array(vec![]));
}

#[test]
fn other_choices_have_no_place() {
    let other = Chunk::Delta { choice: 1, delta: Delta::Text("other".into()) };
    let end = Chunk::Finish { choice: 1, finish: Finish::Length, stop_sequence: None };
    let events =
        events(&written(&[said(Delta::Text("one".into())), other, end, finish(Finish::Stop), Chunk::End]));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], "one");
}

#[test]
fn a_stream_that_breaks_off_goes_on_counting() {
    let (mut writer, mut out) = (CLIENT.writer(opening()), Vec::new());
    writer.write(&said(Delta::Text("half".into())), &mut out);
    let error = ClientError {
        status: 502,
        message: "cut",
        kind: "server_error",
        param: None,
        code: Some("stream_interrupted"),
        cause: None,
        request_id: "req_1",
    };
    assert!(writer.break_off(&error, &mut out));
    let events = events(&out);
    let kinds = types(&events);
    assert_eq!(kinds[kinds.len() - 2..], ["error", "failed"]);
    let failed = &events[events.len() - 1]["response"];
    assert_eq!((&failed["status"], &failed["error"]["message"]), (&"failed".into(), &"cut".into()));
}

#[test]
fn what_is_written_is_read_again() {
    let stream = written(&rich());
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, 1 << 20), Vec::new());
    framer.push(stream.into(), &mut frames).unwrap();
    let (mut reader, mut chunks) = (PROVIDER.reader(), Vec::new());
    for raw in &frames {
        reader.read(&framer.read(raw).unwrap(), &mut |chunk| chunks.push(shown::chunk(&chunk))).unwrap();
    }
    let texts: Vec<&str> =
        chunks.iter().map(String::as_str).filter(|chunk| chunk.starts_with("text")).collect();
    assert_eq!(texts, ["text \"Grüß \"", "text \"\\\"dich\\\"\""]);
    assert_eq!(chunks.last().map(String::as_str), Some("end"));
}
