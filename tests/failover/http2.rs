//! Providers over HTTP/2: with prior knowledge, many requests on one connection, streams and connections that end.

use crate::support::Act;
use crate::support::Answer;
use crate::support::Gateway;
use crate::support::H2Vendor;
use crate::support::MODEL;
use crate::support::Request;
use crate::support::ask;
use crate::support::ask_with;
use crate::support::chat_body;
use crate::support::client;
use crate::support::config;
use crate::support::provider_with;
use futures_util::future::join_all;
use h2::Reason;
use serde_json::Value;
use std::time::Duration;
use std::time::Instant;

struct Stage {
    gateway: Gateway,
    vendor: H2Vendor,
}

impl Stage {
    fn set(script: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) -> Stage {
        let vendor = H2Vendor::start(script);
        let line = provider_with("h2", vendor.base_url(), "http2: true, api_key: sk-h2");
        let gateway = Gateway::start(&config("between_events: 1s, first_byte: 5s, ", &[line]));
        Stage { gateway, vendor }
    }

    async fn ask(&self, stream: bool) -> Answer {
        ask(&self.gateway, &chat_body(MODEL, stream)).await
    }

    /// How many connections were made.
    fn connections(&self) -> usize {
        self.vendor.requests().iter().map(|request| request.connection + 1).max().unwrap_or(0)
    }
}

fn good() -> Act {
    Act::Answer("good".to_owned())
}

#[tokio::test]
async fn a_plain_provider_is_asked_over_http2_with_prior_knowledge() {
    let stage = Stage::set(|_, _| good());
    for stream in [false, true] {
        let answer = stage.ask(stream).await;
        assert_eq!((answer.status, answer.text().as_str(), answer.is_stream()), (200, "good", stream));
    }
    for request in stage.vendor.requests() {
        let authority = stage.vendor.base_url().strip_prefix("http://");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
        assert_eq!((request.header(":scheme"), request.header(":authority")), (Some("http"), authority));
        assert_eq!(request.header("authorization"), Some("Bearer sk-h2"));
        assert_eq!(request.header("host"), None);
        assert_eq!(request.json()["model"], MODEL);
    }
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let stage = Stage::set(|_, _| Act::Later(Duration::from_millis(300), "good".to_owned()));
    stage.ask(false).await;
    let (slow, begun) = (join_all((0..64).map(|n| stage.ask(n % 2 == 0))), Instant::now());
    let answers = slow.await;
    assert!(answers.iter().all(|answer| (answer.status, answer.text().as_str()) == (200, "good")));
    assert!(begun.elapsed() < Duration::from_secs(10), "one after the other");
    // Those that come in the same instant may each make one.
    assert!(stage.connections() <= 16, "{} connections for 65 requests", stage.connections());
}

#[tokio::test]
async fn a_stream_that_was_not_processed_is_sent_again_and_not_counted() {
    let stage =
        Stage::set(|number, _| if number == 1 { Act::Refuse(Reason::REFUSED_STREAM) } else { good() });
    stage.ask(false).await;
    let answer = stage.ask(false).await;
    assert_eq!((answer.status, answer.attempts(), stage.vendor.requests().len()), (200, 1, 3));
}

#[tokio::test]
async fn a_stream_that_is_reset_is_a_failure_even_on_a_shared_connection() {
    let stage =
        Stage::set(|number, _| if number == 1 { Act::Refuse(Reason::INTERNAL_ERROR) } else { good() });
    stage.ask(false).await;
    let answer = stage.ask(false).await;
    assert_eq!((answer.status, answer.attempts(), stage.vendor.requests().len()), (200, 2, 3));
}

#[tokio::test]
async fn a_shared_connection_that_died_is_replaced_and_not_counted() {
    for stream in [false, true] {
        let stage = Stage::set(|number, _| if number == 1 { Act::HangUp } else { good() });
        stage.ask(false).await;
        let answer = stage.ask(stream).await;
        assert_eq!((answer.status, answer.attempts(), stage.connections()), (200, 1, 2), "{answer:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_torn_or_stalls_is_told_as_broken() {
    for (act, word) in [(Act::Tear("half".to_owned()), "cut"), (Act::Stall("half".to_owned()), "stall")] {
        let stage = Stage::set(move |_, _| act.clone());
        let body = chat_body(MODEL, true);
        let answer = ask_with(&stage.gateway, &body, &[("x-request-id", "torn")]).await;
        let last: Value = serde_json::from_str(answer.events().last().unwrap()).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "half"));
        assert_eq!(last["error"]["code"], "stream_interrupted");
        assert_eq!(stage.gateway.access_line("torn").await["error"], word);
        assert_eq!(stage.vendor.requests().len(), 1, "never a second body");
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_own_stream_only() {
    let stage = Stage::set(|number, _| match number {
        0 => Act::Stall("for ever".to_owned()),
        _ => Act::Later(Duration::from_secs(1), "good".to_owned()),
    });
    let leaving = client().post(stage.gateway.url("/v1/chat/completions")).bearer_auth(stage.gateway.key());
    let mut response = leaving.json(&chat_body(MODEL, true)).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    let staying = async {
        let answer = stage.ask(false).await;
        (answer.status, answer.text())
    };
    let leave = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(response);
    };
    let (stayed, ()) = tokio::join!(staying, leave);
    assert_eq!(stayed, (200, "good".to_owned()));
    stage.gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    assert_eq!(stage.vendor.resets().len(), 1, "the provider is told");
    assert_eq!(stage.connections(), 1);
}

#[tokio::test]
async fn a_large_body_passes_the_windows_of_http2() {
    let stage = Stage::set(|_, _| good());
    let mut body = chat_body(MODEL, false);
    body["messages"][0]["content"] = "é".repeat(5 << 19).into();
    assert_eq!(ask(&stage.gateway, &body).await.text(), "good");
    assert!(stage.vendor.requests()[0].body == body.to_string().into_bytes(), "another body arrived");
}

#[tokio::test]
async fn a_refusal_before_the_body_was_read_is_heard_over_http2() {
    let stage = Stage::set(|_, _| Act::Early(413));
    let mut body = chat_body(MODEL, false);
    body["messages"][0]["content"] = "x".repeat(5 << 20).into();
    let answer = ask(&stage.gateway, &body).await;
    assert_eq!((answer.status, answer.attempts()), (413, 1), "{answer:?}");
}
