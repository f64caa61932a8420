//! Clients that leave before a provider has their request.

use crate::*;
use support::Step;

#[tokio::test]
async fn before_its_request_is_complete() {
    let stage = Stage::set(|_, _| Reply::chat("first"));
    let whole = String::from_utf8(chat_request(KEY, &body("hello", false))).unwrap();
    let chunked = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"m";
    let chunked = chunked.replace("{key}", KEY);
    let halves = [whole[..whole.len() - 1].to_owned(), whole[..whole.len() - 40].to_owned(), chunked];
    let mut left = 0;
    stage.in_flight(0.0).await;
    for half in &halves {
        for rudely in [false, true] {
            let mut client = stage.connect().await;
            client.send(half).await;
            stage.in_flight(1.0).await;
            if rudely {
                client.reset();
            } else {
                drop(client);
            }
            left += 1;
            let line = stage.is_settled(left).await;
            assert!(line.get("provider").is_none() && line.get("tokens").is_none(), "{line}");
        }
    }
    assert_eq!(stage.first.count(), 0, "half a request was passed on");
    assert_eq!(stage.tokens_left().await, TOKENS);
}

#[tokio::test]
async fn before_its_head_is_complete() {
    let stage = Stage::set(|_, _| Reply::chat("first"));
    for (turn, half) in ["P", "POST /v1/chat", "POST / HTTP/1.1\r\nhost"].into_iter().enumerate() {
        let mut client = stage.connect().await;
        client.send(half).await;
        if turn % 2 == 0 {
            client.reset();
        }
    }
    let answer = stage.connect().await.ask(chat_request(KEY, &body("hello", false))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    stage.gateway.wait_for_log(|line| line.contains("chat/completions")).await;
    stage.in_flight(0.0).await;
}

#[tokio::test]
async fn over_http2_before_its_body_is_complete() {
    let stage = Stage::set(|_, _| Reply::chat("first"));
    // The question whether it is ready may still be under way.
    stage.in_flight(0.0).await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let start = futures_util::stream::iter([Ok::<_, std::io::Error>("{\"model\":")]);
    let never_ends = futures_util::StreamExt::chain(start, futures_util::stream::pending());
    let request = client.post(stage.gateway.url("/v1/chat/completions")).bearer_auth(KEY);
    let asking = tokio::spawn(request.body(reqwest::Body::wrap_stream(never_ends)).send());
    stage.in_flight(1.0).await;
    asking.abort();
    stage.is_settled(1).await;
    assert_eq!((stage.first.count(), stage.tokens_left().await), (0, TOKENS));
}

/// The provider takes the connection and never greets back, so the gateway stays in its TLS handshake.
#[tokio::test]
async fn while_the_gateway_connects() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = Vendor::start(|_, _| Reply::chat("second"));
    let port = listener.local_addr().unwrap().port();
    let gateway = Gateway::start(&config(&format!("https://localhost:{port}"), second.base_url()));
    let mut client = Wire::to(gateway.address()).await;
    client.send(chat_request(KEY, &body("hello", false))).await;
    let (mut provider, _) = listener.accept().await.unwrap();
    let mut hello = [0; 5];
    tokio::io::AsyncReadExt::read_exact(&mut provider, &mut hello).await.unwrap();
    let left = Instant::now();
    drop(client);
    let mut rest = Vec::new();
    let end = tokio::io::AsyncReadExt::read_to_end(&mut provider, &mut rest);
    // A reset is an end as well.
    drop(tokio::time::timeout(Duration::from_secs(15), end).await.expect("the handshake goes on"));
    println!("connecting: closed after {:?}", left.elapsed());
    assert!(left.elapsed() < Duration::from_secs(1), "closed after {:?}", left.elapsed());
    let line = gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    assert!(line.contains("\"client_left\"") && !line.contains("tokens"), "{line}");
    assert_eq!(second.count(), 0);
}

/// A refusal is not charged for, even one that does not come to its end.
#[tokio::test]
async fn while_a_provider_refuses() {
    let stage = Stage::set(|_, _| {
        let head = [("content-type", "application/json"), ("content-length", "1000")];
        Reply::head(503, &head).bytes("{").then(Step::Hang)
    });
    let refused = async {
        stage.first.wait_for_requests(1).await;
        // There is nothing to see from outside; it is given half a second to say why.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    Leaving::Close.after(&stage, body("hello", false), refused).await;
    let line = stage.is_settled(1).await;
    assert!(line["provider"] == "first" && line["tokens"].is_null(), "{line}");
    assert_eq!(stage.tokens_left().await, TOKENS);
}

#[tokio::test]
async fn while_the_gateway_waits_before_it_asks_again() {
    let busy = serde_json::json!({ "error": { "message": "slow down" } });
    for leaving in LEAVINGS {
        let busy = busy.clone();
        let stage = Stage::set(move |_, _| Reply::json_with(429, &[("retry-after", "3")], busy.clone()));
        let asked = async {
            stage.first.wait_for_requests(1).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let left = leaving.after(&stage, body("hello", false), asked).await;
        stage.is_settled(1).await;
        let took = left.elapsed();
        println!("between two attempts, {leaving:?}: settled after {took:?}");
        assert!(took < Duration::from_secs(2), "it waited to the end: {took:?}");
        assert_eq!(stage.tokens_left().await, TOKENS);
        assert_eq!(stage.first.count(), 1, "asked again for a client that had left");
    }
}

#[tokio::test]
async fn while_the_second_provider_is_asked() {
    let first = Vendor::start(|_, _| Reply::json(503, serde_json::json!({ "error": { "message": "busy" } })));
    let second = Vendor::start(|_, _| Reply::sse_head().then(Step::Hang));
    let gateway = Gateway::start(&config(first.base_url(), second.base_url()));
    let mut client = Wire::to(gateway.address()).await;
    client.send(chat_request(KEY, &body("hello", true))).await;
    second.wait_for_requests(1).await;
    let left = Instant::now();
    drop(client);
    closed_promptly(&second, 1, left, "second provider").await;
    let line = gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let outcomes: Vec<_> = line["attempts"].as_array().unwrap().iter().map(|a| &a["outcome"]).collect();
    assert_eq!(outcomes, ["status_503", "client_left"], "{line}");
    assert_eq!(line["provider"], "second", "{line}");
}
