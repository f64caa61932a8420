//! The exact cache, seen from outside: what is answered from it, in which form, and what is never kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "cache/bounds.rs"]
mod bounds;
#[path = "cache/flights.rs"]
mod flights;
#[path = "cache/forms.rs"]
mod forms;
#[path = "cache/hits.rs"]
mod hits;
#[path = "cache/identity.rs"]
mod identity;

use serde_json::Value;
use support::Gateway;
use support::Reply;
use support::Request;
use support::Vendor;
use support::Wire;
use support::WireAnswer as Answer;
use support::chunk;
use support::finish_chunk;
use support::request;
use support::usage_chunk;

const KEY: &str = "tg-app-key-0123456789";
const OTHER_KEY: &str = "tg-other-key-0123456789";
const BODY: &str = r#"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#;

/// A gateway before one vendor.
struct Stage {
    gateway: Gateway,
    vendor: Vendor,
}

impl Stage {
    /// With these settings of the exact cache.
    fn set(settings: &str, script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
        let vendor = Vendor::start(script);
        let gateway = Gateway::start(&format!(
            "
cache: {{ exact: {{ {settings} }} }}
failover: {{ check_interval: off, retry_max: 0 }}
providers:
  vendor: {{ kind: openai_compatible, base_url: '{}/v1', check: false }}
models: {{ chat: vendor/small, other: vendor/small }}
keys:
  - {{ name: app, key: {KEY}, limits: {{ tokens: 100000/day, requests: 1000/day }} }}
  - {{ name: other, key: {OTHER_KEY} }}
",
            vendor.base_url()
        ));
        Stage { gateway, vendor }
    }

    async fn ask(&self, body: &str) -> Answer {
        self.ask_with(&[], body).await
    }

    async fn ask_with(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut client = Wire::to(self.gateway.address()).await;
        client.ask(request("POST", "/v1/chat/completions", KEY, headers, body)).await
    }

    async fn ask_at(&self, path: &str, key: &str, body: &str) -> Answer {
        Wire::to(self.gateway.address()).await.ask(request("POST", path, key, &[], body)).await
    }
}

/// The number of the request as the answer, in the form that was asked for.
fn number(number: usize, request: &Request) -> Reply {
    let text = format!("answer {number}");
    match is_stream(request) {
        false => Reply::chat(&text),
        true => Reply::stream(&[&chunk(&text), &finish_chunk(), &usage_chunk(5, 7), support::DONE]),
    }
}

fn is_stream(request: &Request) -> bool {
    request.json()["stream"] == true
}

/// `HIT`, `MISS`, `BYPASS`, or nothing where the cache is off.
fn said(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-cache").unwrap_or_default()
}

fn content(answer: &Answer) -> String {
    answer.json()["choices"][0]["message"]["content"].as_str().expect("no content").to_owned()
}

/// The chunks of a streamed answer, which must end with `[DONE]`.
fn chunks(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    let mut events = support::sse_events(&answer.text());
    assert_eq!(events.pop().as_deref(), Some(support::DONE), "{}", answer.text());
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// The same body with one more field.
fn with(body: &str, field: &str) -> String {
    body.replacen('{', &format!("{{{field},"), 1)
}
