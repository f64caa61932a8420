//! Who may ask, and how much: keys, and the limits of keys and addresses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "auth_limits/addresses.rs"]
mod addresses;
#[path = "auth_limits/buckets.rs"]
mod buckets;
#[path = "auth_limits/concurrent.rs"]
mod concurrent;
#[path = "auth_limits/keys.rs"]
mod keys;
#[path = "auth_limits/reload.rs"]
mod reload;

use support::Gateway;
use support::Reply;
use support::Request;
use support::Vendor;
use support::Wire;
use support::WireAnswer as Answer;
use support::chat_request;

const KEY: &str = "tg-app-key-0123456789";
const OTHER_KEY: &str = "tg-other-key-0123456789";

/// A gateway before a vendor that does what the prompt says; see [`obey`].
struct Stage {
    gateway: Gateway,
    vendor: Vendor,
}

impl Stage {
    /// With these lines in the configuration, and keys `app` with these `limits` and `other` without.
    fn set(lines: &str, limits: &str) -> Stage {
        let vendor = Vendor::start(|_, request| obey(request));
        let gateway = Gateway::start(&Stage::config(&vendor, lines, limits));
        Stage { gateway, vendor }
    }

    async fn reload(&self, lines: &str, limits: &str) {
        self.gateway.reconfigure(&Stage::config(&self.vendor, lines, limits)).await;
    }

    fn config(vendor: &Vendor, lines: &str, limits: &str) -> String {
        format!(
            "
cache: {{ exact: {{ ttl: 0 }} }}
failover: {{ check_interval: off, retry_max: 0 }}
providers:
  vendor: {{ kind: openai_compatible, base_url: '{}/v1', check: false }}
models: {{ chat: vendor/small }}
keys:
  - {{ name: app, key: {KEY}, limits: {{ {limits} }} }}
  - {{ name: other, key: {OTHER_KEY} }}
{lines}
",
            vendor.base_url()
        )
    }

    async fn connect(&self) -> Wire {
        Wire::to(self.gateway.address()).await
    }

    /// One prompt on a connection of its own.
    async fn ask(&self, key: &str, prompt: &str) -> Answer {
        self.connect().await.ask(chat_request(key, &body(prompt))).await
    }
}

fn body(prompt: &str) -> String {
    format!(r#"{{"model":"chat","max_tokens":100,"messages":[{{"role":"user","content":"{prompt}"}}]}}"#)
}

/// `hang`, `refuse`, `fail`, or an answer whose usage is 5 + 7 tokens.
fn obey(request: &Request) -> Reply {
    let prompt = request.json()["messages"][0]["content"].as_str().unwrap().to_owned();
    match prompt.as_str() {
        "hang" => Reply::silent(),
        "refuse" => Reply::json(400, serde_json::json!({ "error": { "message": "no", "type": "invalid" } })),
        "fail" => Reply::json(503, serde_json::json!({ "error": { "message": "busy" } })),
        _ => Reply::chat("hi"),
    }
}

/// Checks that an answer is a 429 in OpenAI's envelope that says when to come back.
fn limited(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&"rate_limit_error".into(), &"rate_limit_exceeded".into()));
    let wait: u64 = answer.header("retry-after").expect("no Retry-After").parse().unwrap();
    assert!((1..=60).contains(&wait), "Retry-After: {wait}");
    wait
}

/// A header that holds a number.
fn number(answer: &Answer, name: &str) -> u64 {
    let value = answer.header(name).unwrap_or_else(|| panic!("no {name} in {answer:?}"));
    value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
}
