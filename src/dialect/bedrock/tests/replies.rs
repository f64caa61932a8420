//! What Converse answers, whole, streamed, broken and refused.

use super::*;
use crate::dialect::fault;
use crate::dialect::fault::Cause;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::frame::aws;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::side::NoAnswer;
use crate::dialect::usage::Usage;
use bytes::Bytes;

const REPLY: &[u8] = include_bytes!("../fixtures/reply.json");
const STREAM: &str = include_str!("../fixtures/stream.txt");
const CHUNKS: &str = include_str!("../fixtures/stream.chunks");

/// The messages of a stream: a line each, with kind, type and payload.
fn messages(script: &str) -> Vec<Vec<u8>> {
    let message = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (kind, name, payload) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let label = format!(":{kind}-type");
        aws::message(
            &[(&label, name), (":content-type", "application/json"), (":message-type", kind)],
            payload.as_bytes(),
        )
    };
    script.lines().map(message).collect()
}

/// The chunks of a stream that comes in these pieces, the end of its body included.
fn chunks(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut reader) = (Framer::new(Framing::Aws, 1 << 20), PROVIDER.reader());
    let (mut frames, mut chunks) = (Vec::new(), Vec::new());
    let mut sink = |chunk: Chunk<'_>| {
        chunks.push(match chunk {
            Chunk::Error(data) => format!("Error {}", String::from_utf8_lossy(&data)),
            chunk => format!("{chunk:?}"),
        })
    };
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece), &mut frames).unwrap();
        for raw in frames.drain(..) {
            reader.read(&framer.read(&raw).unwrap(), &mut sink).unwrap();
        }
    }
    reader.finish(&mut sink);
    chunks
}

