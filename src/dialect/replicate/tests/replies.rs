//! What predictions come to: answers, promises, streams, failures.

use super::*;
use crate::dialect::fault;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::side::Follow;
use crate::dialect::side::NoAnswer;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

const REPLY: &[u8] = include_bytes!("../fixtures/reply.json");
const STREAM: &str = include_str!("../fixtures/stream.sse");
const CHUNKS: &str = include_str!("../fixtures/stream.chunks");

fn chunks(pieces: &[&[u8]]) -> Vec<String> {
    let (mut framer, mut reader) = (Framer::new(Framing::Sse, 1 << 20), PROVIDER.reader());
    let (mut frames, mut chunks) = (Vec::new(), Vec::new());
    let mut sink = |chunk: Chunk<'_>| {
        chunks.push(match chunk {
            Chunk::Error(data) => format!("Error {}", String::from_utf8_lossy(&data)),
            chunk => format!("{chunk:?}"),
        });
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

fn changed(change: Value) -> Vec<u8> {
    let mut reply: Value = serde_json::from_slice(REPLY).unwrap();
    for (name, value) in change.as_object().unwrap() {
        reply[name] = value.clone();
    }
    reply.to_string().into_bytes()
}

fn text(body: &[u8]) -> String {
    match PROVIDER.read(body).unwrap().choices.remove(0).parts.as_slice() {
        [Part::Text(text)] => text.text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_reply_is_read() {
    let reply = PROVIDER.read(REPLY).unwrap();
    assert_eq!((reply.id.as_ref(), reply.model.as_ref()), ("ufaw123", "meta/meta-llama-3-70b-instruct"));
    assert_eq!(reply.usage, Some(Usage { input: 5, output: 9, ..Usage::default() }));
    assert_eq!(reply.choices[0].finish, Some(Finish::Length), "nine tokens of nine");
    assert_eq!(text(REPLY), "Hello \"é\"");
    let whole =
        changed(json!({ "output": "in one", "input": {"max_tokens": 10}, "metrics": {"predict_time": 1} }));
    let reply = PROVIDER.read(&whole).unwrap();
    assert_eq!((reply.usage, reply.choices[0].finish), (None, Some(Finish::Stop)));
    assert_eq!(text(&whole), "in one");
    assert_eq!(text(&changed(json!({ "output": [] }))), "");
}

#[test]
fn a_reply_that_breaks_off_anywhere_is_none() {
    let end = REPLY.trim_ascii_end().len();
    (0..end).for_each(|at| assert!(PROVIDER.read(&REPLY[..at]).is_err(), "cut at {at}"));
    (0..end).for_each(|at| assert_eq!(PROVIDER.follow(&REPLY[..at], true), Follow::Answer));
}

#[test]
fn what_failed_is_an_error_and_what_is_odd_is_malformed() {
    let errors = [
        json!({ "status": "failed", "error": "boom", "output": null }),
        json!({ "status": "canceled" }),
        json!({ "status": "aborted" }),
        json!({ "status": "succeeded", "error": "half" }),
        json!({ "status": 422, "detail": "no such field" }),
    ];
    for change in &errors[..4] {
        assert_eq!(PROVIDER.read(&changed(change.clone())).unwrap_err(), NoAnswer::Error, "{change}");
    }
    assert_eq!(fault::message(&changed(errors[0].clone())).as_deref(), Some("boom"));
    assert_eq!(PROVIDER.read(br#"{"title":"t","detail":"d"}"#).unwrap_err(), NoAnswer::Error);
    let odd = [
        json!({ "output": null }),
        json!({ "output": { "text": "x" } }),
        json!({ "output": ["a", 1] }),
        json!({ "status": "processing" }),
        json!({ "status": null }),
    ];
    for change in odd {
        assert_eq!(PROVIDER.read(&changed(change.clone())).unwrap_err(), NoAnswer::Malformed, "{change}");
    }
    for body in ["", "[]", "null", "{}"] {
        assert_eq!(PROVIDER.read(body.as_bytes()).unwrap_err(), NoAnswer::Malformed, "{body}");
    }
}

#[test]
fn a_promise_is_followed_to_where_it_will_be_kept() {
    let stream = "https://stream.replicate.com/v1/files/x";
    let urls = json!({ "get": "https://api.replicate.com/v1/p/1", "cancel": "https://c", "stream": stream });
    let body = changed(json!({ "status": "starting", "output": null, "urls": urls }));
    let cancel = Some("https://c".to_owned());
    assert_eq!(
        PROVIDER.follow(&body, true),
        Follow::Stream { url: stream.to_owned(), cancel: cancel.clone() }
    );
    let after = Duration::from_millis(500);
    let poll = Follow::Poll { url: "https://api.replicate.com/v1/p/1".to_owned(), after, cancel };
    assert_eq!(PROVIDER.follow(&body, false), poll);
    assert_eq!(PROVIDER.follow(REPLY, true), Follow::Answer);
    let lost = changed(json!({ "status": "processing", "urls": null }));
    assert_eq!(PROVIDER.follow(&lost, false), Follow::Answer);
}

#[test]
fn only_a_whole_answer_is_waited_for() {
    assert_eq!(PROVIDER.headers(false), [("prefer", "wait")]);
    assert!(PROVIDER.headers(true).is_empty());
}

#[test]
fn a_stream_gives_the_same_chunks_wherever_it_is_cut() {
    let expected: Vec<&str> = CHUNKS.lines().collect();
    let stream = STREAM.as_bytes();
    assert_eq!(chunks(&[stream]), expected);
    for at in 0..=stream.len() {
        assert_eq!(chunks(&[&stream[..at], &stream[at..]]), expected, "cut at {at}");
    }
}

#[test]
fn a_stream_that_fails_never_ends_well() {
    let after =
        |event: &str| chunks(&[format!("event: output\ndata: a\n\n{event}\n\n").as_bytes()])[2..].to_vec();
    assert_eq!(
        after("event: error\ndata: {\"detail\":\"CUDA\"}\n\nevent: done\ndata: {\"reason\":\"error\"}"),
        ["Error {\"detail\":\"CUDA\"}"]
    );
    assert_eq!(after("event: done\ndata: {\"reason\":\"canceled\"}"), ["Error {\"reason\":\"canceled\"}"]);
    assert_eq!(after(": nothing more"), [""; 0]);
}
