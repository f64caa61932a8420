//! Connections that are kept: one that died is replaced without a word, one that lies is not used again.

use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Step;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::config;
use crate::support::provider;
use std::time::Duration;

/// A gateway that finds a provider unhealthy after a single failure.
fn strict(vendor: &Vendor) -> Gateway {
    Gateway::start(&config("unhealthy_after: 1, ", &[provider("kept", vendor.base_url())]))
}

#[tokio::test]
async fn a_reused_connection_that_died_is_replaced_and_not_counted() {
    for stream in [false, true] {
        for death in [Step::Close, Step::Reset] {
            let vendor = Vendor::start(move |number, request| match number {
                1 => Reply::default().then(death.clone()),
                _ => Reply::answer(request, "alive"),
            });
            let gateway = strict(&vendor);
            assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.text(), "alive");
            let answer = ask(&gateway, &chat_body(MODEL, stream)).await;
            assert_eq!((answer.status, answer.attempts()), (200, 1), "{answer:?}");
            assert_eq!(answer.text(), "alive");
            let connections: Vec<usize> = vendor.requests().iter().map(|r| r.connection).collect();
            assert_eq!(connections, [0, 0, 1], "the second request was sent again on a fresh connection");
            assert_eq!(gateway.metric("tollgate_provider_healthy"), 1.0);
        }
    }
}

#[tokio::test]
async fn one_dead_connection_is_enough_to_distrust_the_others() {
    let vendor = Vendor::start(|_, request| match request.connection {
        // Those that were opened side by side die together, as when a provider restarts.
        0..4 if request.json()["messages"][0]["content"] == "again" => Reply::default(),
        _ => Reply::answer(request, "alive").pausing_first(Duration::from_millis(300)),
    });
    let gateway = strict(&vendor);
    let body = chat_body(MODEL, false);
    let first =
        tokio::join!(ask(&gateway, &body), ask(&gateway, &body), ask(&gateway, &body), ask(&gateway, &body));
    assert!([first.0, first.1, first.2, first.3].iter().all(|answer| answer.status == 200));
    assert_eq!(vendor.requests().iter().map(|r| r.connection).max(), Some(3), "four connections are kept");
    let mut again = body.clone();
    again["messages"][0]["content"] = "again".into();
    let answer = ask(&gateway, &again).await;
    assert_eq!((answer.status, answer.attempts(), answer.text().as_str()), (200, 1, "alive"));
    let connections: Vec<usize> = vendor.requests()[4..].iter().map(|r| r.connection).collect();
    assert!(matches!(connections[..], [0..4, 4]), "asked on {connections:?}");
}

#[tokio::test]
async fn a_reused_connection_that_dies_in_the_head_is_a_failure() {
    for death in [Step::Close, Step::Reset] {
        let vendor = Vendor::start(move |number, request| match number {
            1 => Reply::raw("HTTP/1.1 200 OK\r\ncontent-").then(death.clone()),
            _ => Reply::answer(request, "alive"),
        });
        let gateway = Gateway::start(&config("", &[provider("kept", vendor.base_url())]));
        ask(&gateway, &chat_body(MODEL, false)).await;
        let answer = ask(&gateway, &chat_body(MODEL, false)).await;
        assert_eq!((answer.status, answer.attempts()), (200, 2), "{answer:?}");
        let requests = vendor.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[2].at - requests[1].at >= Duration::from_millis(100), "without a pause");
    }
}

const POISON: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"choices\":[{}]}";

/// The first answer has bytes behind it, after a pause; the connection is left open.
fn lying(pause: Duration) -> Vendor {
    Vendor::start(move |number, request| match number {
        0 => {
            let mut steps = Reply::answer(request, "first").0;
            steps.retain(|step| !matches!(step, Step::KeepAlive));
            Reply(steps).pause(pause).bytes(POISON).then(Step::Hang)
        }
        _ => Reply::answer(request, "second"),
    })
}

#[tokio::test]
async fn bytes_behind_an_answer_are_not_the_next_answer() {
    for pause in [Duration::ZERO, Duration::from_millis(50)] {
        let vendor = lying(pause);
        let gateway = strict(&vendor);
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.text(), "first");
        // Whenever they come, the connection is closed.
        vendor.wait_for_closed(1).await;
        let answer = ask(&gateway, &chat_body(MODEL, false)).await;
        assert_eq!((answer.status, answer.attempts(), answer.text().as_str()), (200, 1, "second"));
        assert_eq!(vendor.requests().last().unwrap().connection, 1, "the lying connection was used again");
    }
}

#[tokio::test]
async fn connections_are_kept_after_answers_and_errors() {
    let vendor = Vendor::start(|number, request| match number {
        1 => Reply::json(400, serde_json::json!({ "error": { "message": "no", "type": "x" } })),
        _ => Reply::answer(request, "kept"),
    });
    let gateway = strict(&vendor);
    for stream in [false, false, true, false] {
        ask(&gateway, &chat_body(MODEL, stream)).await;
        if stream {
            // The connection of a stream is given back just after the client has its end.
            gateway.wait_for_log(|line| line.contains("\"stream\":true")).await;
        }
    }
    assert!(vendor.requests().iter().all(|request| request.connection == 0));
}
