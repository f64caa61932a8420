//! Bedrock is asked with signed requests and answers in binary events; what goes wrong in them is understood.

use crate::Stage;
use crate::support::Answer;
use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Request;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use serde_json::json;
use tollgate::dialect::frame::aws;

const PROVIDER: &str =
    "kind: bedrock, base_url: '{at}', api_key: 'AKIDEXAMPLE:secret-0001:token-0001', region: eu-west-1";
const MODEL: &str = "anthropic.claude-3-haiku-20240307-v1:0";

fn set(provider: &str, script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
    Stage::set("retry_max: 1, ", provider, MODEL, &[], script)
}

fn event(kind: &str, name: &str, payload: &str) -> Vec<u8> {
    let label = format!(":{kind}-type");
    aws::message(&[(&label, name), (":message-type", kind)], payload.as_bytes())
}

fn word(text: &str) -> Vec<u8> {
    let delta = json!({ "contentBlockIndex": 0, "delta": { "text": text } });
    event("event", "contentBlockDelta", &delta.to_string())
}

fn stream(messages: &[Vec<u8>]) -> Reply {
    let headers = [("content-type", "application/vnd.amazon.eventstream"), ("transfer-encoding", "chunked")];
    messages.iter().fold(Reply::head(200, &headers), |reply, message| reply.chunk(message)).end()
}

fn good_stream() -> Vec<Vec<u8>> {
    vec![
        event("event", "messageStart", r#"{"role":"assistant"}"#),
        word("Hel"),
        word("lo"),
        event("event", "messageStop", r#"{"stopReason":"end_turn"}"#),
        event("event", "metadata", r#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12}}"#),
    ]
}

fn good_reply() -> Reply {
    let message = json!({ "role": "assistant", "content": [{ "text": "Hello" }] });
    let usage = json!({ "inputTokens": 5, "outputTokens": 7, "totalTokens": 12 });
    Reply::json(200, json!({ "output": { "message": message }, "stopReason": "end_turn", "usage": usage }))
}

async fn asked(stage: &Stage, streams: bool) -> Answer {
    let mut body = chat_body("both", streams);
    if streams {
        body["stream_options"] = json!({ "include_usage": true });
    }
    ask(&stage.gateway, &body).await
}

#[tokio::test]
async fn requests_are_signed_for_their_region() {
    let stage = set(PROVIDER, |_, _| good_reply());
    assert_eq!(asked(&stage, false).await.text(), "Hello");
    let request = &stage.first.requests()[0];
    assert_eq!(request.path, "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse");
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(
        authorization.contains("/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date")
    );
    assert_eq!(request.header("x-amz-security-token"), Some("token-0001"));
    assert!(request.header("x-amz-date").is_some() && !authorization.contains("secret-0001"));
}

#[tokio::test]
async fn a_key_that_is_not_of_parts_is_a_bearer() {
    let provider = "kind: bedrock, base_url: '{at}', api_key: bedrock-api-key-0001";
    let stage = set(provider, |_, _| good_reply());
    assert_eq!(asked(&stage, false).await.text(), "Hello");
    let request = &stage.first.requests()[0];
    assert_eq!(request.header("authorization"), Some("Bearer bedrock-api-key-0001"));
    assert_eq!(request.header("x-amz-date"), None);
}

#[tokio::test]
async fn an_access_key_may_come_from_the_environment() {
    let vendor = Vendor::start(|_, _| good_reply());
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIDFROMENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret-0001"),
        ("BEDROCK_BASE_URL", vendor.base_url()),
        ("AWS_REGION", "ap-south-1"),
    ];
    let gateway = Gateway::start_with("failover: { check_interval: off }\n", &environment);
    let answer = ask(&gateway, &chat_body(&format!("bedrock/{MODEL}"), false)).await;
    assert_eq!(answer.text(), "Hello");
    let authorization = vendor.requests()[0].header("authorization").unwrap().to_owned();
    assert!(
        authorization.contains("Credential=AKIDFROMENV/") && authorization.contains("/ap-south-1/bedrock/")
    );
}

#[tokio::test]
async fn a_stream_keeps_every_piece_and_its_usage() {
    let stage = set(PROVIDER, |_, _| stream(&good_stream()));
    let answer = asked(&stage, true).await;
    assert_eq!(answer.text(), "Hello");
    assert!(stage.first.requests()[0].path.ends_with("/converse-stream"));
    let events = answer.events();
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
    assert!(events.iter().any(|event| event.contains(r#""prompt_tokens":5"#)), "{events:?}");
}

#[tokio::test]
async fn an_exception_before_the_first_word_fails_over() {
    let stage = set(PROVIDER, |_, _| {
        let start = event("event", "messageStart", r#"{"role":"assistant"}"#);
        stream(&[start, event("exception", "serviceUnavailableException", r#"{"message":"busy"}"#)])
    });
    let answer = asked(&stage, true).await;
    assert_eq!((answer.text().as_str(), answer.provider()), ("next", Some("next")));
}

#[tokio::test]
async fn an_exception_after_it_ends_the_stream_with_an_error() {
    let stage = set(PROVIDER, |_, _| {
        stream(&[word("Hel"), event("exception", "modelStreamErrorException", r#"{"message":"oh"}"#)])
    });
    let answer = asked(&stage, true).await;
    let events = answer.events();
    assert!(events.last().unwrap().contains("\"error\""), "{events:?}");
    assert!(!events.iter().any(|event| event == "[DONE]"), "{events:?}");
}

#[tokio::test]
async fn a_stream_that_is_damaged_or_cut_never_looks_whole() {
    for (damage, whole) in [(true, false), (false, false)] {
        let stage = set(PROVIDER, move |_, _| {
            let mut messages = good_stream();
            match damage {
                true => *messages[2].last_mut().unwrap() ^= 1,
                false => messages.truncate(3),
            }
            stream(&messages)
        });
        let answer = asked(&stage, true).await;
        assert_eq!(answer.events().iter().any(|event| event == "[DONE]"), whole, "{}", answer.body);
        assert!(answer.body.contains("Hel"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_refusal_is_understood_by_its_type() {
    for (status, kind) in
        [(400, "ThrottlingException"), (400, "ServiceUnavailableException"), (424, "ModelErrorException")]
    {
        let stage = set(PROVIDER, move |_, _| {
            Reply::json_with(status, &[("x-amzn-errortype", kind)], json!({ "message": "sorry" }))
        });
        let answer = asked(&stage, false).await;
        assert_eq!((answer.status, answer.provider()), (200, Some("next")), "{kind}");
    }
    let stage = set(PROVIDER, |_, _| {
        let message = json!({ "message": "1 validation error detected: temperature" });
        Reply::json_with(400, &[("x-amzn-errortype", "ValidationException")], message)
    });
    let answer = asked(&stage, false).await;
    assert_eq!((answer.status, stage.next.count()), (400, 0));
    assert!(answer.body.contains("1 validation error detected"), "{}", answer.body);
}
