//! Streams that break after their first content: never a second body, never a false end.

use crate::support::Answer;
use crate::support::DONE;
use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Step;
use crate::support::Vendor;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::config;
use crate::support::finish_chunk;
use crate::support::provider;
use crate::support::send;
use crate::support::usage_chunk;
use serde_json::Value;
use std::time::Duration;

/// One way for a stream to go on after `one` and `two`.
struct Row {
    name: &'static str,
    then: fn(Reply) -> Reply,
    /// The kind of error in the log; `None` where the answer is whole.
    error: Option<&'static str>,
    /// All tokens in the log.
    tokens: Tokens,
}

impl Row {
    /// Short only where it is silence that ends the stream.
    fn patience(&self) -> &'static str {
        if self.error == Some("stall") || self.name.ends_with("silence") { "1s" } else { "60s" }
    }
}

enum Tokens {
    /// What the provider counted.
    Told(u64),
    /// The provider said nothing: at least what was seen.
    Guessed,
}

use Tokens::Guessed;
use Tokens::Told;

fn rows() -> Vec<Row> {
    let broken = |name, error, then| Row { name, then, error: Some(error), tokens: Guessed };
    let whole = |name, then| Row { name, then, error: None, tokens: Guessed };
    vec![
        broken("cut", "cut", |stream| stream.then(Step::Close)),
        broken("cut in an event", "cut", |stream| stream.chunk("data: {\"id\":\"x").then(Step::Close)),
        broken("cut in a chunk", "cut", |stream| stream.bytes("fff\r\ndata: {").then(Step::Close)),
        broken("reset", "cut", |stream| stream.then(Step::Reset)),
        broken("ended without a finish reason", "cut", Reply::end),
        broken("broken framing", "cut", |stream| stream.bytes("zzz\r\n").then(Step::Hang)),
        broken("stall", "stall", |stream| stream.then(Step::Hang)),
        broken("pings only", "stall", pings),
        broken("error event", "error_event", |stream| stream.event(OVERLOADED).end()),
        broken("error event, then the end", "error_event", |s| s.event(OVERLOADED).event(DONE).end()),
        broken("garbage, then cut", "cut", |stream| stream.event("{\"choices\":[{").then(Step::Close)),
        broken("endless event", "event_too_long", endless_event),
        whole("garbage, then the rest", |stream| finished(stream.event("{\"choices\":[{")).event(DONE).end()),
        whole("no [DONE]", |stream| finished(stream).end()),
        whole("no [DONE] and closed", |stream| finished(stream).then(Step::Close)),
        whole("no [DONE] and reset", |stream| finished(stream).then(Step::Reset)),
        whole("no [DONE] and silence", |stream| finished(stream).then(Step::Hang)),
        whole("more after [DONE]", |s| finished(s).event(DONE).event(&chunk("late")).event(DONE).end()),
        whole("reset after [DONE]", |stream| finished(stream).event(DONE).then(Step::Reset)),
        Row {
            tokens: Told(12),
            ..whole("usage told", |s| finished(s).event(&usage_chunk(5, 7)).event(DONE).end())
        },
        Row {
            tokens: Told(12),
            ..broken("usage told, then cut", "cut", |s| s.event(&usage_chunk(5, 7)).then(Step::Close))
        },
    ]
}

const OVERLOADED: &str =
    r#"{"error":{"message":"Overloaded","type":"overloaded_error","param":null,"code":"overloaded"}}"#;

fn finished(stream: Reply) -> Reply {
    stream.event(&finish_chunk())
}

fn pings(stream: Reply) -> Reply {
    (0..100).fold(stream, |stream, _| stream.chunk(": ping\n\n").pause(Duration::from_millis(100)))
}

fn endless_event(stream: Reply) -> Reply {
    let piece = "x".repeat(1 << 20);
    (0..20).fold(stream, |stream, _| stream.chunk(&piece)).end()
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_one_that_is_whole_with_done() {
    for row in rows() {
        for http2 in [false, true] {
            let stage = Stage::set(row.then, row.patience());
            let answer = stage.ask(http2).await;
            let what = format!("{} (HTTP/2: {http2})", row.name);
            check_answer(&row, &answer, &what);
            assert_eq!((stage.breaking.count(), stage.other.count()), (1, 0), "{what}: who was asked");
            check_log(&row, &stage.gateway.access_line("broken-stream").await, &what);
        }
    }
}

#[tokio::test]
async fn a_dropped_event_is_counted() {
    let stage = Stage::set(|stream| finished(stream.event("{\"choices\":[{")).event(DONE).end(), "60s");
    assert_eq!(stage.ask(false).await.text(), "one two");
    assert_eq!(stage.gateway.metric("tollgate_events_dropped_total"), 1.0);
}

/// A gateway before a provider that breaks its streams and one that would answer well.
struct Stage {
    gateway: Gateway,
    breaking: Vendor,
    other: Vendor,
}

impl Stage {
    fn set(then: fn(Reply) -> Reply, between_events: &str) -> Stage {
        let breaking =
            Vendor::start(move |_, _| then(Reply::sse_head().event(&chunk("one")).event(&chunk(" two"))));
        let other = Vendor::start(|_, request| Reply::answer(request, "other"));
        let providers = [provider("breaking", breaking.base_url()), provider("other", other.base_url())];
        let gateway = Gateway::start(&config(&format!("between_events: {between_events}, "), &providers));
        Stage { gateway, breaking, other }
    }

    async fn ask(&self, http2: bool) -> Answer {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        let client = if http2 { client.http2_prior_knowledge() } else { client };
        let body = chat_body(MODEL, true).to_string();
        send(client.build().unwrap(), &self.gateway, body, &[("x-request-id", "broken-stream")]).await
    }
}

fn check_answer(row: &Row, answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.attempts()), (200, 1), "{what}");
    assert_eq!(answer.provider(), Some("breaking"), "{what}");
    assert_eq!(answer.text(), "one two", "{what}");
    let events = answer.events();
    let done = events.iter().filter(|event| *event == DONE).count();
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap_or_default();
    match row.error {
        Some(_) => {
            assert_eq!(done, 0, "{what}: a false end: {events:?}");
            assert_eq!(last["error"]["code"], "stream_interrupted", "{what}: {events:?}");
        }
        None => {
            assert_eq!(done, 1, "{what}: {events:?}");
            assert_eq!(events.last().map(String::as_str), Some(DONE), "{what}");
            assert!(!answer.body.contains("error"), "{what}: {events:?}");
        }
    }
}

fn check_log(row: &Row, line: &Value, what: &str) {
    assert_eq!(line["status"], 200, "{what}: {line}");
    assert_eq!(line["error"].as_str(), row.error, "{what}: {line}");
    let tokens = line["tokens"].as_u64().unwrap_or(0);
    match row.tokens {
        Told(all) => assert_eq!(tokens, all, "{what}: {line}"),
        Guessed => assert!(tokens > 2, "{what}: {line}"),
    }
}
