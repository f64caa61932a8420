//! Providers that answer oddly, and what of it the client sees: the answer as it should be, or a clean error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "odd_vendors/events.rs"]
mod events;
#[path = "odd_vendors/framing.rs"]
mod framing;
#[path = "odd_vendors/huge.rs"]
mod huge;

use support::Gateway;
use support::KEY;
use support::Reply;
use support::Vendor;
use support::Wire;
use support::WireAnswer;
use support::chat_request;

const PLAIN: &str = r#"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#;
const STREAM: &str = r#"{"model":"chat","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;

/// A gateway before one vendor whose odd reply comes first; every later one is an ordinary answer.
struct Stage {
    gateway: Gateway,
    vendor: Vendor,
}

impl Stage {
    fn set(odd: Reply) -> Stage {
        let vendor = Vendor::start(move |number, _| match number {
            0 => odd.clone(),
            _ => Reply::chat("ordinary"),
        });
        Stage::before(vendor, "limits: { answer: 24MiB }")
    }

    fn before(vendor: Vendor, lines: &str) -> Stage {
        let gateway = Gateway::start(&format!(
            "
cache: {{ exact: {{ ttl: 0 }} }}
failover: {{ check_interval: off, retry_max: 0, answer: 5s, first_byte: 5s, first_event: 5s, between_events: 5s }}
providers:
  vendor: {{ kind: openai_compatible, base_url: '{}/v1', check: false }}
models: {{ chat: vendor/small }}
{lines}
",
            vendor.base_url()
        ));
        Stage { gateway, vendor }
    }

    async fn ask(&self, body: &str) -> WireAnswer {
        Wire::to(self.gateway.address()).await.ask(chat_request(KEY, body)).await
    }

    /// Nothing of the odd reply is taken for the next one.
    async fn goes_on(&self, after: &str) {
        let answer = self.ask(PLAIN).await;
        assert_eq!(
            (answer.status, text(&answer).as_str()),
            (200, "ordinary"),
            "after {after}: {}",
            answer.text()
        );
    }
}

/// The text of a whole answer.
fn text(answer: &WireAnswer) -> String {
    answer.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}

/// Checks for the 503 in OpenAI's envelope, with nothing of the vendor's in it.
fn is_refused(answer: &WireAnswer, case: &str) {
    assert_eq!(answer.status, 503, "{case}: {}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "no_provider_available", "{case}");
}
