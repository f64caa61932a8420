//! Answers and streams against what they mean.

use super::*;
use crate::dialect::fault::Cause;
use crate::dialect::fault::classify;
use crate::dialect::fault::message;
use crate::dialect::frame::Framer;
use crate::dialect::hub::unfold::unfold;
use crate::dialect::usage::Usage;
use bytes::Bytes;

const REPLY: &str = include_str!("fixtures/reply.json");
const STREAM: &str = include_str!("fixtures/stream.ndjson");

/// What a stream means, cut where `pieces` are; lines that cannot be read are told.
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

fn expected(lines: &str) -> Vec<&str> {
    lines.lines().collect()
}

#[test]
fn a_reply_is_read() {
    let mut chunks = Vec::new();
    unfold(&PROVIDER.read(REPLY.as_bytes()).unwrap(), &mut |chunk| chunks.push(format!("{chunk:?}")));
    assert_eq!(chunks, expected(include_str!("fixtures/reply.chunks")));
}

#[test]
fn a_stream_is_read_wherever_it_is_cut() {
    let stream = STREAM.as_bytes();
    assert_eq!(heard(&[stream]), expected(include_str!("fixtures/stream.chunks")));
    for at in 0..=stream.len() {
        let pieces = [&stream[..at], &stream[at..]];
        assert_eq!(heard(&pieces), expected(include_str!("fixtures/stream.chunks")), "cut at {at}");
    }
}

#[test]
fn half_a_reply_is_no_answer() {
    let whole = REPLY.trim_end();
    for at in 0..whole.len() {
        assert_eq!(PROVIDER.read(&whole.as_bytes()[..at]).err(), Some(NoAnswer::Malformed), "cut at {at}");
    }
}

