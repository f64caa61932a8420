//! Streams.

use crate::dialect::cohere::PROVIDER;
use crate::dialect::frame::Framer;
use crate::dialect::side::ProviderSide;
use bytes::Bytes;

const WORDS: (&str, &str) =
    (include_str!("../fixtures/stream.sse"), include_str!("../fixtures/stream.chunks"));
const CALLS: (&str, &str) =
    (include_str!("../fixtures/calls.sse"), include_str!("../fixtures/calls.sse.chunks"));

/// What a stream means, cut where `pieces` are; events that cannot be read are told.
fn heard(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut reader) = (Framer::new(PROVIDER.framing(), 1 << 16), PROVIDER.reader());
    let (mut raw, mut chunks) = (Vec::new(), Vec::new());
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece), &mut raw).unwrap();
    }
    raw.extend(framer.finish());
    for raw in raw {
        let frame = framer.read(&raw).unwrap();
        if reader.read(&frame, &mut |chunk| chunks.push(format!("{chunk:?}"))).is_err() {
            chunks.push("garbage".to_owned());
        }
    }
    reader.finish(&mut |chunk| chunks.push(format!("{chunk:?}")));
    chunks
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

#[test]
fn a_stream_is_read_wherever_it_is_cut() {
    for (stream, chunks) in [WORDS, CALLS] {
        let (stream, chunks): (_, Vec<&str>) = (stream.as_bytes(), chunks.lines().collect());
        assert_eq!(heard(&[stream]), chunks);
        for at in 0..=stream.len() {
            assert_eq!(heard(&[&stream[..at], &stream[at..]]), chunks, "cut at {at}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_off_does_not_end() {
    for (stream, _) in [WORDS, CALLS] {
        let cut = &stream[..stream.find("event: message-end").unwrap()];
        let chunks = heard(&[cut.as_bytes(), b"data: [DONE]\n\n"]);
        assert!(!chunks.iter().any(|chunk| chunk.starts_with("Finish") || chunk == "End"), "{chunks:?}");
    }
}

#[test]
fn an_error_inside_a_stream_is_told() {
    for error in [
        r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"it broke","usage":{}}}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}"#,
        r#"{"id":"1","message":"internal server error"}"#,
        r#"{"error":{"message":"no"}}"#,
    ] {
        let start = event(r#"{"type":"message-start","id":"1","delta":{"message":{"role":"assistant"}}}"#);
        let chunks = heard(&[start.as_bytes(), event(error).as_bytes()]);
        assert!(chunks.last().unwrap().starts_with("Error("), "{error}: {chunks:?}");
    }
    let chunks = heard(&[b"event: error\ndata: {\"detail\":\"x\"}\n\n"]);
    assert!(chunks[0].starts_with("Error("), "{chunks:?}");
}

#[test]
fn an_event_without_a_type_is_read_by_its_name() {
    let stream = "event: content-delta\ndata: {\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\n\
        event: message-end\ndata: {\"delta\":{\"finish_reason\":\"MAX_TOKENS\"}}\n\n";
    let expected = [
        r#"Start { id: "", model: "" }"#,
        r#"Delta { choice: 0, delta: Text("a") }"#,
        "Finish { choice: 0, finish: Length, stop_sequence: None }",
        "End",
    ];
    assert_eq!(heard(&[stream.as_bytes()]), expected);
}

#[test]
fn what_is_no_event_is_garbage_and_the_stream_goes_on() {
    let text = event(r#"{"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}}"#);
    let stream = format!(
        "{}{}{}{text}",
        event("not json"),
        event("[1]"),
        event(r#"{"type":"content-delta","delta":7}"#)
    );
    let chunks = heard(&[stream.as_bytes()]);
    assert_eq!(chunks.iter().filter(|chunk| *chunk == "garbage").count(), 3, "{chunks:?}");
    assert!(chunks.last().unwrap().contains("Text(\"a\")"));
}

#[test]
fn arguments_find_their_call_by_its_number() {
    let open = |index: u64, name: &str| {
        event(&format!(
            r#"{{"type":"tool-call-start","index":{index},"delta":{{"message":{{"tool_calls":{{"id":"{name}","type":"function","function":{{"name":"{name}","arguments":""}}}}}}}}}}"#
        ))
    };
    let fill = |index: &str, text: &str| {
        event(&format!(
            r#"{{"type":"tool-call-delta"{index},"delta":{{"message":{{"tool_calls":{{"function":{{"arguments":"{text}"}}}}}}}}}}"#
        ))
    };
    let orphan = fill(r#","index":9"#, "lost");
    let stream = [
        orphan,
        open(3, "f"),
        open(7, "g"),
        fill(r#","index":3"#, "one"),
        fill(r#","index":7"#, "two"),
        fill("", "three"),
    ]
    .concat();
    let chunks = heard(&[stream.as_bytes()]);
    let filled: Vec<_> = chunks.iter().filter(|chunk| chunk.contains("Arguments")).collect();
    assert_eq!(filled.len(), 3, "{chunks:?}");
    for (chunk, wanted) in
        filled.iter().zip(["index: 0, text: \"one\"", "index: 1, text: \"two\"", "index: 1, text: \"three\""])
    {
        assert!(chunk.contains(wanted), "{chunk}");
    }
}
