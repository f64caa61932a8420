//! Bad input from clients and what it gets: a clear refusal, a process that lives on, and nothing told to others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "bad_input/bodies.rs"]
mod bodies;
#[path = "bad_input/doors.rs"]
mod doors;
#[path = "bad_input/framing.rs"]
mod framing;
#[path = "bad_input/heads.rs"]
mod heads;
#[path = "bad_input/keys.rs"]
mod keys;
#[path = "bad_input/names.rs"]
mod names;
#[path = "bad_input/secrets.rs"]
mod secrets;
#[path = "bad_input/slow.rs"]
mod slow;
#[path = "bad_input/too_large.rs"]
mod too_large;

use support::Gateway;
use support::Reply;
use support::Vendor;
use support::Wire;
use support::WireAnswer;
use support::chat_request;

/// A key for everything, and one for the alias `chat` alone.
const KEY: &str = "tg-app-key-0123456789";
const NARROW_KEY: &str = "tg-narrow-key-0123456789";
const PROVIDER_KEY: &str = "sk-provider-key-0123456789";
/// Largest body, in bytes.
const LIMIT: usize = 64 << 10;
const GOOD: &str = r#"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#;

/// A gateway before one vendor that always answers.
struct Stage {
    gateway: Gateway,
    vendor: Vendor,
}

const CONFIG: &str = "
cache: { exact: { ttl: 0 } }
failover: { check_interval: off, retry_max: 0 }
limits: { body: 64KiB }
providers:
  vendor: { kind: openai_compatible, base_url: '{vendor}/v1', api_key: {provider_key}, check: false }
models: { chat: vendor/small, chat-large: vendor/large }
keys:
  - { name: app, key: {key} }
  - { name: narrow, key: {narrow_key}, models: [ chat ] }
";

impl Stage {
    fn set() -> Stage {
        Stage::with(&[])
    }

    /// With some words of its configuration replaced by others.
    fn with(changes: &[(&str, &str)]) -> Stage {
        Stage::before(Vendor::start(|_, _| Reply::chat("hi")), changes)
    }

    fn before(vendor: Vendor, changes: &[(&str, &str)]) -> Stage {
        let own = [
            ("{vendor}", vendor.base_url()),
            ("{provider_key}", PROVIDER_KEY),
            ("{key}", KEY),
            ("{narrow_key}", NARROW_KEY),
        ];
        let config = changes.iter().chain(&own).fold(CONFIG.to_owned(), |c, (old, new)| c.replace(old, new));
        Stage { gateway: Gateway::start(&config), vendor }
    }

    async fn connect(&self) -> Wire {
        Wire::to(self.gateway.address()).await
    }

    /// The process serves a stranger on a new connection.
    async fn is_alive(&self, after: &str) {
        let answer = self.connect().await.ask(chat_request(KEY, GOOD)).await;
        assert_eq!(answer.status, 200, "after {after}: {}", answer.text());
    }
}

/// Checks that an answer is a refusal in OpenAI's envelope, and returns its `error`.
fn refusal(answer: &WireAnswer, status: u16, case: &str) -> serde_json::Value {
    assert_eq!(answer.status, status, "{case}: {}", answer.text());
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{case}: no request id");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
    let error = answer.json()["error"].clone();
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{case}: {error}");
    assert!(error["type"].as_str().is_some_and(|t| !t.is_empty()), "{case}: {error}");
    assert!(error.get("param").is_some() && error.get("code").is_some(), "{case}: {error}");
    error
}
