//! Several keys of one provider: used in turn, left alone when they are spent, never shown.

use crate::support::Answer;
use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Request;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::config;
use crate::support::provider;
use crate::support::provider_with;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

/// Starts every key; the number of the key follows.
const SECRET: &str = "sk-vendor-secret-";

fn keyed(keys: usize, origin: &str) -> String {
    let keys: Vec<String> = (1..=keys).map(|key| format!("{SECRET}{key}")).collect();
    provider_with("keyed", origin, &format!("api_keys: [ {} ]", keys.join(", ")))
}

/// The number of the key a request came with.
fn key_of(request: &Request) -> usize {
    let key = request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    key.strip_prefix(SECRET).unwrap().parse().unwrap()
}

fn keys_used(vendor: &Vendor) -> Vec<usize> {
    vendor.requests().iter().map(key_of).collect()
}

fn refusal(status: u16) -> Reply {
    let message = format!("Incorrect API key provided: {SECRET}1");
    Reply::json(status, json!({ "error": { "message": message, "type": "x", "param": null, "code": null } }))
}

/// A provider of which some keys get this status, and one without keys behind it.
struct Stage {
    gateway: Gateway,
    keyed: Vendor,
    next: Vendor,
}

impl Stage {
    fn set(keys: usize, spent: usize, status: u16) -> Stage {
        let keyed_vendor = Vendor::start(move |_, request| match key_of(request) <= spent {
            true => refusal(status),
            false => Reply::answer(request, "keyed"),
        });
        let next = Vendor::start(|_, request| Reply::answer(request, "next"));
        let providers = [keyed(keys, keyed_vendor.base_url()), provider("next", next.base_url())];
        Stage { gateway: Gateway::start(&config("", &providers)), keyed: keyed_vendor, next }
    }

    async fn ask(&self) -> Answer {
        ask(&self.gateway, &chat_body(MODEL, false)).await
    }

    fn assert_nothing_is_shown(&self, answers: &[Answer]) {
        let bodies = answers.iter().map(|answer| answer.body.as_str());
        for text in bodies.chain([self.gateway.logs().join("\n").as_str()]) {
            assert!(!text.contains(SECRET), "a key is shown: {text}");
        }
    }
}

#[tokio::test]
async fn keys_are_used_in_turn() {
    let stage = Stage::set(3, 0, 0);
    for _ in 0..30 {
        stage.ask().await;
    }
    let used = keys_used(&stage.keyed);
    let each = [1, 2, 3].map(|key| used.iter().filter(|used| **used == key).count());
    assert_eq!(each, [10, 10, 10]);
}

#[tokio::test]
async fn a_key_that_is_too_fast_cools_and_the_other_is_used_at_once() {
    let stage = Stage::set(2, 1, 429);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(stage.ask().await);
    }
    assert!(answers.iter().all(|answer| (answer.status, answer.provider()) == (200, Some("keyed"))));
    let attempts: usize = answers.iter().map(Answer::attempts).sum();
    assert_eq!(attempts, 7, "one request went on from the first key to the second");
    assert_eq!(keys_used(&stage.keyed).iter().filter(|key| **key == 1).count(), 1);
    assert_eq!(stage.next.count(), 0);
    assert_eq!(stage.gateway.metric("tollgate_provider_keys_usable{provider=\"keyed\"}"), 1.0);
    stage.assert_nothing_is_shown(&answers);
}

/// Z.ai says so with a 429, most with a 503; no other key of theirs would do better.
#[tokio::test]
async fn a_provider_that_is_busy_whatever_the_key_is_left_alone_with_all_of_them() {
    for (status, code) in [(429, "1305"), (503, "overloaded")] {
        let busy = json!({ "error": { "message": "busy", "code": code } });
        let vendor =
            Vendor::start(move |_, _| Reply::json_with(status, &[("retry-after", "60")], busy.clone()));
        let next = Vendor::start(|_, request| Reply::answer(request, "next"));
        let providers = [keyed(3, vendor.base_url()), provider("next", next.base_url())];
        let gateway = Gateway::start(&config("", &providers));
        for attempts in [2, 1] {
            let answer = ask(&gateway, &chat_body(MODEL, false)).await;
            assert_eq!((answer.provider(), answer.attempts()), (Some("next"), attempts), "{status}");
        }
        assert_eq!(keys_used(&vendor), [1], "{status}");
        assert_eq!(gateway.metric("tollgate_provider_keys_usable{provider=\"keyed\"}"), 0.0, "{status}");
    }
}

