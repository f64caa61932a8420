//! One gateway before one simulated provider that speaks every dialect, and what a client makes of an answer.

use crate::support;
use crate::support::Gateway;
use crate::support::KEY;
use reqwest::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tollgate::mock::Behaviour;

const CONFIG: &str = "
strict: {strict}
cache: { exact: { ttl: 0 } }
failover: { check_interval: off, retry_max: 0 }
providers:
  openai: { kind: openai_compatible, base_url: 'http://{at}/v1', api_key: k-openai-0123 }
  responses: { kind: openai, base_url: 'http://{at}/v1', api_key: k-responses-0123 }
  azure: { kind: azure, base_url: 'http://{at}', api_key: k-azure-01234567, api_version: 2026-06-01 }
  anthropic: { base_url: 'http://{at}/v1', api_key: k-anthropic-0123 }
  gemini: { base_url: 'http://{at}/v1beta', api_key: k-gemini-0123 }
  ollama: { base_url: 'http://{at}' }
  cohere: { base_url: 'http://{at}/v2', api_key: k-cohere-0123 }
  replicate: { base_url: 'http://{at}/v1', api_key: k-replicate-0123 }
  bedrock: { base_url: 'http://{at}', api_key: 'AKIDEXAMPLE:wJalrXUtnFEMIexample', region: us-east-1 }
keys:
  - { name: app, key: '{key}' }
";

pub struct Stage {
    gateway: Gateway,
    http: reqwest::Client,
}

/// One call of a tool.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// An answer, plain or streamed, as a client puts it together.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub text: String,
    pub thought: String,
    pub calls: Vec<Call>,
    /// In the client's words.
    pub finish: String,
    pub input: u64,
    pub output: u64,
    /// What the client sends back as the assistant's turn: what its SDK keeps.
    pub turn: Value,
}

/// A client's dialect: how it asks, and how it reads.
pub trait Client: Sync {
    fn name(&self) -> &'static str;
    fn path(&self) -> &'static str;
    fn question(&self, model: &str, text: &str, stream: bool) -> Value;
    fn with_tool(&self, model: &str, text: &str, stream: bool) -> Value;
    /// The next request: the question, the call, and its result.
    fn with_result(&self, model: &str, text: &str, called: &Said, stream: bool) -> Value;
    fn with_picture(&self, model: &str, text: &str) -> Value;
    /// The same request, asking to think first.
    fn thinking(&self, body: Value) -> Value;
    fn read(&self, body: &Value) -> Said;
    /// Reads a stream as pairs of event name and data, and checks its order.
    fn read_stream(&self, events: &[(Option<String>, Value)]) -> Said;
    /// Whether its streams end in `[DONE]`.
    fn says_done(&self) -> bool;
    fn stopped(&self) -> &'static str;
    fn called(&self) -> &'static str;
    fn call_prefix(&self) -> &'static str;
    fn check_error(&self, body: &Value, status: u16);
}

/// A red dot.
pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

impl Stage {
    pub async fn set() -> Stage {
        Stage::with("false").await
    }

    pub async fn strict() -> Stage {
        Stage::with("true").await
    }

    async fn with(strict: &str) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        tokio::spawn(tollgate::mock::serve(listener, Behaviour::default()));
        let config = CONFIG.replace("{at}", &at).replace("{key}", KEY).replace("{strict}", strict);
        Stage::of(&config)
    }

    /// A gateway with this configuration, one of whose keys is [`KEY`].
    pub fn of(config: &str) -> Stage {
        Stage { gateway: Gateway::start(config), http: support::client() }
    }

    pub async fn send(&self, path: &str, body: &Value) -> Response {
        let request = self.http.post(self.gateway.url(path)).bearer_auth(KEY).json(body);
        request.send().await.unwrap()
    }

    pub async fn ask(&self, client: &dyn Client, body: &Value) -> Said {
        let answer = self.send(client.path(), body).await;
        let (status, kind) = (answer.status(), answer.headers()["content-type"].to_str().unwrap().to_owned());
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{} asked {body}: {text}", client.name());
        match body["stream"] == true {
            false => client.read(&serde_json::from_str(&text).unwrap()),
            true => {
                assert!(kind.starts_with("text/event-stream"), "{kind}: {text}");
                client.read_stream(&events(&text, client.says_done()))
            }
        }
    }

    pub async fn fails(&self, client: &dyn Client, body: &Value) -> (u16, Value) {
        let answer = self.send(client.path(), body).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// The events of a stream by name; comments are nothing.
fn events(stream: &str, says_done: bool) -> Vec<(Option<String>, Value)> {
    let blocks = stream.split("\n\n").filter(|block| !block.trim().is_empty());
    let mut events = Vec::new();
    let mut done = false;
    for block in blocks {
        assert!(!done, "something follows the end: {stream}");
        let field = |name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
        };
        match field("data:") {
            None => assert!(block.starts_with(':'), "{block}"),
            Some(data) if data == "[DONE]" => done = true,
            Some(data) => {
                let data = serde_json::from_str(&data).unwrap_or_else(|e| panic!("{e}: {data}"));
                events.push((field("event:"), data));
            }
        }
    }
    assert_eq!(done, says_done, "{stream}");
    events
}
