//! Two gateways that share a Redis: what one of them uses up or finds too fast, the other leaves alone as well.

use crate::support::Answer;
use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::RedisServer;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::completion;
use crate::support::config;
use crate::support::provider;
use crate::support::provider_with;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

const DEADLINE: Duration = Duration::from_secs(20);

struct Stage {
    one: Gateway,
    other: Gateway,
    first: Vendor,
    _next: Vendor,
    redis: RedisServer,
}

impl Stage {
    fn set(first: Vendor, settings: &str) -> Stage {
        let redis = RedisServer::start();
        let next = Vendor::start(|_, request| Reply::answer(request, "next"));
        let settings = format!("api_key: secret-shared-key, {settings}");
        let providers =
            [provider_with("first", first.base_url(), &settings), provider("next", next.base_url())];
        let yaml = config("", &providers);
        let start = || Gateway::start_with(&yaml, &[("REDIS_URL", &redis.url())]);
        let (one, other) = (start(), start());
        Stage { one, other, first, _next: next, redis }
    }
}

async fn asked(gateway: &Gateway) -> Answer {
    let answer = ask(gateway, &chat_body(MODEL, false)).await;
    assert_eq!(answer.status, 200);
    answer
}

async fn who(gateway: &Gateway) -> String {
    asked(gateway).await.provider().unwrap().to_owned()
}

const USABLE: &str = "tollgate_provider_keys_usable{provider=\"first\"}";

#[tokio::test]
async fn replicas_use_one_allowance() {
    for quota in ["requests: 3/day rolling", "requests: 3/h", "tokens: 25/day rolling"] {
        let first = Vendor::start(|_, request| Reply::answer(request, "first"));
        let stage = Stage::set(first, &format!("quota: {{ {quota} }}"));
        let answers = [who(&stage.one).await, who(&stage.one).await, who(&stage.other).await];
        assert_eq!(answers, ["first", "first", "first"], "{quota}");
        for gateway in [&stage.other, &stage.one] {
            gateway.metric_becomes(USABLE, 0.0).await;
            assert_eq!(who(gateway).await, "next", "{quota}");
        }
        assert_eq!(stage.first.count(), 3, "{quota}");
        let keys: Vec<String> = stage.redis.say("KEYS *");
        assert!(!keys.join(" ").contains("secret"), "{keys:?}");
    }
}

#[tokio::test]
async fn a_key_that_cools_on_one_cools_on_the_other() {
    let first = Vendor::start(|_, _| Reply::json_with(429, &[("retry-after", "600")], json!({})));
    let stage = Stage::set(first, "");
    assert_eq!(asked(&stage.one).await.attempts(), 2);
    stage.other.metric_becomes(USABLE, 0.0).await;
    let answer = asked(&stage.other).await;
    assert_eq!((answer.provider(), answer.attempts()), (Some("next"), 1));
    assert_eq!(stage.first.count(), 1);
}

#[tokio::test]
async fn what_a_provider_says_to_one_the_other_heeds() {
    let first = Vendor::start(|number, request| match number {
        0 => {
            let spent = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "10m")];
            Reply::json_with(200, &spent, completion("first"))
        }
        _ => Reply::answer(request, "first"),
    });
    let stage = Stage::set(first, "");
    assert_eq!(who(&stage.one).await, "first");
    let begun = Instant::now();
    while who(&stage.other).await == "first" {
        assert!(begun.elapsed() < DEADLINE, "the other was not told");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_redis_each_counts_for_itself() {
    let first = Vendor::start(|_, request| Reply::answer(request, "first"));
    let mut stage = Stage::set(first, "quota: { requests: 1/day rolling }");
    stage.redis.stop();
    for gateway in [&stage.one, &stage.other] {
        assert_eq!([who(gateway).await, who(gateway).await], ["first", "next"]);
    }
}
