//! Quotas outlive the process: after a restart, gentle or not, they go on where they stood.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

use crate::support::Home;
use crate::support::KEY;
use crate::support::Reply;
use crate::support::Vendor;
use serde_json::json;

const TENANT_KEY: &str = "tg-test-key-of-a-tenant";

fn home(vendor: &Vendor, quota: &str) -> Home {
    Home::with(&format!(
        "listen: [ {{ address: '{{listen}}' }} ]\nadmin: {{ listen: '{{admin}}' }}\n\
         cache: {{ exact: {{ ttl: 0 }} }}\nfailover: {{ check_interval: off }}\n\
         providers: {{ only: {{ kind: openai_compatible, base_url: '{}/v1', check: false, models: [ m ] }} }}\n\
         models: {{ m: only/m }}\n{quota}\n",
        vendor.base_url()
    ))
}

async fn ask(home: &Home, key: &str, user: &str) -> u16 {
    let body = json!({ "model": "m", "user": user, "messages": [{ "role": "user", "content": "hi" }] });
    let asked = reqwest::Client::new().post(home.url("/v1/chat/completions")).bearer_auth(key).json(&body);
    let answer = asked.send().await.expect("an answer");
    let status = answer.status().as_u16();
    answer.bytes().await.expect("the whole of it");
    status
}

/// Two of four before the end of the first process, the others after it; what was refused does not count.
async fn goes_on(quota: &str, key: &str, signal: &str) {
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let mut home = home(&vendor, quota);
    let mut told = Vec::new();
    for _ in 0..3 {
        let mut gateway = home.serve(&[]).await;
        for _ in 0..2 {
            told.push(ask(&home, key, "bob").await);
        }
        gateway.signal(signal);
        gateway.ended().await;
    }
    assert_eq!(told, [200, 200, 200, 200, 429, 429], "{quota}");
    let mut gateway = home.serve(&[]).await;
    assert_eq!(ask(&home, key, "bob").await, 429, "{quota}");
    gateway.signal("TERM");
    gateway.ended().await;
}

#[tokio::test]
async fn a_key_goes_on_after_a_kill() {
    for window in ["calendar", "rolling"] {
        let keys =
            format!("keys: [ {{ name: app, key: {KEY}, quota: {{ requests: 4/day, window: {window} }} }} ]");
        goes_on(&keys, KEY, "KILL").await;
    }
}

#[tokio::test]
async fn a_key_goes_on_after_a_gentle_end() {
    let keys = format!("keys: [ {{ name: app, key: {KEY}, quota: {{ requests: 4/month }} }} ]");
    goes_on(&keys, KEY, "TERM").await;
}

#[tokio::test]
async fn a_tenant_goes_on() {
    let tenant = format!(
        "tenants: [ {{ name: acme, quota: {{ requests: 4/day }} }} ]\n\
         keys: [ {{ name: app, key: {TENANT_KEY}, tenant: acme }} ]"
    );
    goes_on(&tenant, TENANT_KEY, "KILL").await;
}

#[tokio::test]
async fn an_end_user_and_a_model_go_on() {
    let keys = format!("keys: [ {{ name: app, key: {KEY} }} ]");
    for limits in [
        "per_user: { quota: { requests: 4/day } }",
        "per_model: { m: { quota: { requests: 4/day } } }",
        // Limited under another name than the ledger has.
        "per_model: { only/m: { quota: { requests: 4/day } } }",
        "per_model: { only/m: { quota: { requests: 4/day, window: rolling } } }",
    ] {
        goes_on(&format!("limits: {{ {limits} }}\n{keys}"), KEY, "KILL").await;
    }
}

#[tokio::test]
async fn what_a_limit_refused_is_not_taken_for_used() {
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let quota = "limits: { requests: 1/day }, quota: { requests: 3/day }";
    let mut home = home(&vendor, &format!("keys: [ {{ name: app, key: {KEY}, {quota} }} ]"));
    for life in 0..4 {
        let mut gateway = home.serve(&[]).await;
        // The rate is the process' own and begins anew; the quota does not.
        let told = [ask(&home, KEY, "bob").await, ask(&home, KEY, "bob").await];
        assert_eq!(told, if life < 3 { [200, 429] } else { [429, 429] }, "life {life}");
        gateway.signal("KILL");
        gateway.ended().await;
    }
}
