//! A client of the gateway that asks for a chat and reads the whole answer.

use crate::support::gateway::Gateway;
use crate::support::http::client;
use crate::support::http::sse_events;
use serde_json::Value;

/// What a client got: everything, read to a clean end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn provider(&self) -> Option<&str> {
        self.header("x-provider")
    }

    /// `X-Attempts`; 0 when no provider was asked.
    pub fn attempts(&self) -> usize {
        self.header("x-attempts").map_or(0, |number| number.parse().unwrap())
    }

    /// Whole seconds.
    pub fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").map(|seconds| seconds.parse().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The text of the first choice, whole or streamed.
    pub fn text(&self) -> String {
        if !self.is_stream() {
            return self.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        }
        let chunks = self.events().into_iter().filter_map(|event| serde_json::from_str::<Value>(&event).ok());
        chunks.filter_map(|c| c["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
    }

    pub fn is_stream(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// Payloads of the events.
    pub fn events(&self) -> Vec<String> {
        sse_events(&self.body)
    }

    /// OpenAI's `error.code`, from an error answer.
    pub fn error_code(&self) -> Option<String> {
        self.json()["error"]["code"].as_str().map(str::to_owned)
    }
}

/// Asks as the client of the test configuration.
pub async fn ask(gateway: &Gateway, body: &Value) -> Answer {
    ask_with(gateway, body, &[]).await
}

/// Like [`ask`], with headers besides the key's.
pub async fn ask_with(gateway: &Gateway, body: &Value, headers: &[(&str, &str)]) -> Answer {
    send(client(), gateway, body.to_string(), headers).await
}

/// Like [`ask_with`], with a client and a body of the caller's making.
pub async fn send(
    client: reqwest::Client,
    gateway: &Gateway,
    body: impl Into<reqwest::Body>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = client.post(gateway.url("/v1/chat/completions")).body(body);
    request = request.bearer_auth(gateway.key()).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("no answer from the gateway");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.text().await.expect("the gateway's answer has no clean end");
    Answer { status, headers, body }
}
