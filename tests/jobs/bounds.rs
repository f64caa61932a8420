//! What does not wait, and what there is no room for.

use crate::*;
use support::Gateway;
use support::Postgres;
use support::Reply;
use support::Vendor;

fn caller<'a>(gateway: &Gateway, key: &'a str) -> Caller<'a> {
    Caller { origin: gateway.url(""), key }
}

#[tokio::test]
async fn what_cannot_wait_is_answered_at_once() {
    let vendor = Vendor::start(|_, _| Reply::chat("now"));
    let gateway = Gateway::start(&config(vendor.base_url(), "jobs: { body: 1KiB }\n"));
    let test = caller(&gateway, KEY);
    let large = test.hand_in(&chat(json!({ "user": "x".repeat(2000) }))).await;
    assert_eq!((large.status, large.text().as_str()), (200, "now"), "{large:?}");
    assert_eq!(large.header("x-proxq-source"), None);
    let parts = vec![Ok::<_, std::io::Error>(chat(json!({})).to_string())];
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(parts));
    let unknown_length = received(test.post("/q/v1/chat/completions").body(body)).await;
    assert_eq!((unknown_length.status, unknown_length.text().as_str()), (200, "now"));
    let models = received(client().get(gateway.url("/q/v1/models")).bearer_auth(KEY)).await;
    assert_eq!((models.status, &models.json()["object"]), (200, &json!("list")));
    assert_eq!(received(client().get(gateway.url("/q/health"))).await.status, 200);
    assert_eq!(received(test.post("/q/v1/nothing").body("x")).await.status, 404);
    assert_eq!(received(client().put(gateway.url("/q/__jobs/x")).bearer_auth(KEY)).await.status, 405);
}

#[tokio::test]
async fn no_key_takes_more_than_half_of_the_room() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let gateway = Gateway::start(&config(vendor.base_url(), "jobs: { most: 3, keep: 2s }\n"));
    let (test, other) = (caller(&gateway, KEY), caller(&gateway, OTHER));
    let first = test.taken(&chat(json!({}))).await;
    test.taken(&chat(json!({}))).await;
    let full = test.hand_in(&chat(json!({}))).await;
    assert_eq!((full.status, full.retry_after()), (503, Some(10)), "{full:?}");
    other.taken(&chat(json!({}))).await;
    assert_eq!(other.hand_in(&chat(json!({}))).await.status, 503, "there are three");
    // What is done goes after two seconds, and makes room.
    let deadline = Instant::now() + DEADLINE;
    while test.hand_in(&chat(json!({}))).await.status != 202 {
        assert!(Instant::now() < deadline, "old jobs do not go");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(test.status(&first).await.status, 404);
}

#[tokio::test]
async fn without_the_store_no_job_is_taken_and_everything_else_goes_on() {
    let mut postgres = Postgres::start();
    let store = format!("store: '{}'\n", postgres.database().await);
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let gateway = Gateway::start(&config(vendor.base_url(), &store));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    test.becomes(&id, "completed").await;
    postgres.stop();
    for answer in [test.hand_in(&chat(json!({}))).await, test.status(&id).await] {
        assert_eq!((answer.status, answer.retry_after()), (503, Some(10)), "{answer:?}");
    }
    assert_eq!(received(test.post("/v1/chat/completions").json(&chat(json!({})))).await.status, 200);
    postgres.start_again();
    let deadline = Instant::now() + DEADLINE;
    while test.content(&id).await.status != 200 {
        assert!(Instant::now() < deadline, "the store does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Longer than the lease of a job.
const OUTAGE: Duration = Duration::from_secs(12);

#[tokio::test]
async fn a_job_that_runs_outlasts_an_outage_of_the_store() {
    let mut postgres = Postgres::start();
    let store = format!("store: '{}'\n", postgres.database().await);
    let vendor = Vendor::start(|_, _| Reply::chat("kept").pausing_first(Duration::from_secs(2)));
    let gateway = Gateway::start(&config(vendor.base_url(), &store));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    postgres.stop();
    tokio::time::sleep(OUTAGE).await;
    postgres.start_again();
    gateway.metric_becomes("tollgate_job_events_total{event=\"completed\"}", 1.0).await;
    assert_eq!(test.content(&id).await.text(), "kept");
    assert_eq!(vendor.count(), 1, "it was not run twice");
}

#[tokio::test]
async fn no_job_holds_a_key_in_the_store() {
    let vendor = Vendor::start(|_, _| Reply::silent());
    let gateway = Gateway::start(&config(vendor.base_url(), ""));
    let test = caller(&gateway, KEY);
    let marked = "somebody-elses-secret";
    let handed_in = test.post("/q/v1/chat/completions").header("x-anything", marked).header("cookie", marked);
    assert_eq!(received(handed_in.json(&chat(json!({ "user": "marker-of-the-body" })))).await.status, 202);
    vendor.wait_for_requests(1).await;
    let mut stored = Vec::new();
    for file in std::fs::read_dir(gateway.data_dir()).unwrap().flatten() {
        stored.extend(std::fs::read(file.path()).unwrap_or_default());
    }
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("marker-of-the-body"), "the request is there");
    assert!(!holds(KEY) && !holds(marked));
}
