//! `/v1/messages` over real sockets: what its clients say beside the body, counts of tokens, and refusals in its words.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use flate2::Compression;
use flate2::read::GzEncoder;
use serde_json::Value;
use serde_json::json;
use std::io::Read;
use support::Gateway;
use support::KEY;
use support::Reply;
use support::Request;
use support::Vendor;

const MODEL: &str = "claude-sonnet-4-6";

/// A vendor of Anthropic's that counts 7 tokens and answers one word, and a gateway that asks it or one of OpenAI's.
struct Stage {
    vendor: Vendor,
    other: Vendor,
    gateway: Gateway,
    http: reqwest::Client,
}

impl Stage {
    fn set(headers: &str) -> Stage {
        let vendor = Vendor::start(|_, request| anthropic(request));
        let other = Vendor::start(|_, request| Reply::answer(request, "hello"));
        let gateway = Gateway::start(&format!(
            "failover: {{ check_interval: off, retry_max: 0 }}
providers:
  anthropic: {{ base_url: '{}', api_key: k-anthropic-0123, models: [ {MODEL} ], headers: {{ {headers} }} }}
  openai: {{ base_url: '{}', api_key: k-openai-0123456 }}
keys: [ {{ name: app, key: '{KEY}' }} ]
",
            vendor.base_url(),
            other.base_url()
        ));
        Stage { vendor, other, gateway, http: support::client() }
    }

    async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (reqwest::StatusCode, Value, String) {
        let request =
            self.http.post(self.gateway.url(path)).header("content-type", "application/json").body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        (answer.status(), answer.json().await.unwrap(), id)
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value, String) {
        let headers = [headers, &[("x-api-key", KEY)]].concat();
        let (status, answer, id) = self.post(path, &headers, body.to_string().into()).await;
        (status.as_u16(), answer, id)
    }
}

fn anthropic(request: &Request) -> Reply {
    if request.path.ends_with("/count_tokens") {
        return Reply::json(200, json!({ "input_tokens": 7 }));
    }
    let usage = json!({ "input_tokens": 3, "output_tokens": 1 });
    Reply::json(
        200,
        json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [{ "type": "text",
            "text": "hello" }], "stop_reason": "end_turn", "stop_sequence": null, "usage": usage }),
    )
}

/// What was asked, besides the list of models that every provider is asked for at the start.
fn posts(vendor: &Vendor) -> Vec<Request> {
    vendor.requests().into_iter().filter(|request| request.method == "POST").collect()
}

fn question(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 9, "messages": [{ "role": "user", "content": "hello there" }] })
}

#[tokio::test]
async fn versions_and_betas_go_along_to_a_provider_of_the_same_dialect() {
    let stage = Stage::set("");
    let asked =
        [("anthropic-version", "2026-01-01"), ("anthropic-beta", "one-2026,two-2026"), ("x-own", "no")];
    for path in ["/v1/messages?beta=true", "/messages", "/v1/messages/count_tokens"] {
        let (status, answer, _) = stage.ask(path, &asked, &question(MODEL)).await;
        assert_eq!(status, 200, "{answer}");
        let sent = posts(&stage.vendor).pop().unwrap();
        assert_eq!(sent.header("anthropic-version"), Some("2026-01-01"), "{path}");
        assert_eq!(sent.header("anthropic-beta"), Some("one-2026,two-2026"), "{path}");
        assert_eq!((sent.header("x-own"), sent.header("x-api-key")), (None, Some("k-anthropic-0123")));
    }
    stage.ask("/v1/messages", &[("cache-control", "no-cache")], &question(MODEL)).await;
    let sent = posts(&stage.vendor).pop().unwrap();
    assert_eq!((sent.header("anthropic-version"), sent.header("anthropic-beta")), (Some("2023-06-01"), None));
    stage.ask("/v1/messages", &asked, &question("openai/m")).await;
    assert_eq!(posts(&stage.other)[0].header("anthropic-beta"), None);
}

