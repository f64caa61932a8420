//! Streams of providers, as they should be and as they are.

use super::*;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use bytes::Bytes;

const STREAM: &str = include_str!("../fixtures/stream.sse");

/// What a stream means, cut where `pieces` are; events that cannot be read are told.
fn heard(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut reader) = (Framer::new(Framing::Sse, 1 << 16), Reader::default());
    let (mut frames, mut chunks) = (Vec::new(), Vec::new());
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece), &mut frames).unwrap();
    }
    frames.extend(framer.finish());
    for raw in &frames {
        let frame = framer.read(raw).unwrap();
        if reader.read(&frame, &mut |chunk| chunks.push(format!("{chunk:?}"))).is_err() {
            chunks.push("garbage".to_owned());
        }
    }
    reader.finish(&mut |chunk| chunks.push(format!("{chunk:?}")));
    chunks
}

/// The same of single events, without what belongs to every stream.
fn said(events: &[&str]) -> Vec<String> {
    let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let chunks = heard(&[stream.as_bytes()]);
    let told = |chunk: &String| {
        let delta = chunk.strip_prefix("Delta { choice: 0, delta: ").and_then(|rest| rest.strip_suffix(" }"));
        delta.unwrap_or(chunk).to_owned()
    };
    chunks.iter().filter(|chunk| !chunk.starts_with("Start")).map(told).collect()
}

