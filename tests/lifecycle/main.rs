//! The life of the process: first start, configurations that come into force while it serves, and its end.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod check;
mod environment;
mod first_start;
mod health;
mod leaving;
mod reload;
mod shutdown;
mod simulated;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod survives;

use support::Hand;
use support::Home;
use support::LiveStream;
use support::chat_body;
use support::chunk;
use support::read_until;

/// The key every configuration here knows.
const KEY: &str = "tg-lifecycle-0001";

/// What a file needs besides what a test is about. No cache and no checks: every request is one at a provider.
const FRAME: &str = "
listen: [ { address: '{listen}' } ]
admin: { listen: '{admin}' }
keys: [ { name: app, key: tg-lifecycle-0001 } ]
cache: { exact: { ttl: 0 } }
";

/// A configuration with two aliases for models of one provider at `origin`, and these lines besides.
fn yaml(origin: &str, alias: &str, more: &str) -> String {
    format!(
        "{FRAME}failover: {{ check_interval: off }}\nproviders: {{ only: {{ kind: openai_compatible, base_url: \
         '{origin}/v1', check: false }} }}\nmodels: {{ always: only/m, {alias}: only/m }}\n{more}"
    )
}

/// Asks for a plain chat answer.
async fn ask(home: &Home, model: &str) -> reqwest::Response {
    post(home, model, false).await
}

async fn post(home: &Home, model: &str, stream: bool) -> reqwest::Response {
    let request = support::client().post(home.url("/v1/chat/completions")).bearer_auth(KEY);
    request.json(&chat_body(model, stream)).send().await.expect("no answer from the gateway")
}

async fn status(home: &Home, model: &str) -> u16 {
    ask(home, model).await.status().as_u16()
}

/// Opens a stream that has brought its first words.
async fn begin(home: &Home, hand: &mut Hand, model: &str) -> (reqwest::Response, LiveStream) {
    let opened = async {
        let live = hand.opened().await;
        live.send(&chunk("first words "));
        live
    };
    let (mut stream, live) = tokio::join!(post(home, model, true), opened);
    assert_eq!(stream.status(), 200, "{model}");
    assert!(read_until(&mut stream, "first words ").await.contains("first words "));
    (stream, live)
}

/// Reads a stream to its end, which has to be a proper one.
async fn rest_of(stream: &mut reqwest::Response) -> String {
    read_until(stream, "\0").await
}
