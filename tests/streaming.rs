//! Streams over real sockets: nothing is held back, and where the bytes are cut does not matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use futures_util::StreamExt;
use std::time::Duration;
use std::time::Instant;
use support::DONE;
use support::Gateway;
use support::MODEL;
use support::Reply;
use support::Vendor;
use support::chat_body;
use support::chunk;
use support::client;
use support::config;
use support::finish_chunk;
use support::provider;
use support::sse_events;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

const APART: Duration = Duration::from_millis(50);

fn gateway(origin: &str) -> Gateway {
    Gateway::start(&config("", &[provider("vendor", origin)]))
}

async fn ask(gateway: &Gateway) -> reqwest::Response {
    let request = client().post(gateway.url("/v1/chat/completions")).bearer_auth(gateway.key());
    request.json(&chat_body(MODEL, true)).send().await.unwrap()
}

/// The vendor sends an event only when the one before it has been seen, so an event that is held back stops the test.
#[tokio::test]
async fn an_event_reaches_the_client_before_the_next_one_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = gateway(&format!("http://{}", listener.local_addr().unwrap()));
    let (seen, mut next) = tokio::sync::mpsc::channel::<()>(1);
    let vendor = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await.unwrap();
        for word in 0..20 {
            stream.write_all(format!("data: {}\n\n", chunk(&format!("w{word} "))).as_bytes()).await.unwrap();
            next.recv().await.unwrap();
        }
        stream.write_all(format!("data: {}\n\ndata: {DONE}\n\n", finish_chunk()).as_bytes()).await.unwrap();
    });
    let mut body = ask(&gateway).await.bytes_stream();
    let mut text = String::new();
    for word in 0..20 {
        while !text.contains(&format!("w{word} ")) {
            let piece = tokio::time::timeout(Duration::from_secs(20), body.next()).await;
            let piece = piece.unwrap_or_else(|_| panic!("event {word} was held back: {text}"));
            text.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap());
        }
        seen.send(()).await.unwrap();
    }
    while let Some(piece) = body.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    vendor.await.unwrap();
}

/// If events were gathered, most gaps would be nothing and a few long.
#[tokio::test]
async fn events_that_are_sent_apart_arrive_apart() {
    let vendor = Vendor::start(|_, _| {
        let words = (0..20).fold(Reply::sse_head(), |reply, _| reply.event(&chunk("word ")).pause(APART));
        words.event(&finish_chunk()).event(DONE).end()
    });
    let gateway = gateway(vendor.base_url());
    let mut body = ask(&gateway).await.bytes_stream();
    let mut arrivals = Vec::new();
    while let Some(piece) = body.next().await {
        let words = String::from_utf8_lossy(&piece.unwrap()).matches("word ").count();
        arrivals.extend(std::iter::repeat_n(Instant::now(), words));
    }
    let mut gaps: Vec<Duration> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    assert_eq!(gaps.len(), 19);
    assert!(gaps[9] >= APART * 3 / 5, "half of the gaps are shorter than they were sent: {gaps:?}");
}

/// Each cut is made twice: between two HTTP chunks, and between two packets.
#[tokio::test]
async fn a_stream_cut_at_every_byte_arrives_whole() {
    let events = [chunk("a"), chunk("é\\n\\\"日"), finish_chunk(), DONE.to_owned()];
    let sent: Vec<u8> =
        events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect::<String>().into_bytes();
    let (bytes, length) = (sent.clone(), sent.len());
    let vendor = Vendor::start(move |number, _| {
        let (head, tail) = bytes.split_at(number % (length + 1));
        let pieces = [head, tail].into_iter().filter(|piece| !piece.is_empty());
        pieces
            .fold(Reply::sse_head(), |reply, piece| reply.chunk(piece).pause(Duration::from_millis(1)))
            .end()
    });
    let gateway = gateway(vendor.base_url());
    for at in 0..=length {
        let text = ask(&gateway).await.text().await.unwrap();
        assert_eq!(sse_events(&text), events, "cut at byte {at}");
    }
}
