//! The client leaves: at whatever moment it does, the call to the provider ends, and what was used is settled.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "client_gone/early.rs"]
mod early;
#[path = "client_gone/http2.rs"]
mod http2;
#[path = "client_gone/moments.rs"]
mod moments;
#[path = "client_gone/odd.rs"]
mod odd;

use std::time::Duration;
use std::time::Instant;
use support::Gateway;
use support::KEY;
use support::Reply;
use support::Request;
use support::Vendor;
use support::Wire;
use support::chat_request;

/// What the key of every test may use; a request holds about 130 of them, and only one may be under way.
const TOKENS: u64 = 10_000;

/// A gateway before vendors: `first` does what a test says, `second` would answer, `refusing` uses nothing.
struct Stage {
    gateway: Gateway,
    first: Vendor,
    second: Vendor,
    _refusing: Vendor,
}

impl Stage {
    fn set(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
        let (first, second) = (Vendor::start(script), Vendor::start(|_, _| Reply::chat("second")));
        let no = serde_json::json!({ "error": { "message": "no", "type": "invalid_request_error" } });
        let refusing = Vendor::start(move |_, _| Reply::json(400, no.clone()));
        let probe =
            format!("{{ kind: openai_compatible, base_url: '{}/v1', check: false }}", refusing.base_url());
        let config = config(first.base_url(), second.base_url());
        let config = config.replace("groups:", &format!("  probe: {probe}\ngroups:"));
        Stage { gateway: Gateway::start(&config), first, second, _refusing: refusing }
    }

    async fn connect(&self) -> Wire {
        Wire::to(self.gateway.address()).await
    }

    /// Checks everything that must hold after request number `count` was left by its client, except when the
    /// vendor heard of it; returns the log line.
    async fn is_settled(&self, count: usize) -> serde_json::Value {
        let lines = self.gateway.wait_for_logs(count, |line| line.contains("\"status\":499")).await;
        let line: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!(line["error"], "client_left", "{line}");
        assert_eq!(self.second.count(), 0, "another provider was asked for a client that had left");
        self.in_flight(0.0).await;
        assert_eq!(self.gateway.metric("tollgate_streams_in_flight"), 0.0);
        assert_eq!(self.gateway.metric("tollgate_upstream_in_flight"), 0.0);
        line
    }

    /// Waits until so many requests are under way.
    async fn in_flight(&self, count: f64) {
        while self.gateway.metric("tollgate_requests_in_flight") != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Tokens that are left to the key, which also shows that its only place is free.
    async fn tokens_left(&self) -> u64 {
        let probe = body("hello", false).replace("\"chat\"", "\"probe/m\"");
        let answer = self.connect().await.ask(chat_request(KEY, &probe)).await;
        assert_eq!(answer.status, 400, "no place is free: {}", answer.text());
        let left = answer.header("x-ratelimit-remaining-tokens").expect("no limit").parse::<u64>().unwrap();
        // The probe itself held what it might have needed.
        left + probe.len().div_ceil(4) as u64 + 100
    }
}

fn config(first: &str, second: &str) -> String {
    format!(
        "
cache: {{ exact: {{ ttl: 0 }} }}
failover: {{ check_interval: off, wait_for: 60s }}
providers:
  first: {{ kind: openai_compatible, base_url: '{first}/v1', check: false }}
  second: {{ kind: openai_compatible, base_url: '{second}/v1', check: false }}
groups: {{ chat: {{ strategy: priority, order: as-written, members: [ first/m, second/m ] }} }}
keys: [ {{ name: app, key: {KEY}, limits: {{ concurrent: 1, tokens: {TOKENS}/day }} }} ]
"
    )
}

fn body(prompt: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"chat","max_tokens":100,"stream":{stream},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    )
}

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
enum Leaving {
    Close,
    Reset,
    /// HTTP/2: the stream is reset, the connection stays.
    ResetStream,
}

const LEAVINGS: [Leaving; 3] = [Leaving::Close, Leaving::Reset, Leaving::ResetStream];

impl Leaving {
    /// Asks, waits until `ready`, and leaves. When that was is what comes back.
    async fn after(self, stage: &Stage, body: String, ready: impl Future<Output = ()>) -> Instant {
        match self {
            Leaving::Close | Leaving::Reset => {
                let mut client = stage.connect().await;
                client.send(chat_request(KEY, &body)).await;
                ready.await;
                let left = Instant::now();
                if let Leaving::Reset = self {
                    client.reset();
                }
                left
            }
            Leaving::ResetStream => {
                let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
                let url = stage.gateway.url("/v1/chat/completions");
                let request = client.post(url).bearer_auth(KEY).body(body);
                let asking = tokio::spawn(async move { request.send().await.unwrap().bytes().await });
                ready.await;
                let left = Instant::now();
                asking.abort();
                // The connection must live until the reset is sent.
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    drop(client);
                });
                left
            }
        }
    }
}

/// Waits until the gateway passes a stream on.
async fn streaming(gateway: &Gateway) {
    while gateway.metric("tollgate_streams_in_flight") < 1.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the vendor has lost so many connections, and checks that the last went quickly.
async fn closed_promptly(vendor: &Vendor, count: usize, left: Instant, case: &str) {
    let closed = vendor.wait_for_closed(count).await;
    let took = closed[count - 1].at.saturating_duration_since(left);
    println!("{case}: closed after {took:?}");
    assert!(took < Duration::from_secs(1), "{case}: closed after {took:?}");
}