#[test]
fn a_whole_reply_is_read_part_by_part() {
    let mut reply = PROVIDER.read(REPLY).unwrap();
    let usage = Usage { input: 15, cached: 4, cache_write: 1, output: 7, reasoning: 0 };
    assert_eq!(reply.usage, Some(usage));
    let choice = reply.choices.remove(0);
    assert_eq!((reply.choices.len(), choice.finish), (0, Some(Finish::ToolCalls)));
    let [
        Part::Thinking(open),
        Part::Thinking(sealed),
        Part::Text(text),
        Part::ToolCall(look),
        Part::ToolCall(wait),
    ] = choice.parts.as_slice()
    else {
        panic!("{:?}", choice.parts);
    };
    assert_eq!((open.text.as_ref(), open.signature.as_deref()), ("Hm.", Some("c2VhbA+/=")));
    assert_eq!((sealed.text.as_ref(), sealed.redacted.as_deref()), ("", Some("aGlkZGVu")));
    assert_eq!(text.text, "Let me \"look\".");
    assert_eq!((look.id.as_ref(), look.arguments.as_ref()), ("tooluse_a", r#"{"q": [1, "é"]}"#));
    assert_eq!((wait.name.as_ref(), wait.arguments.as_ref()), ("wait", "{}"));
}

#[test]
fn a_reply_that_breaks_off_anywhere_is_none() {
    let end = REPLY.trim_ascii_end().len();
    (0..end).for_each(|at| assert!(PROVIDER.read(&REPLY[..at]).is_err(), "cut at {at}"));
}

#[test]
fn why_it_ended_is_understood() {
    let table = [
        ("end_turn", Finish::Stop),
        ("stop_sequence", Finish::Stop),
        ("malformed_model_output", Finish::Stop),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("guardrail_intervened", Finish::ContentFilter),
        ("content_filtered", Finish::ContentFilter),
    ];
    for (reason, finish) in table {
        let body = format!(
            r#"{{"output":{{"message":{{"content":[{{"text":"x"}}]}}}},"stopReason":"{reason}","usage":null}}"#
        );
        let reply = PROVIDER.read(body.as_bytes()).unwrap();
        assert_eq!((reply.choices[0].finish, reply.usage), (Some(finish), None), "{reason}");
    }
}

#[test]
fn a_body_that_is_no_answer_says_whether_it_is_an_error() {
    let errors = [r#"{"message":"x"}"#, r#"{"Message":null,"__type":"InternalServerException"}"#];
    for body in errors {
        assert_eq!(PROVIDER.read(body.as_bytes()).unwrap_err(), NoAnswer::Error, "{body}");
    }
    let malformed = [
        "",
        "null",
        "[]",
        "{}",
        "7",
        r#"{"output":7}"#,
        r#"{"output":{"message":{"content":[{"text":7}]}}}"#,
        "{\"a\":\u{1}",
    ];
    for body in malformed {
        assert_eq!(PROVIDER.read(body.as_bytes()).unwrap_err(), NoAnswer::Malformed, "{body}");
    }
}

#[test]
fn a_stream_gives_the_same_chunks_wherever_it_is_cut() {
    let stream = messages(STREAM).concat();
    let expected: Vec<&str> = CHUNKS.lines().collect();
    assert_eq!(chunks(&[&stream]), expected);
    for at in 0..=stream.len() {
        assert_eq!(chunks(&[&stream[..at], &stream[at..]]), expected, "cut at {at}");
    }
}

#[test]
fn an_exception_in_a_stream_is_an_error_that_names_itself() {
    let table = [
        ("throttlingException", Cause::RateLimit),
        ("serviceUnavailableException", Cause::Overloaded),
        ("internalServerException", Cause::Transient),
        ("modelStreamErrorException", Cause::Transient),
        ("modelTimeoutException", Cause::Transient),
        ("validationException", Cause::Invalid),
    ];
    for (name, cause) in table {
        let script = format!(
            "event messageStart {{}}\nevent contentBlockDelta {{\"delta\":{{\"text\":\"a\"}}}}\nexception {name} {{\"message\":\"sorry\"}}"
        );
        let chunks = chunks(&[&messages(&script).concat()]);
        let error = chunks.last().unwrap().strip_prefix("Error ").unwrap();
        assert_eq!(error, format!(r#"{{"__type":"{name}","message":"sorry"}}"#));
        assert_eq!(fault::classify(200, error.as_bytes()), cause, "{name}");
        assert_eq!(fault::message(error.as_bytes()).as_deref(), Some("sorry"));
    }
    let odd = "exception modelStreamErrorException {\"originalStatusCode\":500,\"originalMessage\":\"oh\"}";
    assert_eq!(
        chunks(&[&messages(odd).concat()]),
        [r#"Error {"__type":"modelStreamErrorException","message":"oh"}"#]
    );
    let empty = aws::message(&[(":message-type", "exception"), (":exception-type", "xException")], b"");
    assert_eq!(chunks(&[&empty]), [r#"Error {"__type":"xException","message":null}"#]);
}

#[test]
fn a_stream_ends_with_its_usage_or_with_its_body_but_never_without_its_finish() {
    let lines: Vec<&str> = STREAM.lines().collect();
    let until = |count: usize| chunks(&[&messages(&lines[..count].join("\n")).concat()]);
    let without_usage = until(lines.len() - 1);
    assert_eq!(
        without_usage[without_usage.len() - 2..],
        ["Finish { choice: 0, finish: ToolCalls, stop_sequence: None }", "End"]
    );
    for count in 0..lines.len() - 1 {
        assert!(!until(count).contains(&"End".to_owned()), "after {count} events");
    }
}

#[test]
fn calls_are_told_apart_when_their_pieces_mix() {
    let script = "event contentBlockStart {\"contentBlockIndex\":5,\"start\":{\"toolUse\":{\"name\":\"a\",\"toolUseId\":\"1\"}}}\n\
        event contentBlockStart {\"contentBlockIndex\":7,\"start\":{\"toolUse\":{\"name\":\"b\",\"toolUseId\":\"2\"}}}\n\
        event contentBlockDelta {\"contentBlockIndex\":7,\"delta\":{\"toolUse\":{\"input\":\"{}\"}}}\n\
        event contentBlockDelta {\"contentBlockIndex\":5,\"delta\":{\"toolUse\":{\"input\":\"{1}\"}}}";
    let said = chunks(&[&messages(script).concat()]);
    assert_eq!(said[0], "Start { id: \"\", model: \"\" }");
    assert_eq!(
        said[3..],
        [
            "Delta { choice: 0, delta: Arguments { index: 1, text: \"{}\" } }",
            "Delta { choice: 0, delta: Arguments { index: 0, text: \"{1}\" } }",
        ]
    );
}

#[test]
fn events_that_cannot_be_read_are_garbage_and_do_no_harm() {
    let framer = Framer::new(Framing::Aws, 1 << 20);
    let mut reader = PROVIDER.reader();
    let bad = [
        "contentBlockDelta {",
        "contentBlockDelta 7",
        "contentBlockStart {\"start\":3}",
        "messageStop []x",
        "contentBlockDelta {\"delta\":{\"toolUse\":{\"input\":\"x\"}}}",
        "metadata {\"usage\":{\"inputTokens\":-1}}",
    ];
    for line in bad {
        let raw = Bytes::from(messages(&format!("event {line}")).remove(0));
        assert!(reader.read(&framer.read(&raw).unwrap(), &mut |_| {}).is_err(), "{line}");
    }
    let nameless = Bytes::from(aws::message(&[], b"{}"));
    assert!(reader.read(&framer.read(&nameless).unwrap(), &mut |_| {}).is_err());
}
