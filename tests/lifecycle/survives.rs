//! What a reload must not reset: limits, health, cool-downs.

use crate::ask;
use crate::begin;
use crate::status;
use crate::support::Hand;
use crate::support::Home;
use crate::support::Program;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::client;
use crate::yaml;
use serde_json::json;

/// Puts a configuration in force that differs in nothing but one alias.
async fn reload(home: &Home, program: &Program, yaml: &str) {
    let before = program.stderr().matches("configuration reloaded").count();
    home.rewrite(&yaml.replace("first", "second"));
    program.signal("HUP");
    program.logged("configuration reloaded", before + 1).await;
}

#[tokio::test]
async fn what_a_key_has_used() {
    for (limits, passed) in [("requests: 3/day", 3), ("tokens: 60/day", 1)] {
        let vendor = Vendor::start(|_, _| Reply::chat("hello"));
        let more = format!("limits: {{ per_key: {{ {limits} }} }}\n");
        let text = yaml(vendor.base_url(), "first", &more);
        let mut home = Home::with(&text);
        let program = home.serve(&[]).await;
        for _ in 0..passed {
            assert_eq!(status(&home, "always").await, 200, "{limits}");
        }
        reload(&home, &program, &text).await;
        let refused = ask(&home, "always").await;
        assert_eq!(refused.status(), 429, "{limits}");
        assert!(refused.headers().contains_key("retry-after"));
    }
}

#[tokio::test]
async fn how_many_requests_a_key_has_under_way() {
    let mut hand = Hand::start().await;
    let origin = hand.base_url().trim_end_matches("/v1").to_owned();
    let text = yaml(&origin, "first", "limits: { per_key: { concurrent: 1 } }\n");
    let mut home = Home::with(&text);
    let program = home.serve(&[]).await;
    let (stream, live) = begin(&home, &mut hand, "always").await;
    reload(&home, &program, &text).await;
    assert_eq!(status(&home, "always").await, 429);
    drop((stream, live));
}

#[tokio::test]
async fn what_an_address_has_used() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    // `GET /ready` counts for no limit.
    let text = yaml(vendor.base_url(), "first", "limits: { per_ip: 2/day, bad_keys_per_ip: 1/day }\n");
    let mut home = Home::with(&text);
    let program = home.serve(&[]).await;
    assert_eq!(status(&home, "always").await, 200);
    assert_eq!(wrong_key(&home).await, 401);
    reload(&home, &program, &text).await;
    assert_eq!(status(&home, "always").await, 429, "the address began anew");
}

#[tokio::test]
async fn how_many_wrong_keys_an_address_has_tried() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let text = yaml(vendor.base_url(), "first", "limits: { bad_keys_per_ip: 1/day }\n");
    let mut home = Home::with(&text);
    let program = home.serve(&[]).await;
    assert_eq!(wrong_key(&home).await, 401);
    reload(&home, &program, &text).await;
    assert_eq!(wrong_key(&home).await, 429, "the address began anew");
    assert_eq!(status(&home, "always").await, 200, "a good key passes all the same");
}

async fn wrong_key(home: &Home) -> u16 {
    let request = client().get(home.url("/v1/models")).bearer_auth("tg-wrong");
    request.send().await.unwrap().status().as_u16()
}

/// A failing provider and one that stands in for it.
fn pair(failing: &Vendor, steady: &Vendor) -> String {
    let provider = |name: &str, vendor: &Vendor| {
        format!(
            "  {name}: {{ kind: openai_compatible, base_url: '{}/v1', check: false }}\n",
            vendor.base_url()
        )
    };
    format!(
        "{}failover: {{ check_interval: off, unhealthy_after: 1, unhealthy_for: 1h }}\nproviders:\n{}{}models: {{ \
         first: steady/m }}\ngroups: {{ both: {{ order: as-written, members: [ failing/m, steady/m ] }} }}\n",
        crate::FRAME,
        provider("failing", failing),
        provider("steady", steady)
    )
}

#[tokio::test]
async fn that_a_provider_is_to_be_left_alone() {
    let ill = Reply::json(503, json!({ "error": { "message": "down" } }));
    let limited =
        Reply::json_with(429, &[("retry-after", "3600")], json!({ "error": { "message": "slow down" } }));
    let refused = Reply::json(401, json!({ "error": { "message": "bad key" } }));
    for (why, reply) in [("ill", ill), ("cooling", limited), ("its key is refused", refused)] {
        let failing = Vendor::start(move |_, _| reply.clone());
        let steady = Vendor::start(|_, _| Reply::chat("hello"));
        let text = pair(&failing, &steady);
        let mut home = Home::with(&text);
        let program = home.serve(&[]).await;
        assert_eq!(status(&home, "both").await, 200, "{why}");
        let asked = failing.count();
        assert!(asked > 0, "{why}");
        reload(&home, &program, &text).await;
        let answer = ask(&home, "both").await;
        assert_eq!(answer.headers()["x-provider"], "steady", "{why}");
        assert_eq!(failing.count(), asked, "{why}: it was asked again after the reload");
    }
}

#[tokio::test]
async fn not_the_cooling_of_a_key_that_was_replaced() {
    let failing = Vendor::start(|_, request| match request.header("authorization") {
        Some("Bearer sk-good") => Reply::chat("hello"),
        _ => Reply::json(401, json!({ "error": { "message": "bad key" } })),
    });
    let steady = Vendor::start(|_, _| Reply::chat("hello"));
    let text =
        |key: &str| pair(&failing, &steady).replace("failing: {", &format!("failing: {{ api_key: {key},"));
    let mut home = Home::with(&text("sk-bad"));
    let program = home.serve(&[]).await;
    assert_eq!(ask(&home, "both").await.headers()["x-provider"], "steady");
    reload(&home, &program, &text("sk-good")).await;
    assert_eq!(ask(&home, "both").await.headers()["x-provider"], "failing");
}
