//! Images, sound, moderation and ranking over real sockets: what reaches a provider, what reaches the client, and
//! what happens when either breaks off.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod asked;
mod events;
mod forms;
mod simulated;
mod sound;
#[path = "../support/mod.rs"]
mod support;
mod who;

use crate::asked::Asked;
use crate::support::Answer;
use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::client;
use serde_json::json;

/// Sends a request as the client of the test configuration.
async fn post(gateway: &Gateway, asked: &Asked) -> reqwest::Response {
    let request = client().post(gateway.url(asked.path)).bearer_auth(gateway.key());
    let request = request.header("content-type", asked.kind).body(asked.body.clone());
    request.send().await.expect("no answer from the gateway")
}

/// The whole answer to it.
async fn ask(gateway: &Gateway, asked: &Asked) -> Answer {
    let response = post(gateway, asked).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.text().await.expect("the gateway's answer has no clean end");
    Answer { status, headers, body }
}

/// A vendor that is down.
fn down() -> Vendor {
    Vendor::start(|_, _| Reply::json(503, json!({ "error": { "message": "down" } })))
}
