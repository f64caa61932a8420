//! Answers of servers that speak HTTP/1, piece by piece, and connections to them that are kept.

use crate::support::Gateway;
use crate::support::Wire;
use crate::support::read_head;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::timeout;

const LATE: Duration = Duration::from_secs(10);
const GET: &str = "GET /w/x HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// A gateway with one route to a server that the test is itself.
async fn stand(settings: &str) -> (TcpListener, Gateway) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let gateway = Gateway::start(&format!(
        "log: {{ format: json }}
routes: [ {{ name: work, path: /w/, cluster: work }} ]
clusters: {{ work: {{ servers: [ '{address}' ], {settings} }} }}
"
    ));
    (server, gateway)
}

async fn accept(server: &TcpListener) -> TcpStream {
    timeout(LATE, server.accept()).await.expect("nobody came").unwrap().0
}

/// Reads a request without a body.
async fn asked(at_server: &mut TcpStream) -> String {
    timeout(LATE, read_head(at_server)).await.expect("nobody asked").unwrap()
}

/// An answer that breaks off; long enough to be sent on before it is whole.
fn half() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n{}half", " ".repeat(4000))
}

/// Whether the gateway hangs up.
async fn is_left(at_server: &mut TcpStream) -> bool {
    matches!(timeout(LATE, at_server.read(&mut [0; 64])).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_early_reaches_the_client_early() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    client.send(GET).await;
    let mut at_server = accept(&server).await;
    asked(&mut at_server).await;
    at_server.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n").await.unwrap();
    let hints = client.read_until("\r\n\r\n").await;
    assert!(hints.starts_with("HTTP/1.1 103") && hints.contains("</a.css>"), "{hints}");
    at_server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell").await.unwrap();
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "well"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_unknown_number_are_passed_on_as_they_come() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    for framing in ["", "Transfer-Encoding: chunked\r\n"] {
        let chunk = |text: &str| match framing {
            "" => text.to_owned(),
            _ => format!("{:x}\r\n{text}\r\n", text.len()),
        };
        client.send(GET).await;
        let mut at_server = accept(&server).await;
        asked(&mut at_server).await;
        let head = format!("HTTP/1.1 200 OK\r\n{framing}Connection: close\r\n\r\n");
        at_server.write_all(format!("{head}{}", chunk("one")).as_bytes()).await.unwrap();
        // The server says nothing more before the client has this.
        let begun = client.read_until("one\r\n").await;
        assert!(begun.to_ascii_lowercase().contains("transfer-encoding: chunked"), "{begun}");
        let last = if framing.is_empty() { String::new() } else { "0\r\n\r\n".to_owned() };
        at_server.write_all(format!("{}{last}", chunk("two")).as_bytes()).await.unwrap();
        drop(at_server);
        let ended = client.read_until("0\r\n\r\n").await;
        assert!(ended.contains("two"), "{ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_at_rest_costs_neither_an_answer_nor_a_place() {
    let (server, gateway) = stand("per_server: 1, eject: { after: 1, for: 60s }").await;
    let mut client = Wire::to(gateway.address()).await;
    for again in [false, true] {
        client.send(GET).await;
        let mut at_server = accept(&server).await;
        assert!(asked(&mut at_server).await.starts_with("GET /w/x HTTP/1.1"));
        at_server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell").await.unwrap();
        assert_eq!(client.answer().await.status, 200, "again: {again}");
        if !again {
            // The next request comes on the kept connection, which ends at that very moment.
            client.send(GET).await;
            asked(&mut at_server).await;
            drop(at_server);
            let mut anew = accept(&server).await;
            asked(&mut anew).await;
            anew.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell")
                .await
                .unwrap();
            assert_eq!(client.answer().await.status, 200);
        }
    }
    assert_eq!(gateway.metric("tollgate_route_retries_total"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_might_be_done_twice_is_not_asked_twice() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    let post = "POST /w/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
    client.send(post).await;
    let mut at_server = accept(&server).await;
    let head = asked(&mut at_server).await;
    assert!(head.contains("\r\nContent-Length: 5\r\n"), "{head}");
    let mut body = [0; 5];
    at_server.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, b"hello");
    at_server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert_eq!(client.answer().await.status, 200);
    client.send(post).await;
    asked(&mut at_server).await;
    drop(at_server);
    assert_eq!(client.answer().await.status, 502);
    // Had it been asked again, that would come first.
    let mut client = Wire::to(gateway.address()).await;
    client.send(GET).await;
    let next = asked(&mut accept(&server).await).await;
    assert!(next.starts_with("GET "), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_seen_to() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    client.send("GET /w/x HTTP/1.1\r\nHost: a.test\r\nX-Request-ID: cut-1\r\n\r\n").await;
    let mut at_server = accept(&server).await;
    asked(&mut at_server).await;
    at_server.write_all(half().as_bytes()).await.unwrap();
    client.read_until("half").await;
    drop(at_server);
    client.assert_closed().await;
    assert_eq!(gateway.access_line("cut-1").await["error"], "cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_what_is_done_for_it() {
    let (server, gateway) = stand("").await;
    for begun in [false, true] {
        let mut client = Wire::to(gateway.address()).await;
        client.send(GET).await;
        let mut at_server = accept(&server).await;
        asked(&mut at_server).await;
        if begun {
            at_server.write_all(half().as_bytes()).await.unwrap();
            client.read_until("half").await;
        }
        drop(client);
        assert!(is_left(&mut at_server).await, "begun: {begun}");
    }
    let status = |line: &str| line.contains("\"path\":\"/w/x\"") && line.contains("\"status\":");
    let lines = gateway.wait_for_logs(2, status).await;
    assert!(lines[0].contains("\"status\":499"), "{}", lines[0]);
    assert!(lines[1].contains("\"error\":\"client_left\""), "{}", lines[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_follow_at_once_are_answered_in_their_order() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    client.send("GET /w/1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /w/2 HTTP/1.1\r\nHost: a.test\r\n\r\n").await;
    let mut at_server = accept(&server).await;
    for place in ["/w/1", "/w/2"] {
        let head = asked(&mut at_server).await;
        assert!(head.starts_with(&format!("GET {place} ")), "{head}");
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{place}", place.len());
        at_server.write_all(answer.as_bytes()).await.unwrap();
        assert_eq!(client.answer().await.text(), place);
    }
}
