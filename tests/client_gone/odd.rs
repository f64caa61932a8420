//! Clients that are not quite gone: they do not read, they close one side, or they ask ahead.

use crate::*;
use support::Step;
use support::chunk;

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let long = "w".repeat(60_000);
    let events =
        move |_: usize, _: &Request| (0..400).fold(Reply::sse_head(), |reply, _| reply.event(&chunk(&long)));
    let (first, second) = (Vendor::start(events), Vendor::start(|_, _| Reply::chat("second")));
    let settings = "server: { write_timeout: 500ms }";
    let gateway = Gateway::start(&format!("{}\n{settings}", config(first.base_url(), second.base_url())));
    let mut client = Wire::to(gateway.address()).await;
    client.send(chat_request(KEY, &body("hello", true))).await;
    let line = gateway.wait_for_log(|line| line.contains("chat/completions")).await;
    assert!(line.contains("\"status\":499"), "{line}");
    first.wait_for_closed(1).await;
    let resident = gateway.resident() >> 20;
    assert!(resident < 100, "{resident} MiB were held for it");
}

#[tokio::test]
async fn a_client_that_leaves_with_half_of_a_large_answer_is_logged_as_gone() {
    let large = "w".repeat(20 << 20);
    let stage = Stage::set(move |_, _| Reply::chat(&large));
    let mut client = stage.connect().await;
    client.send(chat_request(KEY, &body("hello", false))).await;
    client.read_until("www").await;
    client.reset();
    let line = stage.is_settled(1).await;
    assert_eq!(line["tokens"], 12, "the provider did all of its work: {line}");
    assert_eq!(stage.tokens_left().await, TOKENS - 12);
}

#[tokio::test]
async fn a_client_that_has_asked_ahead_is_answered_in_order() {
    let stage = Stage::set(|number, _| match number {
        0 => Reply::sse_head().event(&chunk("one")).pause(Duration::from_millis(300)).event("[DONE]").end(),
        _ => Reply::chat("two"),
    });
    let mut client = stage.connect().await;
    let (stream, plain) = (chat_request(KEY, &body("a", true)), chat_request(KEY, &body("b", false)));
    client.send([&stream[..], &plain[..]].concat()).await;
    let first = client.answer().await;
    assert!(first.text().contains("one") && first.text().ends_with("data: [DONE]\n\n"), "{}", first.text());
    let second = client.answer().await;
    assert!(second.status == 200 && second.text().contains("two"), "{}", second.text());
    // And again, with the second request sent while the first is under way, in two halves.
    let stage = Stage::set(|number, _| match number {
        0 => Reply([vec![Step::Pause(Duration::from_millis(300))], Reply::chat("one").0].concat()),
        _ => Reply::chat("two"),
    });
    let mut client = stage.connect().await;
    client.send(&plain).await;
    stage.first.wait_for_requests(1).await;
    client.send(&plain[..plain.len() / 2]).await;
    assert!(client.answer().await.text().contains("one"));
    client.send(&plain[plain.len() / 2..]).await;
    assert!(client.answer().await.text().contains("two"));
}

#[tokio::test]
async fn a_client_that_has_asked_ahead_and_left_is_noticed_when_it_is_written_to() {
    let every = |reply: Reply, _| reply.event(&chunk("word")).pause(Duration::from_millis(20));
    let stage = Stage::set(move |_, _| (0..1000).fold(Reply::sse_head(), every));
    let mut client = stage.connect().await;
    let stream = chat_request(KEY, &body("a", true));
    client.send([&stream[..], &stream[..50]].concat()).await;
    client.read_until("word").await;
    let left = Instant::now();
    drop(client);
    closed_promptly(&stage.first, 1, left, "asked ahead").await;
    stage.is_settled(1).await;
}