#[tokio::test]
async fn what_the_configuration_says_is_said_last() {
    let stage = Stage::set("anthropic-beta: ours-2026");
    stage.ask("/v1/messages", &[("anthropic-beta", "theirs-2026")], &question(MODEL)).await;
    let sent = posts(&stage.vendor).pop().unwrap();
    let betas: Vec<_> = sent.headers.iter().filter(|(name, _)| name == "anthropic-beta").collect();
    assert_eq!(betas.len(), 1, "{betas:?}");
    assert_eq!(betas[0].1, "ours-2026");
}

#[tokio::test]
async fn the_mark_of_a_long_context_is_no_part_of_a_name() {
    let stage = Stage::set("");
    for (model, served) in [(format!("{MODEL}[1m]"), MODEL), (format!("anthropic/{MODEL}[1m]"), MODEL)] {
        let (status, answer, _) = stage.ask("/v1/messages", &[], &question(&model)).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(posts(&stage.vendor).pop().unwrap().json()["model"], served);
    }
    let (status, answer, _) = stage.ask("/v1/chat/completions", &[], &question("unheard-of[1m]")).await;
    assert_eq!(status, 404);
    assert!(answer.to_string().contains("unheard-of[1m]"), "{answer}");
}

#[tokio::test]
async fn counting_tokens_costs_nothing() {
    let stage = Stage::set("");
    let (status, answer, id) = stage.ask("/v1/messages/count_tokens", &[], &question(MODEL)).await;
    assert_eq!((status, &answer), (200, &json!({ "input_tokens": 7 })));
    let line = stage.gateway.access_line(&id).await;
    assert_eq!((&line["provider"], &line["input_tokens"]), (&"anthropic".into(), &Value::Null), "{line}");
    assert_eq!(line["cost_usd"], Value::Null, "{line}");
    // Nobody of OpenAI's chat can be asked: it is estimated, and nobody is.
    let (status, answer, _) = stage.ask("/v1/messages/count_tokens", &[], &question("openai/m")).await;
    assert_eq!(status, 200);
    assert!(answer["input_tokens"].as_u64().unwrap() > 0, "{answer}");
    assert!(posts(&stage.other).is_empty());
}

#[tokio::test]
async fn a_compressed_request_is_understood() {
    let stage = Stage::set("");
    let mut body = Vec::new();
    let plain = question(MODEL).to_string();
    GzEncoder::new(plain.as_bytes(), Compression::fast()).read_to_end(&mut body).unwrap();
    let key = ("x-api-key", KEY);
    let (status, answer, _) =
        stage.post("/v1/messages", &[key, ("content-encoding", "gzip")], body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let sent = posts(&stage.vendor).pop().unwrap();
    assert_eq!((sent.json(), sent.header("content-encoding")), (question(MODEL), None));
    for (encoding, status) in [("br", 415), ("zstd", 400)] {
        let (refused, answer, _) =
            stage.post("/v1/messages", &[key, ("content-encoding", encoding)], body.clone()).await;
        assert_eq!(refused, status, "{answer}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn refusals_are_in_its_envelope() {
    let stage = Stage::set("");
    let without = |field: &str| {
        let mut body = question(MODEL);
        body.as_object_mut().unwrap().remove(field);
        body.to_string().into_bytes()
    };
    let key = ("authorization", &*format!("Bearer {KEY}"));
    for (headers, body, status, kind) in [
        (&[][..], without(""), 401, "authentication_error"),
        (&[("x-api-key", "wrong-wrong-wrong")], without(""), 401, "authentication_error"),
        (&[key], without("max_tokens"), 400, "invalid_request_error"),
        (&[key], without("model"), 400, "invalid_request_error"),
        (&[key], without("messages"), 400, "invalid_request_error"),
        (&[key], b"{".to_vec(), 400, "invalid_request_error"),
        (&[key], question("unheard-of").to_string().into(), 404, "not_found_error"),
    ] {
        let (refused, answer, id) = stage.post("/v1/messages", headers, body).await;
        assert_eq!((refused.as_u16(), &answer["type"]), (status, &"error".into()), "{answer}");
        assert_eq!((&answer["error"]["type"], &answer["request_id"]), (&kind.into(), &id.into()), "{answer}");
    }
    assert!(posts(&stage.vendor).is_empty());
}
