//! Providers that do not read a large body: they answer before it has come, or fall silent.

use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::config;
use crate::support::deaf_tls_vendor;
use crate::support::provider;
use crate::support::provider_with;
use serde_json::Value;
use serde_json::json;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

const REFUSAL: &str = r#"{"error":{"message":"too much","type":"invalid_request_error","param":null,"code":"string_above_max_length"}}"#;

/// What a provider does that has read the head of a request and leaves the body where it is.
#[derive(Clone, Copy)]
enum Manner {
    AnswersAndCloses(u16),
    AnswersAndStays(u16),
    Stays,
}

/// A provider that never reads a body.
struct Hasty {
    origin: String,
    connections: Arc<AtomicUsize>,
}

impl Hasty {
    fn start(manner: Manner) -> Hasty {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        std::thread::spawn(move || {
            let mut stay = Vec::new();
            for socket in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                stay.extend(treat(socket, manner));
            }
        });
        Hasty { origin, connections }
    }
}

/// The socket, if it is to stay open.
fn treat(mut socket: TcpStream, manner: Manner) -> Option<TcpStream> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).is_ok_and(|length| length > 0) {
        head.push(byte[0]);
    }
    let mut answer = |status| {
        let length = REFUSAL.len();
        let head = format!(
            "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        socket.write_all(format!("{head}{REFUSAL}").as_bytes()).ok();
    };
    match manner {
        Manner::AnswersAndCloses(status) => answer(status),
        Manner::AnswersAndStays(status) => {
            answer(status);
            return Some(socket);
        }
        Manner::Stays => return Some(socket),
    }
    None
}

/// More than any socket holds.
fn large(stream: bool) -> Value {
    let mut body = chat_body(MODEL, stream);
    body["messages"][0]["content"] = "x".repeat(16 << 20).into();
    body
}

/// Where a provider stays, the time without progress ends the sending; where it closes, no time may decide.
const SHORT: &str = "first_byte: 1s, ";
const LONG: &str = "first_byte: 20s, ";

#[tokio::test]
async fn a_refusal_that_comes_before_the_body_was_read_is_heard() {
    let table = [
        (Manner::AnswersAndCloses(413), false, LONG),
        (Manner::AnswersAndCloses(413), true, LONG),
        (Manner::AnswersAndStays(413), false, SHORT),
    ];
    for (manner, stream, failover) in table {
        let hasty = Hasty::start(manner);
        let gateway = Gateway::start(&config(failover, &[provider("hasty", &hasty.origin)]));
        let answer = ask(&gateway, &large(stream)).await;
        assert_eq!((answer.status, answer.attempts()), (413, 1), "{answer:?}");
        assert_eq!(answer.json(), serde_json::from_str::<Value>(REFUSAL).unwrap());
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.status, 413);
        // Half a request is on the first one: what is sent there next would be taken for its rest.
        assert_eq!(hasty.connections.load(Ordering::Relaxed), 2, "the connection was used again");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_read_fails_over() {
    let table = [
        (Manner::AnswersAndCloses(429), false, LONG, "status_429"),
        (Manner::AnswersAndCloses(429), true, LONG, "status_429"),
        (Manner::AnswersAndStays(429), false, SHORT, "status_429"),
        (Manner::Stays, false, SHORT, "timeout"),
    ];
    for (manner, stream, failover, word) in table {
        let hasty = Hasty::start(manner);
        let good = Vendor::start(|_, request| Reply::answer(request, "good"));
        let providers = [provider("hasty", &hasty.origin), provider("good", good.base_url())];
        let gateway = Gateway::start(&config(failover, &providers));
        let body = large(stream);
        let answer = ask(&gateway, &body).await;
        assert_eq!((answer.status, answer.attempts()), (200, 2), "{word}: {answer:?}");
        assert_eq!(answer.text(), "good");
        let got = good.requests()[0].json();
        assert!(got["messages"] == body["messages"], "the next provider got another body");
        gateway.wait_for_log(|line| line.contains(word)).await;
    }
}

/// Behind TLS there is something left to say at the end, which such a provider does not take either.
#[tokio::test]
async fn a_provider_that_does_not_read_behind_tls_fails_over() {
    let deaf = deaf_tls_vendor();
    let good = Vendor::start(|_, request| Reply::answer(request, "good"));
    let trusting = format!("ca_file: '{}'", deaf.ca_pem().display());
    let providers = [provider_with("deaf", deaf.base_url(), &trusting), provider("good", good.base_url())];
    let gateway = Gateway::start(&config(SHORT, &providers));
    let body = large(false);
    let asked = tokio::time::timeout(Duration::from_secs(10), ask(&gateway, &body));
    let answer = asked.await.expect("the gateway waits for a provider that is given up");
    assert_eq!((answer.status, answer.attempts(), answer.text().as_str()), (200, 2, "good"));
}

#[tokio::test]
async fn the_deadline_holds_while_a_body_is_sent() {
    let hasty = Hasty::start(Manner::Stays);
    let gateway = Gateway::start(&config("deadline: 1s, ", &[provider("hasty", &hasty.origin)]));
    let answer = ask(&gateway, &large(false)).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (503, Some("no_provider_available")));
    assert_eq!(answer.json()["error"]["type"], json!("server_error"));
}