#[test]
fn what_is_no_reply_is_none() {
    let table = [
        (r#"{"error":"model runner has stopped"}"#, NoAnswer::Error),
        (r#"{"message":{"role":"assistant","content":"x"},"done":false}"#, NoAnswer::Malformed),
        (r#"{"message":{"role":"assistant","content":"x"}}"#, NoAnswer::Malformed),
        (r#"{"message":"x","done":true}"#, NoAnswer::Malformed),
        (r#"{"done":true}"#, NoAnswer::Malformed),
        (r#"["m",{},true]"#, NoAnswer::Malformed),
        ("<html>", NoAnswer::Malformed),
        ("null", NoAnswer::Malformed),
        ("{}", NoAnswer::Malformed),
    ];
    for (body, why) in table {
        assert_eq!(PROVIDER.read(body.as_bytes()).err(), Some(why), "{body}");
    }
}

#[test]
fn a_stream_that_is_cut_off_does_not_end() {
    let (cut, _) = STREAM.rsplit_once("{\"model\"").unwrap();
    assert!(!heard(&[cut.as_bytes()]).iter().any(|chunk| chunk.starts_with("Finish") || chunk == "End"));
}

#[test]
fn an_error_inside_a_stream_is_told() {
    let stream = "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"out of memory\"}\n";
    let chunks = heard(&[stream.as_bytes()]);
    assert!(chunks.last().unwrap().starts_with("Error("), "{chunks:?}");
    assert!(!chunks.iter().any(|chunk| chunk == "End"));
}

#[test]
fn a_line_that_is_garbage_is_passed_over() {
    let stream = "{\"message\":{\"content\":\"a\"}}\nnot json\n\n{\"message\":{\"content\":\"b\"}}\n";
    let chunks = heard(&[stream.as_bytes()]);
    assert_eq!(chunks.iter().filter(|chunk| *chunk == "garbage").count(), 1);
    assert_eq!(chunks.iter().filter(|chunk| chunk.contains("Text(")).count(), 2);
}

#[test]
fn counts_are_taken_as_they_are_told() {
    let usage = |counts: &str| {
        let body = format!(r#"{{"message":{{"content":"x"}},"done":true{counts}}}"#);
        PROVIDER.read(body.as_bytes()).unwrap().usage
    };
    assert_eq!(usage(""), None);
    assert_eq!(usage(r#","eval_count":3"#), Some(Usage { output: 3, ..Usage::default() }), "cached whole");
    assert_eq!(usage(r#","prompt_eval_count":0,"eval_count":0"#), Some(Usage::default()), "zero is told");
    assert_eq!(usage(r#","prompt_eval_count":-1,"eval_count":null"#), Some(Usage::default()));
}

#[test]
fn the_last_line_may_hold_words_too() {
    let line = r#"{"message":{"content":"all"},"done":true,"done_reason":"length","eval_count":1}"#;
    let told: Vec<String> =
        heard(&[line.as_bytes()]).iter().map(|c| c.split([' ', '(']).next().unwrap().to_owned()).collect();
    assert_eq!(told, ["Start", "Delta", "Finish", "Usage", "End"]);
}

#[test]
fn arguments_may_come_as_text_or_not_at_all() {
    let arguments = |arguments: &str| {
        let body = format!(
            r#"{{"message":{{"tool_calls":[{{}},{{"function":{{"name":"f"{arguments}}}}}]}},"done":true}}"#
        );
        let answer = PROVIDER.read(body.as_bytes()).unwrap();
        format!("{:?}", answer.choices[0].parts)
    };
    assert!(arguments("").contains(r#"id: "", name: "f", arguments: "{}""#), "{}", arguments(""));
    assert!(arguments(r#","arguments":"{\"a\":1}""#).contains(r#"arguments: "{\"a\":1}""#));
}

#[test]
fn errors_keep_their_meaning() {
    let table = [
        (404, r#"{"error":"model 'x' not found"}"#, Cause::NotFound),
        (400, r#"{"error":"\"x\" does not support thinking"}"#, Cause::Invalid),
        (400, r#"{"error":"the input length exceeds the context length"}"#, Cause::ContextTooLong),
        (429, r#"{"error":"too many concurrent requests"}"#, Cause::RateLimit),
        (500, r#"{"error":"llama runner process has terminated"}"#, Cause::Transient),
        (200, r#"{"error":"an error was encountered while running the model"}"#, Cause::Transient),
    ];
    for (status, body, cause) in table {
        assert_eq!(classify(status, body.as_bytes()), cause, "{body}");
    }
    assert_eq!(message(br#"{"error":"model 'x' not found"}"#).as_deref(), Some("model 'x' not found"));
}

#[test]
fn models_are_listed_with_and_without_the_usual_tag() {
    let tags = br#"{"models":[{"name":"llama3.2:3b","model":"llama3.2:3b","size":1},
        {"name":"nomic-embed-text:latest","details":{"family":"bert"}}]}"#;
    let listed = PROVIDER.read_models(tags).unwrap();
    assert_eq!(listed, ["llama3.2:3b", "nomic-embed-text:latest", "nomic-embed-text"]);
    assert_eq!(PROVIDER.read_models(b"nothing"), None);
}

#[test]
fn vectors_are_read() {
    let body = br#"{"model":"m","embeddings":[[0.5,-1],[1e-3,2]],"total_duration":9,"prompt_eval_count":7}"#;
    let usage = Some(Usage { input: 7, ..Usage::default() });
    let vectors = vec![vec![0.5, -1.0], vec![0.001, 2.0]];
    assert_eq!(PROVIDER.read_embed(body), Ok(EmbedResponse { vectors, usage }));
    assert_eq!(PROVIDER.read_embed(br#"{"embeddings":[]}"#), Err(NoAnswer::Malformed));
    assert_eq!(PROVIDER.read_embed(br#"{"error":"no such model"}"#), Err(NoAnswer::Error));
    for at in 0..body.len() {
        assert_eq!(PROVIDER.read_embed(&body[..at]), Err(NoAnswer::Malformed), "cut at {at}");
    }
}

#[test]
fn calls_are_counted_over_the_lines() {
    let call = r#"{"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}"#;
    let chunks = heard(&[format!("{call}\n{call}\n").as_bytes()]);
    let calls: Vec<_> = chunks.iter().filter(|chunk| chunk.contains("ToolCall")).collect();
    assert!(calls[0].contains("index: 0") && calls[1].contains("index: 1"), "{calls:?}");
}
