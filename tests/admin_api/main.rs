//! The admin API of a running gateway: who may do what, and what comes of it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod admins;
mod commands;
mod document;
mod keys;
mod replicas;
mod tenants;
mod usage;

use serde_json::Value;
use std::time::Duration;
use std::time::Instant;
use support::Gateway;
use support::Reply;
use support::Vendor;
use support::client;

/// A gateway in front of a vendor, and what its admin API says.
struct Stage {
    gateway: Gateway,
    owner: String,
    _vendor: Vendor,
}

impl Stage {
    fn new() -> Stage {
        Stage::with("")
    }

    fn with(more: &str) -> Stage {
        let vendor = Vendor::start(|_, _| Reply::chat("hello"));
        let provider = support::provider("first", vendor.base_url());
        let gateway = Gateway::start(&format!("{}{more}", support::config("", &[provider])));
        let owner = owner_of(&gateway);
        Stage { gateway, owner, _vendor: vendor }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        ask_as(&self.gateway, &self.owner, method, path, body).await
    }

    /// Like [`Stage::ask`]; panics unless it is done.
    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// The status of a request with this key.
    async fn serves(&self, key: &str) -> u16 {
        serves(&self.gateway, key).await
    }
}

/// The greeting comes before the first answer, but through a pipe of its own.
fn owner_of(gateway: &Gateway) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let said = gateway.said();
        if let Some(key) = said.iter().find_map(|line| line.strip_prefix("admin key, shown this once:")) {
            return key.trim().to_owned();
        }
        assert!(Instant::now() < deadline, "no admin key is shown: {said:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn ask_as(gateway: &Gateway, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = gateway.admin_url(&format!("/admin/v1{path}"));
    let mut request = client().request(method.parse().unwrap(), url).bearer_auth(token);
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn serves(gateway: &Gateway, key: &str) -> u16 {
    let request = client().post(gateway.url("/v1/chat/completions")).bearer_auth(key);
    let request = request.header("content-type", "application/json");
    request
        .body(support::chat_body(support::MODEL, false).to_string())
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}
