//! Answers and streams against what they mean.

use super::*;
use crate::dialect::fault::Cause;
use crate::dialect::fault::classify;
use crate::dialect::fault::message;
use crate::dialect::hub::Finish;
use crate::dialect::hub::unfold::unfold;
use crate::dialect::usage::Usage;

const REPLY: &str = include_str!("fixtures/reply.json");
const CALLS: &str = include_str!("fixtures/calls.json");

fn unfolded(reply: &str) -> Vec<String> {
    let mut chunks = Vec::new();
    unfold(&PROVIDER.read(reply.as_bytes()).unwrap(), &mut |chunk| chunks.push(format!("{chunk:?}")));
    chunks
}

fn expected(lines: &str) -> Vec<&str> {
    lines.lines().collect()
}

#[test]
fn a_reply_is_read() {
    assert_eq!(unfolded(REPLY), expected(include_str!("fixtures/reply.chunks")));
}

#[test]
fn a_reply_that_calls_tools_is_read() {
    assert_eq!(unfolded(CALLS), expected(include_str!("fixtures/calls.chunks")));
}

#[test]
fn half_a_reply_is_no_answer() {
    for whole in [REPLY.trim_end(), CALLS.trim_end()] {
        for at in 0..whole.len() {
            let cut = &whole.as_bytes()[..at];
            assert_eq!(PROVIDER.read(cut).err(), Some(NoAnswer::Malformed), "cut at {at}");
        }
    }
}

#[test]
fn what_is_no_reply_is_none() {
    let table = [
        (r#"{"id":"1","message":"internal error"}"#, NoAnswer::Error),
        (r#"{"error":"x"}"#, NoAnswer::Error),
        (
            r#"{"message":{"content":[{"type":"text","text":"half"}]},"finish_reason":"ERROR"}"#,
            NoAnswer::Error,
        ),
        (r#"{"message":{"content":[]},"finish_reason":"TIMEOUT"}"#, NoAnswer::Error),
        (r#"{"message":{}}"#, NoAnswer::Malformed),
        (r#"{"message":[],"finish_reason":"COMPLETE"}"#, NoAnswer::Malformed),
        (r#"{"message":{"content":"text"},"finish_reason":"COMPLETE"}"#, NoAnswer::Malformed),
        (r#"["1",{},"COMPLETE"]"#, NoAnswer::Malformed),
        ("<html>", NoAnswer::Malformed),
        ("null", NoAnswer::Malformed),
        ("{}", NoAnswer::Malformed),
    ];
    for (body, why) in table {
        assert_eq!(PROVIDER.read(body.as_bytes()).err(), Some(why), "{body}");
    }
}

#[test]
fn every_reason_to_end_is_known() {
    let table = [
        ("COMPLETE", Finish::Stop),
        ("STOP_SEQUENCE", Finish::Stop),
        ("MAX_TOKENS", Finish::Length),
        ("ERROR_LIMIT", Finish::Length),
        ("ERROR_TOXIC", Finish::ContentFilter),
        ("SOMETHING_NEW", Finish::Stop),
    ];
    for (reason, finish) in table {
        let body = format!(r#"{{"message":{{"content":[]}},"finish_reason":"{reason}"}}"#);
        let answer = PROVIDER.read(body.as_bytes()).unwrap();
        assert_eq!(answer.choices[0].finish, Some(finish), "{reason}");
    }
}

#[test]
fn what_the_model_counted_goes_before_what_is_billed() {
    let usage = |usage: &str| {
        let body = format!(r#"{{"message":{{"content":[]}},"finish_reason":"COMPLETE","usage":{usage}}}"#);
        PROVIDER.read(body.as_bytes()).unwrap().usage
    };
    let both = r#"{"billed_units":{"input_tokens":5,"output_tokens":6},
        "tokens":{"input_tokens":71.0,"output_tokens":8},"cached_tokens":16}"#;
    assert_eq!(usage(both), Some(Usage { input: 71, cached: 16, output: 8, ..Usage::default() }));
    let billed = r#"{"billed_units":{"input_tokens":5,"output_tokens":6},"tokens":null}"#;
    assert_eq!(usage(billed), Some(Usage { input: 5, output: 6, ..Usage::default() }));
    let zero = r#"{"tokens":{"input_tokens":0,"output_tokens":0}}"#;
    assert_eq!(usage(zero), Some(Usage::default()), "zero is told");
    assert_eq!(usage("null"), None);
    assert_eq!(usage("{}"), None);
}

#[test]
fn errors_keep_their_meaning() {
    let table = [
        (401, r#"{"id":"1","message":"invalid api token"}"#, Cause::Auth),
        (402, r#"{"message":"please add a payment method"}"#, Cause::Quota),
        (404, r#"{"message":"model 'command-x' not found"}"#, Cause::NotFound),
        (
            400,
            r#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292"}"#,
            Cause::ContextTooLong,
        ),
        (400, r#"{"message":"too many tokens: max tokens must be at most 4096"}"#, Cause::Invalid),
        (422, r#"{"message":"invalid request: unknown field"}"#, Cause::Invalid),
        (
            429,
            r#"{"message":"You are using a Trial key, which is limited to 20 API calls / minute."}"#,
            Cause::RateLimit,
        ),
        (
            429,
            r#"{"message":"You are using a Trial key, which is limited to 1000 API calls / month."}"#,
            Cause::Quota,
        ),
        (503, r#"{"message":"unavailable"}"#, Cause::Overloaded),
        (
            200,
            r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"it broke"}}"#,
            Cause::Transient,
        ),
    ];
    for (status, body, cause) in table {
        assert_eq!(classify(status, body.as_bytes()), cause, "{body}");
    }
    assert_eq!(message(br#"{"id":"1","message":"no"}"#).as_deref(), Some("no"));
    assert_eq!(
        message(br#"{"type":"message-end","delta":{"error":"it broke"}}"#).as_deref(),
        Some("it broke")
    );
}

#[test]
fn models_are_listed() {
    let list = br#"{"models":[{"name":"command-a-03-2025","endpoints":["chat"],"context_length":256000.0}],
        "next_page_token":null}"#;
    assert_eq!(PROVIDER.read_models(list), Some(vec!["command-a-03-2025".to_owned()]));
    assert!(PROVIDER.models_path().starts_with("/../v1/models"));
}

#[test]
fn vectors_are_read() {
    let body = br#"{"id":"1","embeddings":{"float":[[0.5,-1],[1e-3,2]],"int8":null},"texts":["a","b"],
        "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":7.0}},"response_type":"x"}"#;
    let usage = Some(Usage { input: 7, ..Usage::default() });
    let vectors = vec![vec![0.5, -1.0], vec![0.001, 2.0]];
    assert_eq!(PROVIDER.read_embed(body), Ok(EmbedResponse { vectors, usage }));
    assert_eq!(PROVIDER.read_embed(br#"{"embeddings":{"float":[]}}"#), Err(NoAnswer::Malformed));
    assert_eq!(PROVIDER.read_embed(br#"{"embeddings":[[1]]}"#), Err(NoAnswer::Malformed));
    assert_eq!(PROVIDER.read_embed(br#"{"message":"no such model"}"#), Err(NoAnswer::Error));
    for at in 0..body.len() {
        assert_eq!(PROVIDER.read_embed(&body[..at]), Err(NoAnswer::Malformed), "cut at {at}");
    }
}
