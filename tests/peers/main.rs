//! Servers of others as providers, so that not only our own simulation says that we are understood: `make test-peers`.
//!
//! Each client asks each of their dialects, plain and streamed, with a tool and without.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod aimock;
#[path = "../matrix/chat.rs"]
mod chat;
mod litellm;
#[path = "../matrix/messages.rs"]
mod messages;
#[path = "../matrix/responses.rs"]
mod responses;
// The matrix needs more of it.
#[allow(dead_code)]
#[path = "../matrix/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

use crate::stage::Client;
use crate::stage::Stage;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

const CLIENTS: [&dyn Client; 3] = [&chat::Chat, &messages::Messages, &responses::Responses];

/// A call whose arguments cannot come about by chance.
const ORDER: &str = r#"call look_up with {"city":"Köln","days":3}"#;

/// Until a peer listens: it may have much to load.
const PATIENCE: Duration = Duration::from_secs(180);

/// What every configuration here begins with: a peer's refusal must be seen.
const COMMON: &str = "cache: { exact: { ttl: 0 } }\nfailover: { check_interval: off, retry_max: 0 }\n";

/// A model of a peer, and the clients that speak its dialect: those are given what it says as it says it.
struct Peer {
    model: &'static str,
    passed_on_to: &'static [&'static str],
}

impl Peer {
    fn translated(&self) -> impl Iterator<Item = (&'static dyn Client, bool)> {
        let others = CLIENTS.into_iter().filter(|client| !self.passed_on_to.contains(&client.name()));
        others.flat_map(|client| [(client, false), (client, true)])
    }

    async fn is_understood(&self, stage: &Stage) {
        self.answers(stage).await;
        self.calls_a_tool(stage).await;
        for client in CLIENTS.into_iter().filter(|client| self.passed_on_to.contains(&client.name())) {
            let answer = stage.send(client.path(), &client.question(self.model, "how are you?", false)).await;
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert!(
                status == 200 && text.contains("Hello from "),
                "{} -> {}: {text}",
                client.name(),
                self.model
            );
        }
    }

    async fn answers(&self, stage: &Stage) {
        for (client, stream) in self.translated() {
            let said = stage.ask(client, &client.question(self.model, "how are you?", stream)).await;
            let at = format!("{} -> {}, stream {stream}: {said:?}", client.name(), self.model);
            assert!(said.text.starts_with("Hello from "), "{at}");
            assert_eq!((said.finish.as_str(), said.calls.len()), (client.stopped(), 0), "{at}");
        }
    }

    async fn calls_a_tool(&self, stage: &Stage) {
        for (client, stream) in self.translated() {
            let called = stage.ask(client, &client.with_tool(self.model, ORDER, stream)).await;
            let at = format!("{} -> {}, stream {stream}: {called:?}", client.name(), self.model);
            assert_eq!((called.finish.as_str(), called.calls.len()), (client.called(), 1), "{at}");
            let arguments: Value = serde_json::from_str(&called.calls[0].arguments).unwrap();
            assert_eq!(arguments, json!({ "city": "Köln", "days": 3 }), "{at}");
            assert!(called.calls[0].id.starts_with(client.call_prefix()), "{at}");
            let next = client.with_result(self.model, ORDER, &called, stream);
            let answered = stage.ask(client, &next).await;
            assert!(answered.text.starts_with("Hello from "), "{at}, then {answered:?}");
        }
    }
}