#[tokio::test]
async fn a_key_that_has_cooled_is_used_again() {
    let vendor = Vendor::start(|number, request| match number {
        0 => Reply::json_with(429, &[("retry-after", "1")], json!({})),
        _ => Reply::answer(request, "keyed"),
    });
    let gateway = Gateway::start(&config("", &[keyed(2, vendor.base_url())]));
    let begun = Instant::now();
    loop {
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.status, 200);
        let requests = vendor.requests();
        if let Some(again) = requests[1..].iter().find(|request| key_of(request) == 1) {
            return assert!(again.at - requests[0].at >= Duration::from_secs(1), "used while it cooled");
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the key is not back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_key_that_is_refused_or_spent_is_put_aside() {
    for status in [401, 402, 403] {
        let stage = Stage::set(2, 1, status);
        let mut answers = Vec::new();
        for _ in 0..6 {
            answers.push(stage.ask().await);
        }
        assert!(answers.iter().all(|answer| (answer.status, answer.provider()) == (200, Some("keyed"))));
        assert_eq!(keys_used(&stage.keyed).iter().filter(|key| **key == 1).count(), 1, "{status}");
        let line = stage.gateway.wait_for_log(|line| line.contains("key put aside")).await;
        assert!(line.contains("\"key\":1") && line.contains("\"provider\":\"keyed\""), "{line}");
        assert!(!stage.gateway.logs().iter().any(|line| line.contains("no usable key left")));
        stage.assert_nothing_is_shown(&answers);
    }
}

#[tokio::test]
async fn when_all_keys_are_gone_it_is_said_and_the_next_provider_answers() {
    for (status, keys) in [(401, 1), (401, 2), (403, 3), (429, 3)] {
        let stage = Stage::set(keys, keys, status);
        let answers = [stage.ask().await, stage.ask().await];
        let seen = answers.iter().map(|answer| (answer.status, answer.provider(), answer.attempts()));
        let expected = [(200, Some("next"), keys + 1), (200, Some("next"), 1)];
        assert_eq!(seen.collect::<Vec<_>>(), expected, "{keys} keys, {status}");
        assert_eq!(stage.keyed.count(), keys, "nobody is asked with a key that is gone");
        let line = stage.gateway.wait_for_log(|line| line.contains("no usable key left")).await;
        assert!(line.contains("\"provider\":\"keyed\""), "{line}");
        assert_eq!(stage.gateway.metric("tollgate_provider_healthy{provider=\"keyed\"}"), 0.0);
        stage.assert_nothing_is_shown(&answers);
    }
}

#[tokio::test]
async fn many_spent_keys_do_not_use_up_the_way_to_the_next_provider() {
    let stage = Stage::set(9, 9, 429);
    let answer = stage.ask().await;
    assert_eq!((answer.status, answer.provider()), (200, Some("next")));
    assert_eq!(answer.attempts(), 4, "1 + retry_max");
}

#[tokio::test]
async fn without_any_key_and_without_another_provider_the_client_is_told_to_come_back() {
    let vendor = Vendor::start(|_, _| refusal(429));
    let gateway = Gateway::start(&config("", &[keyed(2, vendor.base_url())]));
    let body = chat_body(MODEL, false);
    let answers = [ask(&gateway, &body).await, ask(&gateway, &body).await];
    for answer in &answers {
        assert_eq!((answer.status, answer.error_code().as_deref()), (503, Some("no_provider_available")));
        assert!(matches!(answer.retry_after(), Some(1..=60)), "{answer:?}");
        assert!(!answer.body.contains(SECRET), "{answer:?}");
    }
    assert_eq!(answers.map(|answer| answer.attempts()), [2, 0], "keys that cool are left alone");
}

/// A broker that quotes the request it got, for the caller's own fault and in the middle of a stream.
#[tokio::test]
async fn a_key_that_a_provider_quotes_is_not_handed_on() {
    let quoting =
        json!({ "message": format!("bad value in: Bearer {SECRET}1"), "type": "invalid_request_error" });
    let plain = json!({ "detail": format!("bad value in: Bearer {SECRET}1") });
    let event = json!({ "error": quoting.clone() }).to_string();
    let envelope = json!({ "error": quoting });
    let broker = Vendor::start(move |number, _| match number {
        0 => Reply::json(400, envelope.clone()),
        1 => Reply::json(422, plain.clone()),
        _ => Reply::stream(&[&chunk("so"), &event]),
    });
    let gateway = Gateway::start(&config("", &[keyed(1, broker.base_url())]));
    for (stream, status) in [(false, 400), (false, 422), (true, 200)] {
        let answer = ask(&gateway, &chat_body(MODEL, stream)).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.contains("bad value in"), "the rest is told: {answer:?}");
        assert!(!answer.body.contains(SECRET), "{answer:?}");
    }
}
