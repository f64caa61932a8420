//! Connections that break, processes that die, keys that are shut.

use crate::*;
use support::Gateway;
use support::Home;
use support::Reply;
use support::Step;
use support::Vendor;

fn caller<'a>(gateway: &Gateway, key: &'a str) -> Caller<'a> {
    Caller { origin: gateway.url(""), key }
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_as_often_as_is_wanted() {
    let vendor = Vendor::start(|number, _| match number {
        0 => Reply::default().then(Step::Reset),
        _ => Reply::chat("at last"),
    });
    let yaml = config(vendor.base_url(), "jobs: { retries: 1, retry_delay: 100ms }\n");
    let gateway = Gateway::start(&yaml.replace("failover: { ", "failover: { retry_max: 0, "));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    test.becomes(&id, "completed").await;
    assert_eq!(test.content(&id).await.text(), "at last");
    assert_eq!(gateway.metric("tollgate_job_events_total{event=\"retried\"}"), 1.0);
    assert_eq!(vendor.count(), 2);
}

#[tokio::test]
async fn a_job_fails_when_nothing_is_left_to_try() {
    let vendor = Vendor::start(|_, _| Reply::default().then(Step::Reset));
    let gateway = Gateway::start(&config(vendor.base_url(), ""));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    let told = test.becomes(&id, "failed").await;
    assert!(told["error"].as_str().unwrap().contains("broke off"), "{told}");
    assert_eq!(test.content(&id).await.status, 404);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_answer() {
    let vendor = Vendor::start(|_, _| Reply::stream_cut(&[&support::chunk("hel")]));
    let gateway = Gateway::start(&config(vendor.base_url(), ""));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({ "stream": true }))).await;
    let told = test.becomes(&id, "failed").await;
    assert!(told["error"].as_str().unwrap().ends_with("cut"), "{told}");
}

#[tokio::test]
async fn a_job_has_a_time_of_its_own() {
    let vendor = Vendor::start(|_, _| Reply::silent());
    let gateway = Gateway::start(&config(vendor.base_url(), "jobs: { timeout: 1s }\n"));
    let test = caller(&gateway, KEY);
    let id = test.taken(&chat(json!({}))).await;
    assert_eq!(test.becomes(&id, "failed").await["error"], "it was not answered within 1s");
    vendor.wait_for_closed(1).await;
}

#[tokio::test]
async fn a_job_whose_process_dies_is_run_once_more() {
    let vendor = Vendor::start(|number, _| match number {
        0 => Reply::silent(),
        _ => Reply::chat("after all"),
    });
    let lines = "listen: [ { address: '{listen}' } ]\nadmin: { listen: '{admin}' }\n";
    let mut home = Home::with(&config(vendor.base_url(), lines));
    let program = home.serve(&[]).await;
    let id = Caller { origin: home.url(""), key: KEY }.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    program.signal("KILL");
    drop(program);
    let program = home.serve(&[]).await;
    let test = Caller { origin: home.url(""), key: KEY };
    test.becomes(&id, "completed").await;
    assert_eq!(test.content(&id).await.text(), "after all");
    assert_eq!(vendor.count(), 2, "once, and exactly once more");
    drop(program);
}

#[tokio::test]
async fn a_process_that_drains_ends_its_jobs_first() {
    let vendor = Vendor::start(|_, _| Reply::chat("in time").pausing_first(Duration::from_secs(2)));
    let lines = "listen: [ { address: '{listen}' } ]\nadmin: { listen: '{admin}' }\nserver: { notice: 0s }\n";
    let mut home = Home::with(&config(vendor.base_url(), lines));
    let mut program = home.serve(&[]).await;
    let id = Caller { origin: home.url(""), key: KEY }.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    let _program = home.serve(&[]).await;
    let test = Caller { origin: home.url(""), key: KEY };
    assert_eq!(test.status(&id).await.json()["status"], "completed");
    assert_eq!(test.content(&id).await.text(), "in time");
    assert_eq!(vendor.count(), 1);
}

#[tokio::test]
async fn a_key_that_does_not_open_any_more_has_its_jobs_fail() {
    let vendor = Vendor::start(|_, _| Reply::silent());
    let with = |keys: &str| {
        let config = config(vendor.base_url(), "jobs: { concurrency: 1, keep: 1h }\n");
        let line = config.lines().find(|line| line.starts_with("keys:")).unwrap().to_owned();
        config.replace(&line, keys)
    };
    let (one, other) = (format!("{{ name: test, key: {KEY} }}"), format!("{{ name: other, key: {OTHER}"));
    let gateway = Gateway::start(&with(&format!("keys: [ {one}, {other} }} ]")));
    let (test, other_caller) = (caller(&gateway, KEY), caller(&gateway, OTHER));
    let first = test.taken(&chat(json!({}))).await;
    vendor.wait_for_requests(1).await;
    let second = other_caller.taken(&chat(json!({}))).await;
    gateway.reconfigure(&with(&format!("keys: [ {one}, {other}, expires: 2020-01-01 }} ]"))).await;
    assert_eq!(other_caller.status(&second).await.status, 401, "it does not open for questions either");
    test.cancel(&first).await;
    gateway.metric_becomes("tollgate_job_events_total{event=\"failed\"}", 1.0).await;
    gateway.reconfigure(&with(&format!("keys: [ {one}, {other} }} ]"))).await;
    assert_eq!(other_caller.becomes(&second, "failed").await["error"], "its key has expired");
    assert_eq!(vendor.count(), 1, "nobody was asked for it");
}
