//! Requests that are answered later, through real gateways before scripted vendors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "jobs/bounds.rs"]
mod bounds;
#[path = "jobs/endings.rs"]
mod endings;
#[path = "jobs/life.rs"]
mod life;
#[path = "jobs/replicas.rs"]
mod replicas;

use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;
use support::Answer;
use support::KEY;
use support::client;

const DEADLINE: Duration = Duration::from_secs(40);
const OTHER: &str = "tg-other-key-00000002";

/// A configuration with jobs at `/q/`, two keys and one provider.
fn config(origin: &str, lines: &str) -> String {
    let config = support::config("", &[support::provider("p", origin)]);
    let keys = format!("keys: [ {{ name: test, key: {KEY} }}, {{ name: other, key: {OTHER} }} ]");
    format!("{config}routes: [ {{ path: /q/, jobs: true }} ]\n{keys}\n{lines}")
}

fn chat(more: Value) -> Value {
    let mut body = json!({ "model": "p/m", "messages": [{ "role": "user", "content": "Hello" }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The gateway at an origin, asked with a key.
struct Caller<'a> {
    origin: String,
    key: &'a str,
}

impl Caller<'_> {
    async fn hand_in(&self, body: &Value) -> Answer {
        received(self.post("/q/v1/chat/completions").json(body)).await
    }

    /// Hands in what is taken; the id.
    async fn taken(&self, body: &Value) -> String {
        let answer = self.hand_in(body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()["jobId"].as_str().unwrap().to_owned()
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        client().post(format!("{}{path}", self.origin)).bearer_auth(self.key)
    }

    async fn status(&self, id: &str) -> Answer {
        received(client().get(format!("{}/q/__jobs/{id}", self.origin)).bearer_auth(self.key)).await
    }

    async fn content(&self, id: &str) -> Answer {
        received(client().get(format!("{}/q/__jobs/{id}/content", self.origin)).bearer_auth(self.key)).await
    }

    async fn cancel(&self, id: &str) -> Answer {
        received(client().delete(format!("{}/q/__jobs/{id}", self.origin)).bearer_auth(self.key)).await
    }

    /// What is told of the job when it is in this state.
    async fn becomes(&self, id: &str, state: &str) -> Value {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let told = self.status(id).await.json();
            if told["status"] == state {
                return told;
            }
            assert!(Instant::now() < deadline, "it does not become {state}: {told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn received(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.text().await.unwrap() }
}
