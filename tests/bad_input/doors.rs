//! Paths and methods: what is not there, what is spelled oddly, and what needs no key.

use crate::*;
use support::request;

#[tokio::test]
async fn what_is_not_there_is_told_from_what_takes_another_method() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let long = format!("/v1/{}", "x".repeat(20_000));
    let cases: &[(&str, &str, u16)] = &[
        ("GET", "/", 404),
        ("POST", "/v1", 404),
        ("POST", "/v1/nothing", 404),
        ("POST", "/v2/chat/completions", 404),
        ("POST", "/v1/v1/chat/completions", 404),
        ("POST", "/v1//chat/completions", 404),
        ("POST", "/v1/chat/completions/x", 404),
        ("POST", "/V1/Chat/Completions", 404),
        ("POST", "/v1/chat%2Fcompletions", 404),
        ("POST", "/v1/chat/../chat/completions", 404),
        ("GET", "/v1/%00", 404),
        ("GET", "/v1/%zz", 404),
        ("GET", "/v1/\u{fc}ber", 404),
        ("GET", "/metrics", 404),
        ("POST", "/admin/reload", 404),
        ("GET", &long, 404),
        ("GET", "/v1/chat/completions", 405),
        ("PUT", "/v1/chat/completions", 405),
        ("DELETE", "/v1/chat/completions", 405),
        ("PATCH", "/v1/embeddings", 405),
        ("HEAD2", "/v1/embeddings", 405),
        ("TRACE", "/v1/models", 405),
        ("OPTIONS", "/v1/chat/completions", 405),
        ("post", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("DELETE", "/v1/models/chat", 405),
        ("POST", "/health", 405),
    ];
    for (method, path, status) in cases {
        let answer = client.ask(request(method, path, KEY, &[], "")).await;
        let case = format!("{method} {}", &path.chars().take(60).collect::<String>());
        let error = refusal(&answer, *status, &case);
        assert!(answer.body.len() < 1000, "{case}: the path comes back whole");
        if *status == 405 {
            let allowed = answer.header("allow").unwrap_or_else(|| panic!("{case}: no Allow header"));
            assert!(error["message"].as_str().unwrap().contains(allowed), "{case}");
        }
    }
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200, "the connection is still good");
}

#[tokio::test]
async fn a_head_request_gets_a_head_alone() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    for (path, status) in [("/health", 200), ("/v1/models", 200), ("/v1/models/chat", 200), ("/nothing", 404)]
    {
        client.send(request("HEAD", path, KEY, &[], "")).await;
        let head = client.head().await;
        assert_eq!(head.status, status, "{path}");
        assert!(head.header("content-length").is_some_and(|n| n != "0"), "{path}: {head:?}");
    }
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200, "no body came after a head");
}

#[tokio::test]
async fn paths_may_have_queries_and_a_slash_at_the_end() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    for path in [
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions?api-version=2024-01-01&x=%ff",
        "/v1/chat/completions?",
        "http://gateway/v1/chat/completions",
    ] {
        let answer = client.ask(request("POST", path, KEY, &[], GOOD)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn old_clients_without_a_host_are_served_and_their_connections_closed() {
    let stage = Stage::set();
    let length = GOOD.len();
    let head =
        format!("POST /v1/chat/completions HTTP/1.0\r\nx-api-key: {KEY}\r\ncontent-length: {length}\r\n");
    let mut client = stage.connect().await;
    let answer = client.ask(format!("{head}\r\n{GOOD}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    client.assert_closed().await;
    let mut streaming = stage.connect().await;
    let stream = GOOD.replacen('{', "{\"stream\":true,", 1);
    let head = head.replace(&length.to_string(), &stream.len().to_string());
    streaming.send(format!("{head}\r\n{stream}")).await;
    let answer = String::from_utf8(streaming.rest().await).unwrap();
    assert!(answer.contains(" 200 ") && answer.ends_with("data: [DONE]\n\n"), "{answer}");
    assert!(!answer.to_lowercase().contains("chunked"), "HTTP/1.0 knows no chunks: {answer}");
}
