//! Bodies over the limit are refused before they are read whole.

use crate::*;

fn head(framing: &str) -> String {
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{framing}\r\n\r\n")
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_refused_without_a_byte_of_it() {
    let stage = Stage::set();
    for length in [LIMIT as u64 + 1, 1 << 40, u64::MAX] {
        let mut client = stage.connect().await;
        let error = refusal(&client.ask(head(&format!("content-length: {length}"))).await, 413, "announced");
        assert!(error["message"].as_str().unwrap().contains(&LIMIT.to_string()), "{error}");
    }
    stage.is_alive("announced lengths").await;
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let padded = format!("{GOOD}{}", " ".repeat(LIMIT - GOOD.len()));
    assert_eq!(client.ask(chat_request(KEY, &padded)).await.status, 200);
    let chunked = format!("{}{LIMIT:x}\r\n{padded}\r\n0\r\n\r\n", head("transfer-encoding: chunked"));
    assert_eq!(client.ask(chunked).await.status, 200);
    refusal(&client.ask(chat_request(KEY, &format!("{padded} "))).await, 413, "one byte more");
}

#[tokio::test]
async fn a_chunked_body_is_refused_as_soon_as_it_is_over_the_limit() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    client.send(head("transfer-encoding: chunked")).await;
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    for _ in 0..=LIMIT / 0x2000 {
        client.send(&chunk).await;
    }
    refusal(&client.answer().await, 413, "chunked, and not finished");
    stage.is_alive("too many chunks").await;
}

/// Most clients write all they have before they read: a reset would take the answer from them.
#[tokio::test]
async fn a_client_that_sends_everything_first_still_reads_its_413() {
    let stage = Stage::set();
    for framing in ["content-length: 3000000", "transfer-encoding: chunked"] {
        let mut client = stage.connect().await;
        client.send(head(framing)).await;
        let body = " ".repeat(3_000_000);
        let body = match framing.starts_with("content") {
            true => body,
            false => format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        };
        client.send(body).await;
        refusal(&client.answer().await, 413, framing);
    }
    stage.is_alive("large bodies").await;
}

#[tokio::test]
async fn over_http2_a_large_body_is_refused_and_the_connection_lives() {
    let stage = Stage::set();
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let ask = |body: reqwest::Body| {
        client.post(stage.gateway.url("/v1/chat/completions")).bearer_auth(KEY).body(body).send()
    };
    let endless = || futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 4096]));
    let announced = ask(vec![b' '; LIMIT + 1].into()).await.unwrap();
    assert_eq!(announced.status(), 413, "announced");
    let unknown = ask(reqwest::Body::wrap_stream(endless())).await.unwrap();
    assert_eq!(unknown.status(), 413, "of unknown length");
    assert!(unknown.text().await.unwrap().contains("invalid_request_error"));
    assert_eq!(ask(GOOD.into()).await.unwrap().status(), 200);
}
