//! Request heads that are no heads, or far too much of one.

use crate::*;
use std::time::Duration;

#[tokio::test]
async fn without_a_host_a_request_is_refused() {
    let stage = Stage::set();
    for head in
        ["", "Host\r\n", "host: a\r\nhost: b\r\n", "host: a b\r\n", "host: a/b\r\n", "host: user@a\r\n"]
    {
        let mut client = stage.connect().await;
        let length = GOOD.len();
        let start = "POST /v1/chat/completions HTTP/1.1\r\n";
        let request = format!("{start}{head}x-api-key: {KEY}\r\ncontent-length: {length}\r\n\r\n{GOOD}");
        refusal(&client.ask(request).await, 400, head);
        stage.is_alive(head).await;
    }
}

#[tokio::test]
async fn signs_that_no_header_may_hold_are_refused() {
    let stage = Stage::set();
    for line in [
        "x-a: one\0two",
        "x-a: \0",
        "x-a: one\rtwo",
        "x-a: one\r\n two",
        "x-a: one\x01two",
        "x-a: one\x7ftwo",
        "x a: one",
        "x-a : one",
        " x-a: one",
        ": one",
        "no colon",
        "x-\u{fc}: one",
        "x-a\0: one",
    ] {
        let mut client = stage.connect().await;
        let length = GOOD.len();
        let start = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n");
        let request = format!("{start}{line}\r\ncontent-length: {length}\r\n\r\n{GOOD}");
        refusal(&client.ask(request).await, 400, &format!("{line:?}"));
        client.assert_closed().await;
        stage.is_alive(&format!("{line:?}")).await;
    }
    assert_eq!(stage.vendor.count(), 13, "a refused request reached the vendor");
}

#[tokio::test]
async fn what_is_no_http_ends_the_connection_and_nothing_else() {
    let stage = Stage::set();
    let hello_of_tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec();
    let noise: Vec<u8> = (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases: Vec<Vec<u8>> = vec![
        b"\r\n\r\n\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET /health\r\n\r\n".to_vec(),
        b"GET /health HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /health HTTP/1.1 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET  /health  HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"/health HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"\0\0\0\0\0\0\0\0\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, and quite long, too".to_vec(),
        hello_of_tls,
        [&noise[..], b"\r\n\r\n"].concat(),
    ];
    for bytes in cases {
        let case = format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
        let mut client = stage.connect().await;
        client.send(&bytes).await;
        client.half_close().await;
        let answer = String::from_utf8_lossy(&client.rest().await).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 2"), "{case}: {answer}");
        stage.is_alive(&case).await;
    }
}

#[tokio::test]
async fn what_http2_opens_with_may_come_in_pieces() {
    let stage = Stage::set();
    for at in [1, 14, 23] {
        let mut client = stage.connect().await;
        let (start, rest) = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".split_at(at);
        client.send(start).await;
        assert!(client.is_silent_for(Duration::from_millis(50)).await, "an answer to {at} bytes");
        client.send(rest).await;
        let (settings, acknowledged) = ("\0\0\0\x04\0\0\0\0\0", "\0\0\0\x04\x01\0\0\0\0");
        client.send(settings).await;
        client.read_until(acknowledged).await;
    }
}

#[tokio::test]
async fn absurd_heads_are_refused_or_served_but_never_kept() {
    let stage = Stage::set();
    let before = stage.gateway.resident();
    let many: String = (0..5000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let fifty: String = (0..50).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let long_value = format!("x-long: {}\r\n", "v".repeat(2 << 20));
    let long_name = format!("x-{}: v\r\n", "n".repeat(2 << 20));
    let key_of_a_megabyte = format!("authorization: Bearer {}\r\n", "k".repeat(1 << 20));
    for (headers, expected) in
        [(&many, 400), (&fifty, 200), (&long_value, 400), (&long_name, 400), (&key_of_a_megabyte, 400)]
    {
        let mut client = stage.connect().await;
        let start = format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n");
        // The gateway may close before it has read it all.
        client.try_send(format!("{start}{headers}\r\n")).await.ok();
        let answer = client.answer().await;
        assert_eq!(answer.status, expected, "{}…", &headers[..30]);
        stage.is_alive(&headers[..30]).await;
    }
    let mut endless = stage.connect().await;
    endless.send("GET /v1/models HTTP/1.1\r\nhost: x\r\nx-long: ").await;
    let block = vec![b'v'; 1 << 20];
    let mut sent = 0;
    while sent < 64 && endless.try_send(&block).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 64, "64 MiB of one header were read");
    let grown = stage.gateway.resident().saturating_sub(before) >> 20;
    assert!(grown < 48, "the gateway grew by {grown} MiB");
}

#[tokio::test]
async fn absurd_heads_over_http2_harm_nobody_else() {
    let stage = Stage::set();
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let ask = || client.get(stage.gateway.url("/v1/models")).bearer_auth(KEY);
    let many = (0..5000).fold(ask(), |request, n| request.header(format!("x-{n}"), n));
    for (case, request) in [("many", many), ("long", ask().header("x-long", "v".repeat(1 << 20)))] {
        match request.send().await {
            Ok(answer) => assert!(answer.status().is_client_error(), "{case}: {}", answer.status()),
            // The stream or its connection may end without an answer.
            Err(error) => assert!(!error.is_timeout(), "{case}: {error}"),
        }
        assert_eq!(ask().send().await.unwrap().status(), 200, "after {case} headers");
    }
    stage.is_alive("absurd heads over HTTP/2").await;
}

#[tokio::test]
async fn a_path_of_a_hundred_kilobytes_is_no_trouble() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    for (length, status) in [(60_000, 404), (100_000, 400)] {
        let path = format!("/v1/models/{}", "m".repeat(length));
        let answer = client.ask(support::request("GET", &path, KEY, &[], "")).await;
        refusal(&answer, status, "long path");
        assert!(answer.body.len() < 1000, "{} bytes", answer.body.len());
    }
    let line = stage.gateway.wait_for_log(|line| line.contains("/v1/models/mmm")).await;
    assert!(line.len() < 2000, "a log line of {} bytes", line.len());
}
