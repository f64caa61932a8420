//! Replicate answers with a promise: it is looked after, heard, and called off when nobody waits any more.

use crate::Stage;
use crate::origin;
use crate::support::KEY;
use crate::support::Reply;
use crate::support::Request;
use crate::support::Step;
use crate::support::Wire;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::chat_request;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

const PROVIDER: &str = "kind: replicate, base_url: '{at}/v1', api_key: r8_secret_0001";

fn set(failover: &str, script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
    Stage::set(failover, PROVIDER, "meta/llama", &[], script)
}

fn prediction(request: &Request, status: &str, output: Value) -> Value {
    let at = origin(request);
    json!({ "id": "p1", "status": status, "output": output, "error": null, "urls": {
        "get": format!("{at}/v1/predictions/p1"), "cancel": format!("{at}/v1/predictions/p1/cancel"),
        "stream": format!("{at}/streams/p1") } })
}

fn promise(request: &Request) -> Reply {
    Reply::json(201, prediction(request, "starting", Value::Null))
}

fn sse(name: &str, data: &str) -> String {
    format!("event: {name}\nid: 1:0\ndata: {data}\n\n")
}

fn paths(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

const ORDER: &str = "POST /v1/models/meta/llama/predictions";
const LOOK: &str = "GET /v1/predictions/p1";
const CANCEL: &str = "POST /v1/predictions/p1/cancel";

#[tokio::test]
async fn it_is_looked_at_until_it_is_kept() {
    let stage = set("", |n, request| match n {
        0 => promise(request),
        1 => Reply::json(200, prediction(request, "processing", Value::Null)),
        // One look that fails is not the end of it.
        2 => Reply::json(500, json!({ "detail": "oops" })),
        _ => Reply::json(200, prediction(request, "succeeded", json!(["Hel", "lo"]))),
    });
    let answer = ask(&stage.gateway, &chat_body("both", false)).await;
    assert_eq!((answer.text().as_str(), answer.provider()), ("Hello", Some("first")));
    let requests = stage.first.requests();
    assert_eq!(paths(&requests), [ORDER, LOOK, LOOK, LOOK]);
    assert_eq!(requests[0].header("prefer"), Some("wait"));
    assert_eq!(requests[0].json(), json!({ "input": { "prompt": "Say hello." } }));
    for request in &requests {
        assert_eq!(request.header("authorization"), Some("Bearer r8_secret_0001"));
    }
}

#[tokio::test]
async fn a_stream_is_heard_where_it_is() {
    let stage = set("", |n, request| match n {
        0 => promise(request),
        _ => {
            let head = Reply::sse_head().chunk(sse("output", "Hel")).chunk(sse("output", "lo"));
            head.chunk(sse("done", "{}")).end()
        }
    });
    let answer = ask(&stage.gateway, &chat_body("both", true)).await;
    assert_eq!((answer.text().as_str(), answer.is_stream()), ("Hello", true));
    assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
    let requests = stage.first.requests();
    assert_eq!(paths(&requests), [ORDER, "GET /streams/p1"]);
    assert_eq!((requests[0].header("prefer"), requests[0].json()["stream"].clone()), (None, json!(true)));
    assert_eq!(requests[1].header("accept"), Some("text/event-stream"));
    assert_eq!(requests[1].header("authorization"), Some("Bearer r8_secret_0001"));
}

#[tokio::test]
async fn what_failed_fails_over() {
    let stage = set("", |n, request| match n {
        0 => promise(request),
        _ => {
            let mut failed = prediction(request, "failed", Value::Null);
            failed["error"] = json!("CUDA out of memory");
            Reply::json(200, failed)
        }
    });
    let answer = ask(&stage.gateway, &chat_body("both", false)).await;
    assert_eq!((answer.text().as_str(), answer.provider()), ("next", Some("next")));
    assert!(!paths(&stage.first.requests()).contains(&CANCEL.to_owned()), "it had ended by itself");
}

#[tokio::test]
async fn what_takes_too_long_is_called_off() {
    let stage = set("answer: 1500ms, ", |_, request| promise(request));
    let answer = ask(&stage.gateway, &chat_body("both", false)).await;
    assert_eq!(answer.provider(), Some("next"));
    let requests = stage.first.requests();
    assert_eq!(paths(&requests).last().map(String::as_str), Some(CANCEL));
    assert_eq!(requests.last().unwrap().header("authorization"), Some("Bearer r8_secret_0001"));
}

#[tokio::test]
async fn a_client_that_leaves_calls_it_off() {
    let stage = set("", |_, request| promise(request));
    let body = chat_body("both", false).to_string();
    let mut client = Wire::to(stage.gateway.address()).await;
    client.send(chat_request(KEY, &body)).await;
    stage.first.wait_for_requests(2).await;
    drop(client);
    wait_for_cancel(&stage).await;
    assert_eq!(stage.next.count(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_calls_it_off() {
    let stage = set("", |n, request| match n {
        0 => promise(request),
        1 => Reply::sse_head().chunk(sse("output", "Hel")).then(Step::Hang),
        _ => Reply::json(200, prediction(request, "canceled", Value::Null)),
    });
    let body = chat_body("both", true).to_string();
    let mut client = Wire::to(stage.gateway.address()).await;
    client.send(chat_request(KEY, &body)).await;
    client.read_until("Hel").await;
    drop(client);
    wait_for_cancel(&stage).await;
}

#[tokio::test]
async fn a_url_of_somebody_else_is_not_followed() {
    let stage = set("", |_, request| {
        let mut promised = prediction(request, "starting", Value::Null);
        promised["urls"]["get"] = json!("http://169.254.169.254/latest/meta-data");
        Reply::json(201, promised)
    });
    let answer = ask(&stage.gateway, &chat_body("both", false)).await;
    assert_eq!(answer.provider(), Some("next"));
    assert_eq!(paths(&stage.first.requests()), [ORDER, CANCEL]);
}

async fn wait_for_cancel(stage: &Stage) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    while !paths(&stage.first.requests()).contains(&CANCEL.to_owned()) {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", paths(&stage.first.requests()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
