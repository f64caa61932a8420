//! Keys: missing, wrong, malformed, given twice, or good for something else.

use crate::*;
use support::request;

fn with_headers(headers: &[(&str, &str)]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = GOOD.len();
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{lines}\r\n{GOOD}")
        .into_bytes()
}

#[tokio::test]
async fn a_request_without_a_good_key_is_refused_and_its_connection_kept() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let (bearer, basic) = (format!("Bearer {KEY}"), format!("Basic {KEY}"));
    let (two, long) = (format!("Bearer {KEY} {KEY}"), format!("Bearer {}", "k".repeat(20_000)));
    let (longer, shorter) = (format!("{bearer}x"), &bearer[..bearer.len() - 1]);
    let other_case = bearer.to_uppercase();
    let cases: &[&[(&str, &str)]] = &[
        &[],
        &[("authorization", "")],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer tg-wrong")],
        &[("authorization", KEY)],
        &[("authorization", &basic)],
        &[("authorization", &two)],
        &[("authorization", &long)],
        &[("authorization", &longer)],
        &[("authorization", shorter)],
        &[("authorization", &other_case)],
        &[("authorization", "Bearer \u{fc}\u{20ac}")],
        &[("x-api-key", "")],
        &[("x-api-key", "tg-wrong")],
        &[("x-api-key", &bearer)],
        &[("authorization", "Bearer tg-wrong"), ("x-api-key", "tg-wrong-too")],
        // A good key beside a wrong one is a mistake someone should hear of.
        &[("authorization", "Bearer tg-wrong"), ("x-api-key", KEY)],
    ];
    for case in cases {
        let answer = client.ask(with_headers(case)).await;
        let error = refusal(&answer, 401, &format!("{case:?}"));
        assert_eq!(error["code"], "invalid_api_key", "{case:?}");
        assert_eq!(error["type"], "authentication_error", "{case:?}");
    }
    assert_eq!(stage.vendor.count(), 0, "a refused request reached the vendor");
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200, "the connection is still good");
}

#[tokio::test]
async fn a_good_key_is_taken_from_either_header() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let bearer = format!("Bearer {KEY}");
    let cases: &[&[(&str, &str)]] = &[
        &[("authorization", &bearer)],
        &[("Authorization", &format!("bearer   {KEY}  "))],
        &[("x-api-key", KEY)],
        &[("X-API-Key", KEY)],
        &[("authorization", &bearer), ("x-api-key", "tg-wrong")],
        &[("authorization", "Basic dXNlcjpwYXNz"), ("x-api-key", KEY)],
        // SDKs send an empty bearer where only the other header was set.
        &[("authorization", "Bearer "), ("x-api-key", KEY)],
    ];
    for case in cases {
        let answer = client.ask(with_headers(case)).await;
        assert_eq!(answer.status, 200, "{case:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_key_asks_only_for_its_own_models_and_learns_of_no_others() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    assert_eq!(client.ask(chat_request(NARROW_KEY, GOOD)).await.status, 200);
    for model in ["chat-large", "vendor/small"] {
        let body = GOOD.replace("\"chat\"", &format!("\"{model}\""));
        let error = refusal(&client.ask(chat_request(NARROW_KEY, &body)).await, 403, model);
        assert_eq!((&error["param"], &error["code"]), (&"model".into(), &"model_not_allowed".into()));
        let show = request("GET", &format!("/v1/models/{model}"), NARROW_KEY, &[], "");
        refusal(&client.ask(show).await, 403, model);
    }
    // A key given twice must not be judged by one name and answered under another.
    let twice = GOOD.replacen('{', "{\"mod\\u0065l\":\"chat-large\",", 1);
    refusal(&client.ask(chat_request(NARROW_KEY, &twice)).await, 400, &twice);
    let close = GOOD.replace("\"chat\"", "\"chat-larg\"");
    let error = refusal(&client.ask(chat_request(NARROW_KEY, &close)).await, 404, "chat-larg");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`chat`") && !message.contains("`chat-large`"), "{message}");
    let list = client.ask(request("GET", "/v1/models", NARROW_KEY, &[], "")).await.json();
    let names: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| m["id"].clone()).collect();
    assert_eq!(names, ["chat"]);
    assert_eq!(stage.vendor.count(), 1);
}
