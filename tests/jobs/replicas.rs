//! Several gateways on one PostgreSQL.

use crate::*;
use std::collections::BTreeMap;
use support::Gateway;
use support::Postgres;
use support::Reply;
use support::Vendor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_jobs_at_two_replicas_are_each_run_once() {
    let store = format!("store: '{}'\n", Postgres::shared().database().await);
    let vendor = Vendor::start(|_, request| {
        Reply::chat(request.json()["messages"][0]["content"].as_str().unwrap())
            .pausing_first(Duration::from_millis(50))
    });
    let yaml = config(vendor.base_url(), &store);
    let gateways = [Gateway::start(&yaml), Gateway::start(&yaml)];
    let callers = gateways.each_ref().map(|gateway| Caller { origin: gateway.url(""), key: KEY });
    let mut ids = Vec::new();
    for number in 0..100 {
        let content = format!("number {number}");
        let body = chat(json!({ "messages": [{ "role": "user", "content": content }] }));
        ids.push((callers[number % 2].taken(&body).await, content));
    }
    for (number, (id, content)) in ids.iter().enumerate() {
        let other = &callers[(number + 1) % 2];
        other.becomes(id, "completed").await;
        assert_eq!(&other.content(id).await.text(), content);
    }
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for request in vendor.requests() {
        *asked.entry(request.json()["messages"][0]["content"].to_string()).or_default() += 1;
    }
    assert_eq!((asked.len(), asked.values().max()), (100, Some(&1)), "{asked:?}");
    let run =
        gateways.each_ref().map(|gateway| gateway.metric("tollgate_job_events_total{event=\"completed\"}"));
    assert_eq!(run[0] + run[1], 100.0);
}

#[tokio::test]
async fn a_job_is_cancelled_at_another_replica_than_runs_it() {
    let store = format!("store: '{}'\n", Postgres::shared().database().await);
    let vendor = Vendor::start(|_, _| Reply::silent());
    let yaml = config(vendor.base_url(), &store);
    let running = Gateway::start(&yaml);
    let id = Caller { origin: running.url(""), key: KEY }.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    let other = Gateway::start(&yaml);
    assert_eq!(Caller { origin: other.url(""), key: KEY }.cancel(&id).await.status, 200);
    vendor.wait_for_closed(1).await;
    assert_eq!(vendor.count(), 1);
}
