//! `/v1/responses` over real sockets: conversations that go on by id, what is stored of them, and broken streams.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::Value;
use serde_json::json;
use support::Gateway;
use support::KEY;
use tokio::net::TcpListener;
use tollgate::mock::Behaviour;

const OTHER: &str = "tg-test-key-0002";

const CONFIG: &str = "
cache: { exact: { ttl: 0 } }
failover: { check_interval: off, retry_max: 0 }
providers:
  chat: { kind: openai_compatible, base_url: 'http://{at}/v1', api_key: k-chat-01234567 }
  native: { kind: openai, base_url: 'http://{at}/v1', api_key: k-native-012345 }
  gemini: { base_url: 'http://{at}/v1beta', api_key: k-gemini-012345 }
keys:
  - { name: app, key: '{key}' }
  - { name: other, key: '{other}' }
";

/// Providers by how they are spoken to: translated, passed on, translated to one that seals its calls.
const MODELS: [&str; 3] = ["chat/m", "native/gpt-5-mini", "gemini/gemini-3.8-flash"];

struct Stage {
    gateway: Gateway,
    http: reqwest::Client,
}

impl Stage {
    async fn set() -> Stage {
        Stage::with(Behaviour::default(), "").await
    }

    async fn with(behaviour: Behaviour, more: &str) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        tokio::spawn(tollgate::mock::serve(listener, behaviour));
        let config = CONFIG.replace("{at}", &at).replace("{key}", KEY).replace("{other}", OTHER);
        Stage { gateway: Gateway::start(&format!("{config}{more}")), http: support::client() }
    }

    async fn call(&self, key: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let request = self.http.request(method.parse().unwrap(), self.gateway.url(path)).bearer_auth(key);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn json(&self, key: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let (status, text) = self.call(key, method, path, body).await;
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}")))
    }

    async fn ask(&self, body: &Value) -> Value {
        let (status, answer) = self.json(KEY, "POST", "/v1/responses", Some(body)).await;
        assert_eq!(status, 200, "{body}: {answer}");
        answer
    }

    async fn stream(&self, body: &Value) -> Vec<Value> {
        let mut body = body.clone();
        body["stream"] = true.into();
        let (status, text) = self.call(KEY, "POST", "/v1/responses", Some(&body)).await;
        assert_eq!(status, 200, "{text}");
        events(&text)
    }
}

/// The data of every event; names are those of their types, and numbers rise by one.
fn events(stream: &str) -> Vec<Value> {
    let blocks = stream.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    let events: Vec<Value> = blocks
        .map(|block| {
            let (name, data) = block.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(data["type"], name);
            data
        })
        .collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    events
}

fn text(answer: &Value) -> &str {
    let message = answer["output"].as_array().unwrap().iter().find(|item| item["type"] == "message");
    message.unwrap()["content"][0]["text"].as_str().unwrap()
}

fn tools() -> Value {
    json!([{ "type": "function", "name": "look_up", "parameters": { "type": "object",
        "properties": { "city": { "type": "string" } } }, "strict": false }])
}

#[tokio::test]
async fn a_conversation_goes_on_by_the_id_of_its_last_answer() {
    let stage = Stage::set().await;
    for model in MODELS {
        let first =
            stage.ask(&json!({ "model": model, "input": "one two three", "instructions": "be kind" })).await;
        assert!(text(&first).contains("5 words"), "{model}: {first}");
        let id = first["id"].as_str().unwrap();
        assert!(id.starts_with("resp_"), "{id}");
        let said = text(&first).split_whitespace().count();
        let second = stage.ask(&json!({ "model": model, "input": "four", "previous_response_id": id })).await;
        let words = 4 + said;
        assert!(text(&second).contains(&format!("{words} words")), "{model}: {second}, after {first}");
        if model != MODELS[1] {
            assert_eq!(second["previous_response_id"], id, "what the client said is repeated");
            assert_eq!(second["instructions"], Value::Null, "instructions are not carried over");
        }
    }
}

