//! Request bodies up to the limit of 32 MiB, however they are framed, and clients that ask before they send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use reqwest::Body;
use reqwest::Client;
use std::time::Duration;
use support::Gateway;
use support::KEY;
use support::Reply;
use support::Vendor;
use support::Wire;
use support::request;

const LIMIT: usize = 32 << 20;
const GOOD: &str = r#"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#;

/// Without a retry: every request here must come through the first time.
fn stage() -> (Gateway, Vendor) {
    let vendor = Vendor::start(|_, _| Reply::chat("hi"));
    let gateway = Gateway::start(&format!(
        "
cache: {{ exact: {{ ttl: 60 }} }}
failover: {{ check_interval: off, retry_max: 0 }}
providers:
  vendor: {{ kind: openai_compatible, base_url: '{}/v1', check: false }}
models: {{ chat: vendor/chat, other: vendor/a-longer-name }}
",
        vendor.base_url()
    ));
    (gateway, vendor)
}

/// A request of exactly so many bytes, whose text is not the same everywhere.
fn large(model: &str, size: usize) -> Vec<u8> {
    let start = format!("{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"");
    let (end, filler) = ("\"}]}", "é".repeat(500));
    let mut body = start;
    for number in 0.. {
        let block = format!("{number} {filler}");
        if body.len() + block.len() + end.len() > size {
            break;
        }
        body.push_str(&block);
    }
    body.push_str(&"x".repeat(size - end.len() - body.len()));
    body.push_str(end);
    body.into_bytes()
}

/// So that nobody knows its length before its end.
fn streamed(body: &[u8]) -> Body {
    let pieces: Vec<_> = body.chunks(100_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    Body::wrap_stream(futures_util::stream::iter(pieces))
}

fn clients() -> [(&'static str, Client); 2] {
    let builder = || Client::builder().no_proxy().timeout(Duration::from_secs(60));
    [
        ("HTTP/1.1", builder().http1_only().build().unwrap()),
        ("HTTP/2", builder().http2_prior_knowledge().build().unwrap()),
    ]
}

#[tokio::test]
async fn a_body_of_32_mib_comes_through_byte_by_byte_however_it_is_framed() {
    let (gateway, vendor) = stage();
    let mut expected = Vec::new();
    for (protocol, client) in clients() {
        for with_length in [true, false] {
            let size = LIMIT - expected.len();
            let body = large("chat", size);
            let framed = if with_length { Body::from(body.clone()) } else { streamed(&body) };
            let url = gateway.url("/v1/chat/completions");
            let answer = client.post(url).bearer_auth(KEY).body(framed).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{protocol}, length sent: {with_length}");
            expected.push(body);
        }
    }
    let received = vendor.requests();
    assert_eq!(received.len(), expected.len());
    for (received, expected) in received.iter().zip(&expected) {
        assert!(received.body == *expected, "{} of {} bytes", received.body.len(), expected.len());
    }
    // Four bodies of 32 MiB, one after the other, each with the provider's copy: at no time is there room for all.
    let resident = gateway.resident() >> 20;
    assert!(resident < 250, "{resident} MiB are held");
}

#[tokio::test]
async fn only_the_model_is_replaced_in_a_large_body() {
    let (gateway, vendor) = stage();
    let body = large("other", 5 << 20);
    let (_, client) = &clients()[0];
    let url = gateway.url("/v1/chat/completions");
    let answer = client.post(url).bearer_auth(KEY).body(streamed(&body)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let sent = String::from_utf8(vendor.requests().remove(0).body).unwrap();
    assert!(sent == String::from_utf8(body).unwrap().replacen("\"other\"", "\"a-longer-name\"", 1));
}

#[tokio::test]
async fn one_byte_over_32_mib_is_refused_however_it_is_framed() {
    let (gateway, vendor) = stage();
    for (protocol, client) in clients() {
        for with_length in [true, false] {
            let body = large("chat", LIMIT + 1);
            let framed = if with_length { Body::from(body) } else { streamed(&body) };
            let url = gateway.url("/v1/chat/completions");
            let answer = client.post(url).bearer_auth(KEY).body(framed).send().await;
            let answer = answer.unwrap_or_else(|why| panic!("{protocol} {with_length}: {why:?}"));
            assert_eq!(answer.status(), 413, "{protocol}, length sent: {with_length}");
        }
    }
    assert_eq!(vendor.count(), 0);
}

#[tokio::test]
async fn a_client_that_asks_first_hears_100_before_it_sends_its_body() {
    let (gateway, vendor) = stage();
    let mut client = Wire::to(gateway.address()).await;
    for (expect, framing, body) in [
        ("100-continue", format!("content-length: {}", GOOD.len()), GOOD.to_owned()),
        (
            "100-Continue",
            "transfer-encoding: chunked".to_owned(),
            format!("{:x}\r\n{GOOD}\r\n0\r\n\r\n", GOOD.len()),
        ),
    ] {
        client
            .send(format!(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nexpect: {expect}\r\n{framing}\r\n\r\n"
            ))
            .await;
        assert_eq!(client.head().await.status, 100, "{framing}");
        client.send(body).await;
        assert_eq!(client.answer().await.status, 200, "{framing}");
    }
    let sent = vendor.requests();
    assert!(
        sent.iter().all(|request| request.header("expect").is_none()),
        "Expect is between client and gateway"
    );
}

#[tokio::test]
async fn a_client_that_asks_first_and_is_refused_hears_no_100() {
    let (gateway, vendor) = stage();
    let head = |key: &str, path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    for (request, status) in [
        (head("tg-wrong", "/v1/chat/completions", 100), 401),
        (head(KEY, "/v1/chat/completions", LIMIT + 1), 413),
        (head(KEY, "/v1/nothing", 100), 404),
    ] {
        let mut client = Wire::to(gateway.address()).await;
        assert_eq!(client.ask(request).await.status, status);
        // The body may come all the same, so nothing else can be asked on this connection.
        client.assert_closed().await;
    }
    assert_eq!(vendor.count(), 0);
}

#[tokio::test]
async fn a_client_that_asks_first_and_does_not_wait_is_served() {
    let (gateway, _vendor) = stage();
    let mut client = Wire::to(gateway.address()).await;
    for _ in 0..2 {
        let asked = request("POST", "/v1/chat/completions", KEY, &[("expect", "100-continue")], GOOD);
        client.send(asked).await;
        let first = client.head().await;
        let answer = if first.status == 100 { client.answer().await } else { first };
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let mut old = Wire::to(gateway.address()).await;
    let length = GOOD.len();
    let head = format!("POST /v1/chat/completions HTTP/1.0\r\nx-api-key: {KEY}\r\nexpect: 100-continue\r\n");
    let answer = old.ask(format!("{head}content-length: {length}\r\n\r\n{GOOD}")).await;
    assert_eq!(answer.status, 200, "HTTP/1.0 knows no 100");
}
