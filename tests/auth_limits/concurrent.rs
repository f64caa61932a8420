//! Requests of a key under way at once: a place is free again however a request ends.

use crate::*;

#[tokio::test]
async fn only_so_many_requests_are_under_way_at_once() {
    let stage = Stage::set("", "concurrent: 2");
    let mut holding = Vec::new();
    for _ in 0..2 {
        let mut client = stage.connect().await;
        client.send(chat_request(KEY, &body("hang"))).await;
        holding.push(client);
    }
    stage.vendor.wait_for_requests(2).await;
    let refused = stage.ask(KEY, "hello").await;
    assert_eq!(limited(&refused), 1);
    assert_eq!(number(&refused, "x-ratelimit-limit-concurrent"), 2);
    assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 200, "another key is not concerned");
    assert_eq!(stage.vendor.count(), 3, "the refused one was not passed on");
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"concurrent\"}"), 1.0);
}

#[tokio::test]
async fn a_place_is_free_again_however_a_request_ends() {
    let stage = Stage::set("limits: { body: 64KiB }", "concurrent: 1, tokens: 100000/day");
    let large = "x".repeat(70_000);
    let bad = chat_request(KEY, "{}");
    let unknown = chat_request(KEY, &body("hello").replace("\"chat\"", "\"none\""));
    let greedy = chat_request(KEY, &body("hello").replace("100", "200000"));
    let stream = chat_request(KEY, &body("hello").replacen('{', "{\"stream\":true,", 1));
    let head = support::request("HEAD", "/v1/models", KEY, &[], "");
    let endings: Vec<(&str, Vec<u8>)> = vec![
        ("success", chat_request(KEY, &body("hello"))),
        ("stream", stream),
        ("the provider's refusal", chat_request(KEY, &body("refuse"))),
        ("all failed", chat_request(KEY, &body("fail"))),
        ("a bad body", bad),
        ("a large body", chat_request(KEY, &large)),
        ("an unknown model", unknown),
        ("no room for tokens", greedy),
        ("a list of models", support::request("GET", "/v1/models", KEY, &[], "")),
        ("a head alone", head),
        ("a broken chunk", format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").into_bytes()),
    ];
    for (ending, request) in endings {
        let mut client = stage.connect().await;
        client.send(request).await;
        let answer = client.head().await;
        let next = match ending {
            "stream" => client.read_until("[DONE]").await,
            "a head alone" => String::new(),
            _ => client.read_until("}").await,
        };
        assert_ne!(answer.header("x-ratelimit-limit-concurrent"), Some("1"), "before `{ending}`: {next}");
        // As soon as the answer is there, not a moment later.
        assert_eq!(stage.ask(KEY, "hello").await.status, 200, "after `{ending}`");
    }
}

#[tokio::test]
async fn a_place_is_free_again_when_the_client_leaves() {
    let stage = Stage::set("", "concurrent: 1");
    for turn in 1..=3 {
        let mut client = stage.connect().await;
        client.send(chat_request(KEY, &body("hang"))).await;
        stage.vendor.wait_for_closed(turn - 1).await;
        while stage.vendor.count() < turn {
            tokio::task::yield_now().await;
        }
        drop(client);
        stage.vendor.wait_for_closed(turn).await;
        stage.gateway.wait_for_logs(turn, |line| line.contains("\"status\":499")).await;
    }
    assert_eq!(stage.ask(KEY, "hello").await.status, 200, "after clients that left");
}