#[tokio::test]
async fn a_stream_is_stored_before_its_end_is_heard() {
    let stage = Stage::set().await;
    for model in MODELS {
        let events = stage.stream(&json!({ "model": model, "input": "one two" })).await;
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed");
        let done: Vec<&Value> = events
            .iter()
            .filter(|event| event["type"] == "response.output_item.done")
            .map(|event| &event["item"])
            .collect();
        assert_eq!(last["response"]["output"].as_array().unwrap().iter().collect::<Vec<_>>(), done);
        let id = last["response"]["id"].as_str().unwrap();
        assert_eq!(events[0]["response"]["id"], id);
        let second =
            stage.ask(&json!({ "model": model, "input": "three", "previous_response_id": id })).await;
        let words = 3 + text(&last["response"]).split_whitespace().count();
        assert!(text(&second).contains(&format!("{words} words")), "{model}: {second}");
    }
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_handed_in_by_id() {
    let stage = Stage::set().await;
    for model in MODELS {
        let ask = json!({ "model": model, "tools": tools(), "reasoning": { "effort": "low" },
            "include": ["reasoning.encrypted_content"], "input": "call look_up with {\"city\":\"Oslo\"}" });
        for streamed in [false, true] {
            let called = match streamed {
                false => stage.ask(&ask).await,
                true => stage.stream(&ask).await.last().unwrap()["response"].clone(),
            };
            let call =
                called["output"].as_array().unwrap().iter().find(|item| item["type"] == "function_call");
            let call = call.unwrap_or_else(|| panic!("{model}: {called}"));
            assert_eq!(
                (&call["name"], &call["arguments"]),
                (&"look_up".into(), &"{\"city\":\"Oslo\"}".into())
            );
            let result = json!([{ "type": "function_call_output", "call_id": call["call_id"], "output": "3 degrees" }]);
            let next = json!({ "model": model, "tools": tools(), "input": result, "reasoning": { "effort": "low" },
                "previous_response_id": called["id"] });
            let answer = stage.ask(&next).await;
            assert!(text(&answer).starts_with("Hello"), "{model}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_conversation_may_change_its_model() {
    let stage = Stage::set().await;
    for from in MODELS {
        for to in MODELS {
            let ask = json!({ "model": from, "tools": tools(), "reasoning": { "effort": "low" },
                "include": ["reasoning.encrypted_content"], "input": "call look_up with {\"city\":\"Oslo\"}" });
            let called = stage.ask(&ask).await;
            let call = called["output"].as_array().unwrap().last().unwrap();
            let result =
                json!([{ "type": "function_call_output", "call_id": call["call_id"], "output": "3" }]);
            let next = json!({ "model": to, "tools": tools(), "input": result, "previous_response_id": called["id"] });
            let answer = stage.ask(&next).await;
            assert!(text(&answer).starts_with("Hello"), "{from} → {to}: {answer}");
        }
    }
}

#[tokio::test]
async fn stored_answers_are_shown_listed_and_deleted() {
    let stage = Stage::set().await;
    let answer = stage.ask(&json!({ "model": "chat/m", "input": "hi", "metadata": { "a": "b" } })).await;
    let path = format!("/v1/responses/{}", answer["id"].as_str().unwrap());
    assert_eq!(stage.json(KEY, "GET", &path, None).await, (200, answer.clone()));
    let (status, items) = stage.json(KEY, "GET", &format!("{path}/input_items?limit=5"), None).await;
    assert_eq!((status, &items["object"], &items["has_more"]), (200, &"list".into(), &false.into()));
    assert_eq!(items["data"][0]["content"][0], json!({ "type": "input_text", "text": "hi" }));
    let (status, error) = stage.json(KEY, "POST", &format!("{path}/cancel"), Some(&json!({}))).await;
    assert_eq!((status, &error["error"]["type"]), (400, &"invalid_request_error".into()));
    let (status, gone) = stage.json(KEY, "DELETE", &path, None).await;
    assert_eq!((status, gone), (200, json!({ "id": answer["id"], "object": "response", "deleted": true })));
    for (method, path) in
        [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/input_items"))]
    {
        let (status, error) = stage.json(KEY, method, &path, None).await;
        assert_eq!((status, &error["error"]["param"]), (404, &"id".into()), "{method} {path}");
    }
    assert_eq!(stage.call(KEY, "PUT", &path, None).await.0, 405);
}

#[tokio::test]
async fn no_key_reads_what_another_one_stored() {
    let stage = Stage::set().await;
    for model in MODELS {
        let answer = stage.ask(&json!({ "model": model, "input": "a secret" })).await;
        let path = format!("/v1/responses/{}", answer["id"].as_str().unwrap());
        for (method, path) in
            [("GET", path.clone()), ("GET", format!("{path}/input_items")), ("DELETE", path.clone())]
        {
            assert_eq!(stage.json(OTHER, method, &path, None).await.0, 404, "{method} {path}");
        }
        assert_eq!(stage.call("wrong", "GET", &path, None).await.0, 401);
        let next = json!({ "model": model, "input": "what was it?", "previous_response_id": answer["id"] });
        let (status, error) = stage.json(OTHER, "POST", "/v1/responses", Some(&next)).await;
        assert_eq!((status, &error["error"]["code"]), (400, &"previous_response_not_found".into()));
        assert_eq!(stage.json(KEY, "GET", &path, None).await.0, 200, "and nothing was deleted");
    }
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not() {
    let stage = Stage::set().await;
    for model in MODELS {
        let ask = json!({ "model": model, "input": "hi", "store": false });
        let events = stage.stream(&ask).await;
        for answer in [stage.ask(&ask).await, events.last().unwrap()["response"].clone()] {
            let path = format!("/v1/responses/{}", answer["id"].as_str().unwrap());
            assert_eq!(stage.json(KEY, "GET", &path, None).await.0, 404, "{model}");
        }
    }
}

#[tokio::test]
async fn while_nothing_is_stored_ids_are_the_providers_affair() {
    let stage = Stage::with(Behaviour::default(), "responses: { ttl: 0 }\n").await;
    let answer = stage.ask(&json!({ "model": "chat/m", "input": "hi" })).await;
    let path = format!("/v1/responses/{}", answer["id"].as_str().unwrap());
    assert_eq!(stage.json(KEY, "GET", &path, None).await.0, 404);
    for (model, asked) in [("chat/m", "0"), ("native/gpt-5-mini", "1")] {
        let next = json!({ "model": model, "input": "on", "previous_response_id": answer["id"] });
        let (status, error) = stage.json(KEY, "POST", "/v1/responses", Some(&next)).await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (400, &"previous_response_not_found".into()),
            "{model} {asked}"
        );
    }
}

#[tokio::test]
async fn a_broken_stream_is_told_as_failed_and_not_stored() {
    let stage = Stage::with(Behaviour { cut_after: Some(4), ..Behaviour::default() }, "").await;
    let events = stage.stream(&json!({ "model": "chat/m", "input": "hi" })).await;
    let [.., error, failed] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&error["type"], &error["code"]), (&"error".into(), &"stream_interrupted".into()));
    assert_eq!(
        (&failed["type"], &failed["response"]["status"]),
        (&"response.failed".into(), &"failed".into())
    );
    let path = format!("/v1/responses/{}", failed["response"]["id"].as_str().unwrap());
    assert_eq!(stage.json(KEY, "GET", &path, None).await.0, 404);
}

#[tokio::test]
async fn tokens_are_counted_by_who_can() {
    let stage = Stage::set().await;
    let count = async |model: &str| {
        let body = json!({ "model": model, "input": "12345678" });
        let (status, answer) = stage.json(KEY, "POST", "/v1/responses/input_tokens", Some(&body)).await;
        assert_eq!((status, &answer["object"]), (200, &"response.input_tokens".into()), "{answer}");
        answer["input_tokens"].as_u64().unwrap()
    };
    assert_eq!(count("native/gpt-5-mini").await, 2, "the provider's own count");
    assert!(count("chat/m").await > 0, "an estimate");
}

#[tokio::test]
async fn a_chat_reaches_models_that_only_answer_here() {
    let stage = Stage::set().await;
    let tools = json!([{ "type": "function", "function": { "name": "look_up", "parameters": { "type": "object" } } }]);
    let question = json!({ "role": "user", "content": "call look_up with {\"city\":\"Oslo\"}" });
    let ask = |messages: Value| json!({ "model": "native/gpt-5.5", "messages": messages, "tools": tools, "reasoning_effort": "low" });
    let (status, called) =
        stage.json(KEY, "POST", "/v1/chat/completions", Some(&ask(json!([question])))).await;
    assert_eq!(status, 200, "{called}");
    let call = &called["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"]["name"], "look_up", "{called}");
    // A client of chat completions repeats the call and knows nothing of what was thought before it.
    let messages = json!([question, { "role": "assistant", "content": null, "tool_calls": [call] },
        { "role": "tool", "tool_call_id": call["id"], "content": "3 degrees" }]);
    let (status, answer) = stage.json(KEY, "POST", "/v1/chat/completions", Some(&ask(messages))).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().starts_with("Hello"), "{answer}");
}

#[tokio::test]
async fn a_bad_request_is_told_in_openais_envelope() {
    let stage = Stage::set().await;
    for (body, param) in [
        (json!({ "model": "chat/m" }), "input"),
        (json!({ "input": "hi" }), "model"),
        (json!({ "model": "chat/m", "input": [{ "role": "robot", "content": "hi" }] }), "input"),
        (json!({ "model": "native/m", "previous_response_id": "resp_none" }), "previous_response_id"),
    ] {
        let (status, error) = stage.json(KEY, "POST", "/v1/responses", Some(&body)).await;
        assert_eq!((status, &error["error"]["param"]), (400, &param.into()), "{body}: {error}");
    }
}