/// The same of deltas of one choice.
fn deltas(deltas: &[&str]) -> Vec<String> {
    let events: Vec<_> =
        deltas.iter().map(|delta| format!(r#"{{"choices":[{{"index":0,"delta":{{{delta}}}}}]}}"#)).collect();
    said(&events.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Calls by their numbers, and what they are given in the end.
fn calls(pieces: &[&str]) -> Vec<String> {
    let deltas: Vec<_> = pieces.iter().map(|piece| format!(r#""tool_calls":[{piece}]"#)).collect();
    let events = deltas.iter().map(|delta| format!(r#"{{"choices":[{{"delta":{{{delta}}}}}]}}"#));
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.to_owned();
    let stream: String = events.chain([end]).map(|event| format!("data: {event}\n\n")).collect();
    let (mut framer, mut reader) = (Framer::new(Framing::Sse, 1 << 16), Reader::default());
    let (mut frames, mut calls) = (Vec::new(), Vec::<String>::new());
    framer.push(Bytes::from(stream), &mut frames).unwrap();
    for raw in &frames {
        let mut note = |chunk: Chunk<'_>| match chunk {
            Chunk::Delta { delta: Delta::ToolCall { index, id, name, .. }, .. } => {
                assert_eq!(index as usize, calls.len(), "numbers rise by one");
                calls.push(format!("{id} {name} "));
            }
            Chunk::Delta { delta: Delta::Arguments { index, text }, .. } => {
                calls[index as usize].push_str(&text)
            }
            Chunk::Finish { finish, .. } => assert_eq!(finish, Finish::ToolCalls),
            _ => {}
        };
        reader.read(&framer.read(raw).unwrap(), &mut note).unwrap();
    }
    calls
}

#[test]
fn a_stream_is_read_wherever_it_is_cut() {
    let (stream, chunks): (_, Vec<&str>) =
        (STREAM.as_bytes(), include_str!("../fixtures/stream.chunks").lines().collect());
    assert_eq!(heard(&[stream]), chunks);
    for at in 0..=stream.len() {
        assert_eq!(heard(&[&stream[..at], &stream[at..]]), chunks, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(heard(&bytes), chunks, "byte by byte");
    assert_eq!(heard(&[STREAM.replace('\n', "\r\n").as_bytes()]), chunks, "with other ends of lines");
}

#[test]
fn a_stream_that_is_cut_off_does_not_end() {
    for at in 0..STREAM.find("data: [DONE]").unwrap() {
        let chunks = heard(&[&STREAM.as_bytes()[..at]]);
        assert!(!chunks.iter().any(|chunk| chunk == "End"), "cut at {at}: {chunks:?}");
    }
    let unfinished = STREAM.find(r#""finish_reason":"content_filter""#).unwrap();
    let chunks = heard(&[&STREAM.as_bytes()[..unfinished]]);
    assert!(!chunks.iter().any(|chunk| chunk.starts_with("Finish")), "{chunks:?}");
}

#[test]
fn an_error_inside_a_stream_is_told() {
    for error in [
        r#"{"error":{"message":"no"}}"#,
        r#"{"error":"no","choices":[]}"#,
        r#"{"id":"1","error":{"code":502,"message":"no"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
        r#"{"choices":[],"x_groq":{"error":"over capacity"}}"#,
        r#"{"object":"error","message":"no","code":503}"#,
        r#"{"error":{"message":"no","type":"x","param":"","code":"","id":"1"},"status_code":429}"#,
    ] {
        let chunks = said(&[r#"{"choices":[{"delta":{"content":"a"}}]}"#, error]);
        assert_eq!(chunks[0], r#"Text("a")"#);
        assert!(chunks.len() == 2 && chunks[1].starts_with("Error("), "{error}: {chunks:?}");
    }
    for event in ["event: error\ndata: {\"detail\":\"x\"}\n\n", "event: error\ndata: out of memory\n\n"] {
        let chunks = heard(&[event.as_bytes()]);
        assert!(chunks.len() == 1 && chunks[0].starts_with("Error("), "{event}: {chunks:?}");
    }
    assert_eq!(said(&[r#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#]), [r#"Text("a")"#]);
}

#[test]
fn what_cannot_be_read_is_garbage_and_the_stream_goes_on() {
    for garbage in
        ["<html>", "{\"choices\":[{", "[1]", "\"x\"", "{\"choices\":{}}", "{\"choices\":[[]]}x", "7"]
    {
        let chunks = said(&[garbage, r#"{"choices":[{"delta":{"content":"a"}}]}"#]);
        assert_eq!(chunks, ["garbage", r#"Text("a")"#], "{garbage}");
    }
    for nothing in ["", "{}", "{\"choices\":null}", "{\"choices\":[{}]}", "{\"choices\":[{\"delta\":null}]}"]
    {
        assert!(said(&[nothing]).is_empty(), "{nothing}");
    }
}

#[test]
fn counts_are_found_wherever_they_stand() {
    let counts = "Usage(Usage { input: 3, cached: 0, cache_write: 0, output: 4, reasoning: 0 })";
    let usage = r#"{"prompt_tokens":3,"completion_tokens":4}"#;
    let finish = "Finish { choice: 0, finish: Stop, stop_sequence: None }";
    let last = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"usage":{usage}}}"#);
    assert_eq!(said(&[&last]), [finish, counts], "with the last choice");
    for event in [
        format!(r#"{{"choices":[],"usage":{usage}}}"#),
        format!(r#"{{"usage":{usage}}}"#),
        format!(r#"{{"choices":[],"usage":null,"x_groq":{{"id":"r","usage":{usage}}}}}"#),
    ] {
        assert_eq!(said(&[&event]), [counts], "{event}");
    }
    let zero = said(&[r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}"#]);
    assert_eq!(zero, [counts.replace(['3', '4'], "0")], "a count of nothing is a count");
}

#[test]
fn a_choice_ends_once() {
    let stop = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let other = r#"{"choices":[{"index":1,"delta":{"content":"x"},"finish_reason":"length"}]}"#;
    assert_eq!(
        said(&[stop, r#"{"choices":[{"index":0,"delta":{},"finish_reason":""}]}"#, stop, other]),
        [
            "Finish { choice: 0, finish: Stop, stop_sequence: None }",
            r#"Delta { choice: 1, delta: Text("x") }"#,
            "Finish { choice: 1, finish: Length, stop_sequence: None }",
        ]
    );
}

#[test]
fn a_stream_starts_once_and_only_when_it_knows_something() {
    let stream = "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n\
        data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[]}\n\ndata: {\"id\":\"d\",\"choices\":[]}\n\n";
    assert_eq!(heard(&[stream.as_bytes()]), [r#"Start { id: "c", model: "m" }"#]);
}

/// How vendors number their calls: what it is, the pieces, the calls.
const NUMBERINGS: [(&str, &[&str], &[&str]); 9] = [
    (
        "as they should be",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":0,"function":{"arguments":"{\"x\":"}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
            r#"{"index":0,"function":{"arguments":"1}"}}"#,
        ],
        &[r#"a f {"x":1}"#, "b g {}"],
    ),
    (
        "numbers that jump",
        &[
            r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":7,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
        &["a f {}", "b g {}"],
    ),
    (
        "all with the same number",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":0,"id":"b","function":{"name":"f","arguments":"[]"}}"#,
        ],
        &["a f {}", "b f []"],
    ),
    (
        "no numbers",
        &[
            r#"{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            r#"{"function":{"arguments":"1}"}}"#,
            r#"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
        &[r#"a f {"x":1}"#, "b g {}"],
    ),
    (
        "whole calls in one delta, without ids or numbers",
        &[r#"{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":{"x":1}}}"#],
        &[" f {}", r#" f {"x":1}"#],
    ),
    (
        "a name that comes late",
        &[
            r#"{"index":0,"id":"a","function":{"name":null,"arguments":"{\"x\":"}}"#,
            r#"{"index":0,"function":{"name":"f","arguments":"1}"}}"#,
        ],
        &[r#"a f {"x":1}"#],
    ),
    (
        "id and name again with every piece",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"1}"}}"#,
        ],
        &[r#"a f {"x":1}"#],
    ),
    (
        "empty ids and names with every further piece",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            r#"{"index":0,"id":"","function":{"name":"","arguments":"1}"}}"#,
        ],
        &[r#"a f {"x":1}"#],
    ),
    (
        "an id that another one has",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":1,"id":"a","function":{"name":"g","arguments":"{}"}}"#,
        ],
        &["a f {}", " g {}"],
    ),
];

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    for (case, pieces, expected) in NUMBERINGS {
        assert_eq!(calls(pieces), expected, "{case}");
    }
}

#[test]
fn an_old_call_of_a_function_is_one() {
    let chunks = deltas(&[
        r#""role":"assistant","content":null,"function_call":{"name":"f","arguments":""}"#,
        r#""function_call":{"arguments":"{}"}"#,
    ]);
    let call = r#"ToolCall { index: 0, id: "", name: "f", custom: false, signature: None }"#;
    assert_eq!(chunks, [call, r#"Arguments { index: 0, text: "{}" }"#]);
}

#[test]
fn what_was_thought_is_read_once_in_every_spelling() {
    let thought = r#"Thinking("hm")"#;
    for delta in [
        r#""reasoning_content":"hm""#,
        r#""reasoning":"hm","content":null"#,
        r#""reasoning":"hm","reasoning_content":"hm","content":"""#,
        r#""content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]"#,
        r#""thinking_blocks":[{"type":"thinking","thinking":"hm","signature":""}]"#,
        r#""reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm"}]"#,
    ] {
        assert_eq!(deltas(&[delta]), [thought], "{delta}");
    }
    let sealed = deltas(&[r#""thinking_blocks":[{"type":"thinking","thinking":"","signature":"s+/=\n"}]"#]);
    assert_eq!(sealed, [r#"ThinkingSignature("s+/=\n")"#]);
}
