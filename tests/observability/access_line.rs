//! The line that every request leaves, in both forms.

use crate::Stage;
use crate::support::Reply;
use crate::support::Step;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::client;
use serde_json::Value;
use serde_json::json;

/// The line of a request as JSON, without what differs from run to run; those are checked for what they are.
async fn line(stage: &Stage, id: &str) -> Value {
    let line: Value = serde_json::from_str(&stage.line(id).await).unwrap();
    let mut fields = line.as_object().unwrap().clone();
    assert_eq!(fields.remove("timestamp").unwrap().as_str().map(str::len), Some(24), "{line}");
    for name in ["latency_ms", "ttft_ms"] {
        assert!(fields.remove(name).is_none_or(|value| value.as_f64().is_some_and(|ms| ms >= 0.0)), "{line}");
    }
    for attempt in fields.get_mut("attempts").and_then(Value::as_array_mut).into_iter().flatten() {
        assert!(attempt.as_object_mut().unwrap().remove("ms").is_some_and(|ms| ms.is_f64()), "{line}");
    }
    for (name, value) in
        [("level", "INFO"), ("message", "request"), ("client", "127.0.0.1"), ("request_id", id)]
    {
        assert_eq!(fields.remove(name), Some(value.into()), "{name}: {line}");
    }
    Value::Object(fields)
}

