//! What operators see: one line per request, and metrics; and what nobody may see there.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access_line;
mod metrics;
mod secrets;
#[path = "../support/mod.rs"]
mod support;

use support::DONE;
use support::Gateway;
use support::Reply;
use support::Request;
use support::Vendor;
use support::chunk;
use support::finish_chunk;
use support::usage_chunk;

/// Two providers, of which the first never works and the second is one whose prices are known.
struct Stage {
    gateway: Gateway,
    lame: Vendor,
    _steady: Vendor,
}

impl Stage {
    /// With these lines of configuration besides.
    fn set(more: &str) -> Stage {
        Stage::with(more, |_, request| match request.json()["stream"] == true {
            true => {
                Reply::stream(&[&chunk("hello "), &chunk("there"), &finish_chunk(), &usage_chunk(5, 7), DONE])
            }
            false => Reply::chat("hello there"),
        })
    }

    fn with(more: &str, steady: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
        let lame =
            Vendor::start(|_, _| Reply::json(503, serde_json::json!({ "error": { "message": "down" } })));
        let steady = Vendor::start(steady);
        let yaml = format!(
            "failover: {{ check_interval: off, unhealthy_after: 2, unhealthy_for: 1h }}\nproviders:\n  lame: {{ kind: \
             openai_compatible, base_url: '{}/v1', check: false }}\n  openai: {{ api_key: sk-hush, base_url: '{}/v1', \
             check: false }}\nmodels: {{ good: openai/gpt-4o-mini, bad: lame/m }}\ngroups: {{ shaky: {{ order: \
             as-written, members: [ lame/m, openai/gpt-4o-mini ] }}, alone: {{ failover: off, members: [ lame/m ] }} \
             }}\n{more}",
            lame.base_url(),
            steady.base_url()
        );
        Stage { gateway: Gateway::start(&yaml), lame, _steady: steady }
    }

    /// Posts a chat request under an id of its own; the status and the whole answer.
    async fn chat(&self, id: &str, model: &str, stream: bool) -> (u16, String) {
        self.chat_with(id, support::chat_body(model, stream), &[]).await
    }

    async fn chat_with(&self, id: &str, body: serde_json::Value, headers: &[(&str, &str)]) -> (u16, String) {
        let request = support::client().post(self.gateway.url("/v1/chat/completions?api_key=hush"));
        let mut request = request.header("x-request-id", id).json(&body);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(self.gateway.key());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("no answer from the gateway");
        (answer.status().as_u16(), answer.text().await.expect("the answer is cut"))
    }

    /// The access line of a request; panics when there are several.
    async fn line(&self, id: &str) -> String {
        self.gateway.wait_for_log(|line| line.contains(id)).await;
        let lines: Vec<String> = self.gateway.logs().into_iter().filter(|line| line.contains(id)).collect();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.into_iter().next().unwrap()
    }
}
