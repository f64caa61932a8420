//! Who asks and who pays: stored keys and tenants, what keeps them apart, and what they may use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "tenants/apart.rs"]
mod apart;
#[path = "tenants/budgets.rs"]
mod budgets;
#[path = "tenants/in_force.rs"]
mod in_force;
#[path = "tenants/replicas.rs"]
mod replicas;
#[path = "tenants/secrets.rs"]
mod secrets;
#[path = "tenants/stacked.rs"]
mod stacked;
#[path = "tenants/start.rs"]
mod start;
#[path = "tenants/stored.rs"]
mod stored;

use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;
use stored::Stored;
use support::Answer;
use support::Gateway;
use support::Reply;
use support::Request;
use support::Vendor;
use support::client;

/// A change made in the store has to be in force within this.
const IN_FORCE: Duration = Duration::from_secs(2);

const A1: &str = "tg-key-one-of-a-0001";
const A2: &str = "tg-key-two-of-a-0001";
const B1: &str = "tg-key-one-of-b-0001";
const NOBODYS: &str = "tg-key-of-nobody-0001";

/// Two keys of tenant `a`, one of tenant `b`, one of nobody.
const KEYS: &str = "
  - { name: a1, key: tg-key-one-of-a-0001, tenant: a }
  - { name: a2, key: tg-key-two-of-a-0001, tenant: a }
  - { name: b1, key: tg-key-one-of-b-0001, tenant: b }
  - { name: nobodys, key: tg-key-of-nobody-0001 }";

/// A gateway before a vendor of the models `small` and `large`, each of whose tokens costs a dollar.
struct Stage {
    gateway: Gateway,
    vendor: Vendor,
}

impl Stage {
    /// With these lines besides, and the keys and tenants of [`KEYS`].
    fn set(lines: &str) -> Stage {
        Stage::with(lines, |_, _| Reply::chat("hello"))
    }

    fn with(lines: &str, script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
        let vendor = Vendor::start(script);
        let tenants = if lines.contains("tenants:") { "" } else { "tenants: [ { name: a }, { name: b } ]\n" };
        let yaml = format!("{}{tenants}keys:{KEYS}\n{lines}\n", frame(&vendor, lines));
        Stage { gateway: Gateway::start(&yaml), vendor }
    }

    async fn ask(&self, key: &str) -> Answer {
        chat(&self.gateway, key, json!({})).await
    }
}

/// Everything but keys and tenants; no cache unless `lines` have one.
fn frame(vendor: &Vendor, lines: &str) -> String {
    let cache = if lines.contains("cache:") { "" } else { "cache: { exact: { ttl: 0 } }\n" };
    format!(
        "{cache}log: {{ format: json }}\nfailover: {{ check_interval: off, retry_max: 0 }}\nproviders:\n  vendor: {{ \
         kind: openai_compatible, base_url: '{}/v1', check: false, models: [ small, large ] }}\nmodels: {{ chat: \
         vendor/small, dear: vendor/large }}\npricing: {{ 'vendor/*': {{ input: 0, output: 1000000 }} }}\n",
        vendor.base_url()
    )
}

/// A chat with model `chat` and room for ten tokens, unless `more` says otherwise.
async fn chat(gateway: &Gateway, key: &str, more: Value) -> Answer {
    chat_with(gateway, key, more, &[]).await
}

async fn chat_with(gateway: &Gateway, key: &str, more: Value, headers: &[(&str, &str)]) -> Answer {
    let mut body =
        json!({ "model": "chat", "max_tokens": 10, "messages": [{ "role": "user", "content": "Hi" }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut request = client().post(gateway.url("/v1/chat/completions")).bearer_auth(key).json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    received(request).await
}

async fn received(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("no answer from the gateway");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.text().await.expect("the gateway's answer has no clean end");
    Answer { status, headers, body }
}

/// `error.message` of a refusal.
fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Asks until the status is this one; panics when it is not in time.
async fn becomes(gateway: &Gateway, key: &str, status: u16) -> Answer {
    becomes_within(gateway, key, IN_FORCE, |answer| answer.status == status).await
}

/// Asks until the answer is a 401 with these words in it.
async fn refuses(gateway: &Gateway, key: &str, words: &str, patience: Duration) {
    becomes_within(gateway, key, patience, |answer| answer.status == 401 && answer.body.contains(words))
        .await;
}

async fn becomes_within(
    gateway: &Gateway,
    key: &str,
    patience: Duration,
    fits: impl Fn(&Answer) -> bool,
) -> Answer {
    let deadline = Instant::now() + patience;
    loop {
        let late = Instant::now() > deadline;
        let answer = chat(gateway, key, json!({})).await;
        if fits(&answer) {
            return answer;
        }
        assert!(!late, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