#[tokio::test]
async fn what_was_asked_who_answered_and_what_it_cost() {
    let stage = Stage::set("");
    let ours = json!({ "method": "POST", "path": "/v1/chat/completions", "key": "test", "stream": false });
    let with = |more: Value| {
        let mut line = ours.clone();
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let used = json!({ "tokens": 12, "tokens_input": 5, "tokens_cached": 0, "tokens_cache_write": 0,
        "tokens_output": 7, "tokens_reasoning": 0, "cost_usd": 0.00000495 });
    let used = |more: Value| {
        let mut line = with(more);
        line.as_object_mut().unwrap().extend(used.as_object().unwrap().clone());
        line
    };

    stage.chat("failed-over", "shaky", false).await;
    let attempts = json!([{ "provider": "lame", "model": "m", "outcome": "status_503" },
        { "provider": "openai", "model": "gpt-4o-mini", "outcome": "200" }]);
    let expected = used(json!({ "model": "shaky", "status": 200, "provider": "openai",
        "model_served": "gpt-4o-mini", "cache": "miss", "attempts": attempts }));
    assert_eq!(line(&stage, "failed-over").await, expected);

    stage.chat("from-the-cache", "shaky", false).await;
    let expected = with(json!({ "model": "shaky", "status": 200, "provider": "openai",
        "model_served": "gpt-4o-mini", "cache": "hit" }));
    assert_eq!(line(&stage, "from-the-cache").await, expected);

    stage.chat_with("streamed", chat_body("good", true), &[("cache-control", "no-store")]).await;
    let expected = used(json!({ "model": "good", "status": 200, "provider": "openai",
        "model_served": "gpt-4o-mini", "cache": "bypass", "stream": true }));
    assert_eq!(line(&stage, "streamed").await, expected);

    stage.chat("nobody-answered", "alone", false).await;
    let attempts = json!([{ "provider": "lame", "model": "m", "outcome": "status_503" }]);
    let expected = with(json!({ "model": "alone", "status": 503, "cache": "miss", "attempts": attempts,
        "error": "all_failed" }));
    assert_eq!(line(&stage, "nobody-answered").await, expected);
}

/// Id, body, headers; status and error.
type Refused<'a> = (&'a str, Value, &'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test]
async fn a_refusal_names_its_kind() {
    let stage = Stage::set("limits: { per_key: { concurrent: 1 }, body: 4KiB }\n");
    let unnamed = json!({ "messages": [{ "role": "user", "content": "x" }] });
    let large = json!({ "model": "good", "messages": [{ "role": "user", "content": "x".repeat(5000) }] });
    let wrong = [("authorization", "Bearer tg-wrong-key")];
    let none = [("authorization", "")];
    let cases: [Refused; 6] = [
        ("no-key", chat_body("good", false), &none, 401, "no_key"),
        ("wrong-key", chat_body("good", false), &wrong, 401, "wrong_key"),
        ("no-model", unnamed, &[], 400, "bad_request"),
        ("unknown-model", chat_body("goood", false), &[], 404, "unknown_model"),
        ("too-large", large, &[], 413, "body_too_large"),
        ("all-failed", chat_body("alone", false), &[], 503, "all_failed"),
    ];
    for (id, body, headers, status, error) in cases {
        assert_eq!(stage.chat_with(id, body, headers).await.0, status, "{id}");
        let line = line(&stage, id).await;
        assert_eq!((&line["status"], &line["error"]), (&status.into(), &error.into()), "{id}: {line}");
        assert_eq!(line["key"].is_null(), id.ends_with("-key"), "{id}: {line}");
        assert!(line["tokens"].is_null() && line["cost_usd"].is_null(), "{id}: {line}");
    }
}

#[tokio::test]
async fn a_client_that_left_is_a_499() {
    let stage = Stage::with("", |_, _| Reply::sse_head().event(&chunk("hello")).then(Step::Hang));
    let request = client().post(stage.gateway.url("/v1/chat/completions")).bearer_auth(stage.gateway.key());
    let request = request.header("x-request-id", "gone").json(&chat_body("good", true));
    let mut answer = request.send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    drop(answer);
    let line = line(&stage, "gone").await;
    assert_eq!(
        (&line["status"], &line["error"], &line["stream"]),
        (&499.into(), &"client_left".into(), &true.into())
    );
    assert!(
        line["tokens_output"].as_u64().is_some_and(|tokens| tokens > 0),
        "what was used is billed: {line}"
    );
}

#[tokio::test]
async fn other_requests_leave_a_line_too() {
    let stage = Stage::set("");
    for (id, method, path, status) in [
        ("list", "GET", "/v1/models", 200),
        ("one", "GET", "/models/good", 200),
        ("health", "GET", "/health", 200),
        ("nothing", "GET", "/nothing?key=hush", 404),
        ("method", "DELETE", "/v1/models", 405),
    ] {
        let request = client().request(method.parse().unwrap(), stage.gateway.url(path));
        let request = request.bearer_auth(stage.gateway.key()).header("x-request-id", format!("other-{id}"));
        assert_eq!(request.send().await.unwrap().status(), status, "{id}");
        let line = line(&stage, &format!("other-{id}")).await;
        assert_eq!((&line["status"], &line["method"]), (&status.into(), &method.into()), "{line}");
        assert_eq!(line["path"], path.split('?').next().unwrap(), "{line}");
    }
}

#[tokio::test]
async fn as_text_it_says_the_same_in_one_line() {
    let stage = Stage::set("log: { format: text }\n");
    stage.chat("as-text", "shaky", true).await;
    let line = stage.line("as-text").await;
    let (time, rest) = line.split_once("  ").unwrap();
    assert_eq!(time.len(), 24, "{line}");
    assert!(rest.starts_with("INFO request id=as-text client=127.0.0.1 key=test method=POST"), "{line}");
    for field in [
        " path=/v1/chat/completions ",
        " status=200 ",
        " provider=openai ",
        " model=shaky ",
        " cache=miss ",
        " latency=",
        " tokens=12 ",
        " served=gpt-4o-mini ",
        " stream=true ",
        " ttft=",
        " input=5 ",
        " output=7 ",
        " cost=0.00000495 ",
        " attempts=\"lame/m status_503 ",
        ", openai/gpt-4o-mini 200 ",
    ] {
        assert!(line.contains(field), "`{field}` is not in {line}");
    }
}

#[tokio::test]
async fn there_are_none_where_they_are_off() {
    let stage = Stage::set("log: { access: false }\n");
    assert_eq!(stage.chat("silent", "good", false).await.0, 200);
    stage.chat("loud", "alone", false).await;
    stage.chat("louder", "alone", false).await;
    let told = |line: &str| line.contains("\"status\":\"unhealthy\"");
    stage.gateway.wait_for_log(told).await;
    assert!(!stage.gateway.logs().iter().any(|line| line.contains("\"message\":\"request\"")));
    assert!(stage.lame.count() >= 2);
}
