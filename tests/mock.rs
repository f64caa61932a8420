//! The simulated provider, asked over a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use crate::support::client;
use crate::support::sse_events;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Response;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tollgate::mock::Behaviour;
use tollgate::mock::Stall;
use tollgate::secret::Secret;

struct Provider {
    base: String,
    client: reqwest::Client,
}

impl Provider {
    async fn start(behaviour: Behaviour) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(tollgate::mock::serve(listener, behaviour));
        Provider { base, client: client() }
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.base)).json(body).send().await.unwrap()
    }

    async fn chat(&self, body: &Value) -> Response {
        self.post("/v1/chat/completions", body).await
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    async fn change(&self, change: Value) -> u16 {
        let request = self.client.put(format!("{}/__mock/behaviour", self.base)).json(&change);
        request.send().await.unwrap().status().as_u16()
    }

    async fn stats(&self) -> Value {
        self.get("/__mock/stats").await.json().await.unwrap()
    }
}

fn question() -> Value {
    support::chat_body("m-1", false)
}

fn stream() -> Value {
    support::chat_body("m-1", true)
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn json(response: Response) -> Value {
    response.json().await.unwrap()
}

/// The chunks of a stream that ends with `[DONE]`.
async fn chunks(response: Response) -> Vec<Value> {
    let text = response.text().await.unwrap();
    let mut events = sse_events(&text);
    assert_eq!(events.pop().as_deref(), Some(support::DONE), "{text}");
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

fn content(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

/// What arrives of a body before its connection breaks, and whether it breaks.
async fn until_broken(mut response: Response) -> (String, bool) {
    let mut heard = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => heard.extend_from_slice(&bytes),
            Ok(None) => return (String::from_utf8(heard).unwrap(), false),
            Err(_) => return (String::from_utf8(heard).unwrap(), true),
        }
    }
}

#[tokio::test]
async fn a_plain_answer_has_words_and_usage() {
    let provider = Provider::start(Behaviour { name: "west".to_owned(), ..Behaviour::default() }).await;
    let response = provider.chat(&question()).await;
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
    let answer = json(response).await;
    let choice = &answer["choices"][0];
    assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("m-1")));
    assert_eq!((&choice["finish_reason"], &choice["message"]["role"]), (&json!("stop"), &json!("assistant")));
    let text = choice["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("Hello from west: 2 words, mark "), "{text}");
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 3, "completion_tokens": 32, "total_tokens": 35 }));
}

#[tokio::test]
async fn a_stream_has_role_words_finish_and_end_in_this_order() {
    let provider = Provider::start(Behaviour { reply_tokens: 12, ..Behaviour::default() }).await;
    let response = provider.chat(&stream()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let chunks = chunks(response).await;
    assert_eq!(chunks.len(), 14);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(chunks[1..].iter().all(|chunk| chunk["choices"][0]["delta"].get("role").is_none()));
    let finishes: Vec<_> = chunks.iter().map(|chunk| &chunk["choices"][0]["finish_reason"]).collect();
    assert!(finishes[..13].iter().all(|finish| finish.is_null()));
    assert_eq!((finishes[13], &chunks[13]["choices"][0]["delta"]), (&json!("stop"), &json!({})));
    for field in ["id", "created", "model", "object"] {
        assert!(chunks.iter().all(|chunk| chunk[field] == chunks[0][field]), "{field} changes");
    }
    let plain = json(provider.chat(&question()).await).await;
    assert_eq!(plain["choices"][0]["message"]["content"], content(&chunks));
}

#[tokio::test]
async fn a_stream_tells_its_usage_only_when_asked() {
    let provider = Provider::start(Behaviour::default()).await;
    let silent = chunks(provider.chat(&stream()).await).await;
    assert!(silent.iter().all(|chunk| chunk.get("usage").is_none()));

    let asked = with(stream(), "stream_options", json!({ "include_usage": true }));
    let mut told = chunks(provider.chat(&asked).await).await;
    let last = told.pop().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(35)));
    assert!(told.iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
}

