//! Clients that take their time: the head and the body have each their own.

use crate::*;
use std::time::Duration;

fn stage() -> Stage {
    Stage::with(&[("limits:", "server: { head_timeout: 400ms, body_timeout: 600ms }\nlimits:")])
}

const HEAD: &str = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

/// Sends byte after byte until the gateway has had enough.
async fn trickle(client: &mut Wire, text: &str) {
    for byte in text.bytes().cycle() {
        if client.try_send([byte]).await.is_err() || !client.is_silent_for(Duration::from_millis(50)).await {
            return;
        }
    }
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_gets_a_408() {
    let stage = stage();
    let mut first = stage.connect().await;
    trickle(&mut first, HEAD).await;
    refusal(&first.answer().await, 408, "byte by byte");
    first.assert_closed().await;
    let mut silent = stage.connect().await;
    silent.send(HEAD).await;
    refusal(&silent.answer().await, 408, "silence in the head");
    silent.assert_closed().await;
    let mut second = stage.connect().await;
    assert_eq!(second.ask(chat_request(KEY, GOOD)).await.status, 200);
    trickle(&mut second, HEAD).await;
    refusal(&second.answer().await, 408, "the second request of a connection");
    stage.is_alive("slow heads").await;
}

/// Empty lines before a head are passed over (RFC 9112 §2.2), and what begins like HTTP/2 need not be that.
#[tokio::test]
async fn what_comes_before_a_slow_head_wins_no_time() {
    let stage = stage();
    for start in ["\r\n\r\n", "\n\n", "\r\n", "PRI", "PRI / HTTP/1.1\r\nx: "] {
        let mut client = stage.connect().await;
        client.send(start).await;
        let slow = tokio::time::timeout(Duration::from_secs(5), trickle(&mut client, HEAD));
        assert!(slow.await.is_ok(), "a head after {start:?} may take for ever");
        refusal(&client.answer().await, 408, start);
    }
    stage.is_alive("slow starts").await;
}

#[tokio::test]
async fn a_connection_may_rest_between_requests() {
    let stage = stage();
    let mut client = stage.connect().await;
    assert!(client.is_silent_for(Duration::from_millis(800)).await, "closed before the first request");
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200);
    assert!(client.is_silent_for(Duration::from_millis(800)).await, "closed after the first request");
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200);
}

#[tokio::test]
async fn a_connection_that_rests_too_long_is_closed() {
    let stage = Stage::with(&[("limits:", "server: { idle_timeout: 1s }\nlimits:")]);
    let mut client = stage.connect().await;
    for _ in 0..2 {
        assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200);
    }
    client.assert_closed().await;
    let mut closing = stage.connect().await;
    let bye = support::request("POST", "/v1/chat/completions", KEY, &[("connection", "close")], GOOD);
    assert_eq!(closing.ask(bye).await.header("connection"), Some("close"));
    closing.assert_closed().await;
    stage.is_alive("idle connections").await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_gets_a_408() {
    let stage = stage();
    let start = format!("{HEAD}x-api-key: {KEY}\r\n");
    let mut counted = stage.connect().await;
    counted.send(format!("{start}content-length: 20000\r\n\r\n")).await;
    trickle(&mut counted, GOOD).await;
    refusal(&counted.answer().await, 408, "with a length");
    counted.assert_closed().await;
    let mut silent = stage.connect().await;
    silent.send(format!("{start}content-length: 20000\r\n\r\n{{")).await;
    refusal(&silent.answer().await, 408, "silence in the body");
    silent.assert_closed().await;
    let mut chunked = stage.connect().await;
    chunked.send(format!("{start}transfer-encoding: chunked\r\n\r\n")).await;
    trickle(&mut chunked, "1\r\n \r\n").await;
    refusal(&chunked.answer().await, 408, "in chunks");
    chunked.assert_closed().await;
    assert_eq!(stage.vendor.count(), 0);
    stage.is_alive("slow bodies").await;
}

#[tokio::test]
async fn a_slow_body_over_http2_gets_a_408_and_its_connection_lives() {
    let stage = stage();
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let ask = |body: reqwest::Body| {
        client.post(stage.gateway.url("/v1/chat/completions")).bearer_auth(KEY).body(body).send()
    };
    let drops = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, std::io::Error>(" "), ()))
    });
    let answer = ask(reqwest::Body::wrap_stream(drops)).await.unwrap();
    assert_eq!(answer.status(), 408);
    assert!(answer.text().await.unwrap().contains("invalid_request_error"));
    assert_eq!(ask(GOOD.into()).await.unwrap().status(), 200);
}
