//! From the 202 to the answer, and what is told on the way.

use crate::*;
use support::DONE;
use support::Gateway;
use support::Reply;
use support::Vendor;
use support::chunk;
use support::finish_chunk;
use support::usage_chunk;

const SOURCE: &str = "x-proxq-source";

fn gateway(vendor: &Vendor, lines: &str) -> Gateway {
    Gateway::start(&config(vendor.base_url(), lines))
}

fn caller<'a>(gateway: &Gateway, key: &'a str) -> Caller<'a> {
    Caller { origin: gateway.url(""), key }
}

#[tokio::test]
async fn a_request_is_answered_later_by_its_id() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello").pausing_first(Duration::from_millis(500)));
    let gateway = gateway(&vendor, "");
    let test = caller(&gateway, KEY);
    let taken = test.hand_in(&chat(json!({}))).await;
    let id = taken.json()["jobId"].as_str().unwrap().to_owned();
    assert_eq!((taken.status, taken.header(SOURCE)), (202, Some("proxq")), "{taken:?}");
    assert_eq!(taken.header("location"), Some(format!("/q/__jobs/{id}").as_str()));
    test.becomes(&id, "running").await;
    let early = test.content(&id).await;
    assert_eq!((early.status, early.header(SOURCE)), (404, Some("proxq")));
    let told = test.becomes(&id, "completed").await;
    assert_eq!(told["id"], id.as_str());
    assert!(told["createdAt"].as_str() < told["completedAt"].as_str(), "{told}");
    let answer = test.content(&id).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{answer:?}");
    assert_eq!((answer.provider(), answer.header(SOURCE)), (Some("p"), None));
    assert_eq!(answer.header("x-request-id"), taken.header("x-request-id"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let sent = &vendor.requests()[0];
    assert_eq!(sent.json()["messages"][0]["content"], "Hello");
    let request_id = taken.header("x-request-id").unwrap();
    let both = |line: &str| line.contains(request_id) && line.contains(&id);
    let lines = gateway.wait_for_logs(2, both).await;
    let line = |path: &str| {
        let line = lines.iter().find(|line| line.contains(&format!("\"path\":\"{path}\""))).unwrap();
        serde_json::from_str::<Value>(line).unwrap()
    };
    assert_eq!(line("/q/v1/chat/completions")["status"], 202);
    let run = line("/v1/chat/completions");
    assert_eq!((&run["status"], &run["key"], &run["provider"]), (&json!(200), &json!("test"), &json!("p")));
    gateway.metric_becomes("tollgate_job_events_total{event=\"completed\"}", 1.0).await;
    assert_eq!(gateway.metric("tollgate_job_events_total{event=\"accepted\"}"), 1.0);
    gateway.metric_becomes("tollgate_jobs{state=\"completed\"}", 1.0).await;
}

#[tokio::test]
async fn a_stream_is_replayed_as_it_came() {
    let vendor = Vendor::start(|_, _| {
        Reply::stream(&[&chunk("hel"), &chunk("lo"), &finish_chunk(), &usage_chunk(5, 7), DONE])
    });
    let gateway = gateway(&vendor, "");
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({ "stream": true }))).await;
    test.becomes(&id, "completed").await;
    let answer = test.content(&id).await;
    assert!(answer.is_stream() && answer.text() == "hello", "{answer:?}");
    assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn a_cancelled_job_leaves_its_provider_at_once() {
    let vendor = Vendor::start(|_, _| Reply::silent());
    let gateway = gateway(&vendor, "");
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    let cancelled = test.cancel(&id).await;
    assert_eq!((cancelled.status, cancelled.json()), (200, json!({ "status": "cancelled" })));
    vendor.wait_for_closed(1).await;
    assert_eq!(test.status(&id).await.status, 404);
    assert_eq!(test.cancel(&id).await.status, 404);
    let line = gateway.wait_for_log(|line| line.contains("\"status\":499") && line.contains(&id)).await;
    assert!(line.contains("client_left"), "{line}");
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled_before_it_is_asked() {
    let vendor = Vendor::start(|_, _| Reply::silent());
    let gateway = gateway(&vendor, "jobs: { concurrency: 1 }\n");
    let test = caller(&gateway, KEY);
    let first = test.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    let second = test.taken(&chat(json!({}))).await;
    assert_eq!(test.status(&second).await.json()["status"], "queued");
    assert_eq!(test.cancel(&second).await.status, 200);
    assert_eq!(test.cancel(&first).await.status, 200);
    let third = test.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(2).await;
    assert_eq!(test.status(&third).await.json()["status"], "running");
    assert_eq!(vendor.count(), 2);
}

#[tokio::test]
async fn what_a_provider_refuses_is_an_answer() {
    let no = json!({ "error": { "message": "no such thing", "type": "invalid_request_error" } });
    let vendor = Vendor::start(move |_, _| Reply::json(422, no.clone()));
    let gateway = gateway(&vendor, "");
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    test.becomes(&id, "completed").await;
    let answer = test.content(&id).await;
    assert_eq!((answer.status, &answer.json()["error"]["message"]), (422, &json!("no such thing")));
    let unknown = test.taken(&chat(json!({ "model": "nobody/nothing" }))).await;
    test.becomes(&unknown, "completed").await;
    assert_eq!(test.content(&unknown).await.status, 404);
}

#[tokio::test]
async fn a_job_is_its_keys_alone() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let gateway = gateway(&vendor, "");
    let (test, other) = (caller(&gateway, KEY), caller(&gateway, OTHER));
    let id = test.taken(&chat(json!({}))).await;
    test.becomes(&id, "completed").await;
    for answer in [other.status(&id).await, other.content(&id).await, other.cancel(&id).await] {
        assert_eq!((answer.status, answer.header(SOURCE)), (404, Some("proxq")), "{answer:?}");
    }
    let stranger = caller(&gateway, "tg-nobody");
    for answer in [stranger.status(&id).await, stranger.hand_in(&chat(json!({}))).await] {
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    assert_eq!(test.content(&id).await.status, 200);
}

#[tokio::test]
async fn a_job_is_limited_and_billed_as_any_request() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let gateway = gateway(&vendor, "limits: { per_key: { requests: 1/day } }\n");
    let test = caller(&gateway, KEY);
    let first = test.taken(&chat(json!({}))).await;
    test.becomes(&first, "completed").await;
    assert_eq!(test.content(&first).await.status, 200);
    let second = test.taken(&chat(json!({}))).await;
    test.becomes(&second, "completed").await;
    assert_eq!(test.content(&second).await.status, 429);
    assert_eq!(gateway.metric("tollgate_tokens_total{kind=\"input\",model=\"m\",provider=\"p\"}"), 5.0);
}
