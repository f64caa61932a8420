//! Who is asked first: weights, tiers, the order of a group and of the chain.

use crate::support::Answer;
use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::config;
use crate::support::provider_with;
use serde_json::json;
use std::sync::Arc;
use std::sync::Mutex;

/// Providers that write down in which order they are asked, and refuse; the last one asked answers.
struct Stage {
    gateway: Gateway,
    asked: Arc<Mutex<Vec<&'static str>>>,
    _vendors: Vec<Vendor>,
}

impl Stage {
    /// Providers of these names and settings, and more lines of configuration.
    fn set(providers: &[(&'static str, &str)], more: &str) -> Stage {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = providers.len();
        let start = |name: &'static str| {
            let asked = asked.clone();
            Vendor::start(move |_, request| {
                let mut asked = asked.lock().unwrap();
                asked.push(name);
                match asked.len() < all {
                    true => Reply::json(503, json!({})),
                    false => Reply::answer(request, name),
                }
            })
        };
        let vendors: Vec<Vendor> = providers.iter().map(|(name, _)| start(name)).collect();
        let lines: Vec<String> = providers
            .iter()
            .zip(&vendors)
            .map(|((name, more), vendor)| provider_with(name, vendor.base_url(), more))
            .collect();
        let gateway = Gateway::start(&format!("{}{more}", config("retry_max: 9, ", &lines)));
        Stage { gateway, asked, _vendors: vendors }
    }

    async fn order(&self, model: &str) -> Vec<&'static str> {
        assert_eq!(ask(&self.gateway, &chat_body(model, false)).await.status, 200);
        self.asked.lock().unwrap().clone()
    }
}

const TIERS: [(&str, &str); 4] =
    [("paid", "tier: paid"), ("local", "tier: local"), ("flat", "tier: flat"), ("free", "tier: free")];

fn group(settings: &str) -> String {
    format!("groups: {{ g: {{ {settings}members: [ paid/m, local/m, flat/m, free/m ] }} }}\n")
}

#[tokio::test]
async fn members_of_a_group_are_tried_by_tier_unless_it_says_otherwise() {
    let table = [
        ("", ["free", "flat", "paid", "local"]),
        ("order: tier, ", ["free", "flat", "paid", "local"]),
        ("order: media, ", ["free", "flat", "local", "paid"]),
        ("order: as-written, ", ["paid", "local", "flat", "free"]),
    ];
    for (settings, expected) in table {
        assert_eq!(Stage::set(&TIERS, &group(settings)).order("g").await, expected, "{settings}");
    }
}

#[tokio::test]
async fn a_model_is_asked_of_the_provider_that_was_named_and_then_along_the_chain() {
    let table = [
        (MODEL, ["paid", "local", "flat", "free"]),
        ("flat/m", ["flat", "paid", "local", "free"]),
        ("free/m", ["free", "paid", "local", "flat"]),
    ];
    for (model, expected) in table {
        assert_eq!(Stage::set(&TIERS, "").order(model).await, expected, "{model}");
    }
}

#[tokio::test]
async fn weights_share_out_requests_and_failures_go_on_in_order() {
    let vendors = ["a", "b", "c"].map(|name| Vendor::start(move |_, request| Reply::answer(request, name)));
    let line = |(vendor, name): (&Vendor, &str)| provider_with(name, vendor.base_url(), "");
    let lines: Vec<String> = vendors.iter().zip(["a", "b", "c"]).map(line).collect();
    let members = "[ { model: a/m, weight: 60 }, { model: b/m, weight: 40 }, { model: c/m, weight: 0 } ]";
    let groups = format!("groups: {{ g: {{ strategy: weighted, members: {members} }} }}\n");
    let gateway = Gateway::start(&format!("{}{groups}", config("", &lines)));
    for _ in 0..400 {
        assert_eq!(ask(&gateway, &chat_body("g", false)).await.status, 200);
    }
    let [a, b, c] = vendors.each_ref().map(Vendor::count);
    // Ten standard deviations to either side of 240.
    assert!((140..340).contains(&a), "{a} of 400 requests for a weight of 60 of 100");
    assert_eq!((a + b, c), (400, 0), "weight 0 is a last resort");
}

#[tokio::test]
async fn a_draw_by_weight_fails_over_to_everybody_else() {
    let weights = [("a", "weight: 1"), ("b", "weight: 1"), ("spare", "weight: 0")];
    let groups = "groups: { g: { strategy: weighted, members: [ spare/m, a/m, b/m ] } }\n";
    let order = Stage::set(&weights, groups).order("g").await;
    assert!(
        [["a", "b", "spare"], ["b", "a", "spare"]].contains(&[order[0], order[1], order[2]]),
        "{order:?}"
    );
}

#[tokio::test]
async fn weights_of_providers_spread_a_bare_name_but_not_a_named_provider() {
    let vendors = ["a", "b"].map(|name| Vendor::start(move |_, request| Reply::answer(request, name)));
    let line = |(vendor, name): (&Vendor, &str)| provider_with(name, vendor.base_url(), "weight: 1");
    let lines: Vec<String> = vendors.iter().zip(["a", "b"]).map(line).collect();
    let gateway = Gateway::start(&config("", &lines));
    let mut answers: Vec<Answer> = Vec::new();
    for _ in 0..60 {
        answers.push(ask(&gateway, &chat_body(MODEL, false)).await);
    }
    let by_b = answers.iter().filter(|answer| answer.provider() == Some("b")).count();
    assert!((1..60).contains(&by_b), "{by_b} of 60 went to the second");
    for _ in 0..10 {
        assert_eq!(ask(&gateway, &chat_body("b/m", false)).await.provider(), Some("b"));
    }
}