#[tokio::test]
async fn a_tool_is_called_plain_and_streamed() {
    let provider = Provider::start(Behaviour::default()).await;
    let tools = json!([{ "type": "function", "function": { "name": "look_up" } }]);
    let choice = &json(provider.chat(&with(question(), "tools", tools.clone())).await).await["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["content"]),
        (&json!("tool_calls"), &Value::Null)
    );
    let expected = json!({ "name": "look_up", "arguments": "{}" });
    assert_eq!(choice["message"]["tool_calls"][0]["function"], expected);

    let chunks = chunks(provider.chat(&with(stream(), "tools", tools)).await).await;
    let calls: Vec<_> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]).collect();
    assert_eq!(calls[1]["function"], json!({ "name": "look_up", "arguments": "" }));
    let said: String = calls[2..4].iter().filter_map(|call| call["function"]["arguments"].as_str()).collect();
    assert_eq!(said, "{}");
    assert_eq!(chunks[4]["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn text_completions_answer_plain_and_streamed() {
    let provider = Provider::start(Behaviour::default()).await;
    let body = json!({ "model": "m-1", "prompt": "once upon a time" });
    let plain = json(provider.post("/completions", &body).await).await;
    assert_eq!(plain["object"], "text_completion");
    let chunks = chunks(provider.post("/completions", &with(body, "stream", json!(true))).await).await;
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["text"].as_str()).collect();
    assert_eq!(plain["choices"][0]["text"], text);
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn embeddings_are_the_same_as_floats_and_as_base64() {
    let provider = Provider::start(Behaviour::default()).await;
    let body = json!({ "model": "e-1", "input": ["quiet river", "maple"], "dimensions": 8 });
    let floats = json(provider.post("/v1/embeddings", &body).await).await;
    let packed = with(body, "encoding_format", json!("base64"));
    let packed = json(provider.post("/v1/embeddings", &packed).await).await;
    for index in 0..2 {
        let bytes = STANDARD.decode(packed["data"][index]["embedding"].as_str().unwrap()).unwrap();
        let unpacked: Vec<_> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        let plain: Vec<f32> = serde_json::from_value(floats["data"][index]["embedding"].clone()).unwrap();
        assert_eq!((plain.len(), &plain), (8, &unpacked));
        assert_eq!(floats["data"][index]["index"], index);
    }
    assert_ne!(floats["data"][0]["embedding"], floats["data"][1]["embedding"]);
    assert_eq!(floats["usage"], json!({ "prompt_tokens": 5, "total_tokens": 5 }));
}

#[tokio::test]
async fn models_are_listed_and_others_are_unknown() {
    let models = vec!["a".to_owned(), "org/b".to_owned()];
    let provider = Provider::start(Behaviour { models, ..Behaviour::default() }).await;
    let list = json(provider.get("/v1/models").await).await;
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, ["a", "org/b"]);
    assert_eq!(json(provider.get("/models/org/b").await).await["id"], "org/b");
    assert_eq!(provider.get("/v1/models/c").await.status(), 404);
    let refused = provider.chat(&question()).await;
    assert_eq!(refused.status(), 404);
    assert_eq!(json(refused).await["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_the_envelope() {
    let provider = Provider::start(Behaviour::default()).await;
    let broken = provider.client.post(format!("{}/v1/chat/completions", provider.base)).body("{");
    let answers = [
        (broken.send().await.unwrap(), 400),
        (provider.chat(&json!({ "model": "m" })).await, 400),
        (provider.get("/v1/nothing").await, 404),
        (provider.get("/nothing").await, 404),
        (provider.get("/v1/chat/completions").await, 405),
    ];
    for (answer, status) in answers {
        let url = answer.url().clone();
        assert_eq!(answer.status(), status, "{url}");
        assert_eq!(json(answer).await["error"]["type"], "invalid_request_error", "{url}");
    }
}

#[tokio::test]
async fn a_key_is_asked_for_where_one_is_required() {
    let require_key = Some(Secret::new("sk-right"));
    let provider = Provider::start(Behaviour { require_key, ..Behaviour::default() }).await;
    let ask = |key: &str| provider.client.get(format!("{}/v1/models", provider.base)).bearer_auth(key).send();
    let refused = ask("sk-wrong").await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(json(refused).await["error"]["code"], "invalid_api_key");
    assert_eq!(ask("sk-right").await.unwrap().status(), 200);
    assert_eq!(provider.get("/v1/models").await.status(), 401);
}

#[tokio::test]
async fn a_seed_repeats_the_failures_and_the_rate_holds() {
    let behaviour = Behaviour {
        error_rate: 0.3,
        error_status: 429,
        retry_after: Some(2),
        seed: Some(11),
        reply_tokens: 1,
        ..Behaviour::default()
    };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let provider = Provider::start(behaviour.clone()).await;
        let mut statuses = Vec::new();
        for _ in 0..100 {
            let answer = provider.chat(&question()).await;
            let told = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            statuses.push((answer.status().as_u16(), told));
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    let failed = runs[0].iter().filter(|answer| **answer == (429, Some("2".to_owned()))).count();
    let served = runs[0].iter().filter(|answer| **answer == (200, None)).count();
    assert_eq!(failed + served, 100);
    assert!((20..=40).contains(&failed), "{failed} of 100 failed");
}

#[tokio::test]
async fn a_cut_breaks_the_connection_after_its_events() {
    let provider = Provider::start(Behaviour { cut_after: Some(3), ..Behaviour::default() }).await;
    let (heard, broken) = until_broken(provider.chat(&stream()).await).await;
    assert_eq!((sse_events(&heard).len(), broken), (3, true));
    let (half, broken) = until_broken(provider.chat(&question()).await).await;
    assert!(broken && !half.is_empty() && serde_json::from_str::<Value>(&half).is_err());
}

#[tokio::test]
async fn a_split_stream_comes_in_pieces_and_still_parses() {
    let whole = Provider::start(Behaviour::default()).await;
    let provider = Provider::start(Behaviour { split: true, ..Behaviour::default() }).await;
    let mut response = provider.chat(&stream()).await;
    let mut pieces = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        pieces.push(piece.to_vec());
    }
    assert!(pieces.iter().any(|piece| !piece.ends_with(b"\n\n")), "no event was split");
    let text = String::from_utf8(pieces.concat()).unwrap();
    let events = sse_events(&text);
    let parsed: Vec<Value> = events[..34].iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    assert_eq!(content(&parsed), content(&chunks(whole.chat(&stream()).await).await));
}

#[tokio::test]
async fn an_error_hides_inside_a_200() {
    let provider = Provider::start(Behaviour { error_event: true, ..Behaviour::default() }).await;
    for body in [question(), stream()] {
        let answer = provider.chat(&body).await;
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        let payload = sse_events(&text).pop().unwrap_or(text);
        let error: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(error["error"]["type"], "server_error");
    }
}

#[tokio::test]
async fn a_listener_who_leaves_a_stalled_stream_is_noticed() {
    let provider = Provider::start(Behaviour { stall: Some(Stall::Forever), ..Behaviour::default() }).await;
    let response = provider.chat(&stream()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(provider.stats().await["abandoned"], 0);
    drop(response);
    let noticed = async {
        while provider.stats().await["abandoned"] == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), noticed).await.expect("nobody noticed");
}

#[tokio::test]
async fn an_outage_begins_and_ends_while_it_runs() {
    let provider = Provider::start(Behaviour::default()).await;
    assert_eq!(provider.chat(&question()).await.status(), 200);
    assert_eq!(provider.change(json!({ "status": 503, "retry_after": 4 })).await, 204);
    let refused = provider.chat(&question()).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"4".parse().unwrap()));
    assert_eq!(provider.get("/v1/models").await.status(), 503);
    assert_eq!(provider.change(json!({ "status": 99 })).await, 400);
    assert_eq!(provider.change(json!({ "status": null, "name": "east" })).await, 204);
    let answer = json(provider.chat(&question()).await).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("Hello from east"), "{text}");
    let expected = json!({ "requests": 4, "errors": 2, "streams": 0, "abandoned": 0 });
    assert_eq!(provider.stats().await, expected);
}
