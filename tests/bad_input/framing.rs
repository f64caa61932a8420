//! Where a request ends: lengths and chunks that lie, contradict each other, or mean nothing.

use crate::*;

fn post(headers: &str, body: &str) -> String {
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{headers}\r\n{body}")
}

fn chunked(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

#[tokio::test]
async fn a_head_whose_body_has_no_certain_end_is_refused_and_the_connection_closed() {
    let stage = Stage::set();
    let length = GOOD.len();
    for headers in [
        format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 1),
        format!("content-length: {length}, {}\r\n", length + 1),
        format!("content-length: +{length}\r\n"),
        format!("content-length: -{length}\r\n"),
        format!("content-length: 0x{length:x}\r\n"),
        format!("content-length: {length}.0\r\n"),
        format!("content-length: {length} {length}\r\n"),
        "content-length: 99999999999999999999999999\r\n".to_owned(),
        "content-length: \r\n".to_owned(),
        "content-length: many\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "transfer-encoding: identity\r\n".to_owned(),
        "transfer-encoding: gzip\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding: gzip, chunked\r\n".to_owned(),
        "transfer-encoding: chunked, chunked\r\n".to_owned(),
        "transfer-encoding: \r\n".to_owned(),
    ] {
        let mut client = stage.connect().await;
        let answer = client.ask(post(&headers, GOOD)).await;
        refusal(&answer, 400, &headers);
        client.assert_closed().await;
        stage.is_alive(&headers).await;
    }
    assert_eq!(stage.vendor.count(), 17, "a refused request reached the vendor");
}

#[tokio::test]
async fn the_same_length_twice_is_one_length() {
    let stage = Stage::set();
    let length = GOOD.len();
    for headers in [
        format!("content-length: {length}\r\ncontent-length: {length}\r\n"),
        format!("content-length: {length}, {length}\r\n"),
    ] {
        let mut client = stage.connect().await;
        for _ in 0..2 {
            let answer = client.ask(post(&headers, GOOD)).await;
            assert_eq!(answer.status, 200, "{headers}: {}", answer.text());
        }
    }
}

/// RFC 9112 §6.1: what two readers may understand differently must not be followed by another request.
#[tokio::test]
async fn with_both_framings_the_chunks_count_and_the_connection_is_closed() {
    let stage = Stage::set();
    for length in [4, GOOD.len(), 10_000] {
        let mut client = stage.connect().await;
        let headers = format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n");
        let smuggled = post(&format!("content-length: {}\r\n", GOOD.len()), GOOD);
        let answer = client.ask(post(&headers, &(chunked(GOOD) + &smuggled))).await;
        match answer.status {
            200 => {}
            _ => drop(refusal(&answer, 400, &headers)),
        }
        client.assert_closed().await;
    }
    assert!(stage.vendor.count() <= 3, "a smuggled request was served");
    stage.is_alive("two framings").await;
}

#[tokio::test]
async fn chunks_that_are_no_chunks_are_refused() {
    let stage = Stage::set();
    let (size, half) = (format!("{:x}", GOOD.len()), &GOOD[..20]);
    let cases = [
        format!("zz\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("-{size}\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("+{size}\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("0x{size}\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("ffffffffffffffff\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("fffffffffffffffff\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("{size}\r\n{GOOD}XX0\r\n\r\n"),
        format!("14\r\n{half}\r\nnot a size\r\n"),
        format!("{}\r\n", "a".repeat(10_000)),
        format!("{size};{}", "e".repeat(30_000)),
        format!("{size}\r\n{GOOD}\r\n0\r\nx-trailer: a\rb\r\n\r\n"),
    ];
    for body in cases {
        let mut client = stage.connect().await;
        let answer = client.ask(post("transfer-encoding: chunked\r\n", &body)).await;
        refusal(&answer, 400, &body);
        client.assert_closed().await;
        stage.is_alive(&body).await;
    }
}

#[tokio::test]
async fn odd_but_proper_chunks_are_read() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let single: String = GOOD.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let size = GOOD.len();
    for body in [
        chunked(GOOD),
        format!("{single}0\r\n\r\n"),
        format!("{size:X};name=value;other=\"x\"\r\n{GOOD}\r\n0\r\n\r\n"),
        format!("000000{size:x}\r\n{GOOD}\r\n000\r\n\r\n"),
        format!("{size:x}\r\n{GOOD}\r\n0\r\nx-checksum: 1\r\nx-api-key: tg-wrong\r\n\r\n"),
    ] {
        let answer = client.ask(post("transfer-encoding: chunked\r\n", &body)).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
    assert!(
        stage.vendor.requests().iter().all(|r| r.body == GOOD.replace("\"chat\"", "\"small\"").as_bytes())
    );
}

#[tokio::test]
async fn whatever_frames_a_request_another_one_may_follow() {
    let stage = Stage::set();
    let requests = [
        "GET /health HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        post(&format!("content-length: {}\r\n", GOOD.len()), GOOD),
        post("transfer-encoding: chunked\r\n", &chunked(GOOD)),
    ];
    for first in &requests {
        let mut client = stage.connect().await;
        for request in [first, first].into_iter().chain(&requests) {
            assert_eq!(client.ask(request).await.status, 200, "{request}");
        }
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let length = GOOD.len();
    let good = post(&format!("content-length: {length}\r\n"), GOOD);
    let bad = post("content-length: 2\r\n", "[]");
    client.send(format!("{good}{bad}{good}")).await;
    for status in [200, 400, 200] {
        assert_eq!(client.answer().await.status, status);
    }
    let (first, second) = good.split_at(good.len() - 30);
    client.send(format!("{good}{first}")).await;
    assert_eq!(client.answer().await.status, 200);
    client.send(second).await;
    assert_eq!(client.answer().await.status, 200, "the half that came too early counts");
    for cut in [1, 5, 60] {
        client.send(format!("{bad}{}", &good[..cut])).await;
        assert_eq!(client.answer().await.status, 400);
        client.send(&good[cut..]).await;
        assert_eq!(client.answer().await.status, 200, "cut after {cut} bytes");
    }
}
