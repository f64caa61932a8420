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
async fn stand(of_cluster: &str) -> (TcpListener, Gateway) {
    stand_with("", "", of_cluster).await
}

/// The same with settings of all three.
async fn stand_with(of_server: &str, of_route: &str, of_cluster: &str) -> (TcpListener, Gateway) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let gateway = Gateway::start(&format!(
        "log: {{ format: json }}
server: {{ {of_server} }}
routes: [ {{ name: work, path: /w/, cluster: work, {of_route} }} ]
clusters: {{ work: {{ servers: [ '{address}' ], {of_cluster} }} }}
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

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_of_its_connection_ends_here() {
    let (server, gateway) = stand("").await;
    let mut client = Wire::to(gateway.address()).await;
    let said = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
                Upgrade: h2c\r\nTrailer: x\r\nX-Kept: 1\r\n\r\nok";
    for (said, status) in [(said, 200), ("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", 204)] {
        client.send(GET).await;
        let mut at_server = accept(&server).await;
        asked(&mut at_server).await;
        at_server.write_all(said.as_bytes()).await.unwrap();
        drop(at_server);
        let head = client.read_until("\r\n\r\n").await.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
        let ends = ["x-hop", "keep-alive: ", "upgrade", "trailer"];
        assert!(ends.iter().all(|name| !head.contains(&format!("\r\n{name}"))), "{head}");
        assert_eq!(head.contains("content-length"), status == 200, "{head}");
        if status == 200 {
            assert!(head.contains("x-kept: 1"), "{head}");
            client.read_until("ok").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_whole_request_is_passed_on() {
    let (server, gateway) = stand("").await;
    let body = "x".repeat(60_000);
    let post = format!("POST /w/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..10 {
        let mut client = Wire::to(gateway.address()).await;
        client.send(&post).await;
        let mut at_server = accept(&server).await;
        let early = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy";
        at_server.write_all(early).await.unwrap();
        at_server.shutdown().await.unwrap();
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text().as_str()), (503, "busy"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_trickles_is_not_waited_for_longer_than_one_that_does_not_come() {
    let (server, gateway) = stand_with("", "timeouts: { read: 1s }", "").await;
    let mut client = Wire::to(gateway.address()).await;
    client.send("POST /w/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n").await;
    let mut at_server = accept(&server).await;
    asked(&mut at_server).await;
    at_server.write_all(b"HTTP/1.1 200 OK\r\nX-Long: ").await.unwrap();
    let trickle = async {
        // Never ends by itself, and is always in time for the next byte.
        while at_server.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (answer, ()) = tokio::join!(client.answer(), trickle);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_begins_before_its_upload_ends_stays_whole() {
    let (server, gateway) = stand_with("head_timeout: 1s", "", "").await;
    let mut client = Wire::to(gateway.address()).await;
    client.send("POST /w/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nbegun").await;
    let mut at_server = accept(&server).await;
    asked(&mut at_server).await;
    at_server.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await.unwrap();
    client.read_until("one\r\n").await;
    client.send(" more of it").await;
    // Longer than a head may take.
    assert!(client.is_silent_for(Duration::from_millis(1500)).await);
    at_server.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
    let rest = client.read_until("0\r\n\r\n").await;
    assert!(rest.starts_with("3\r\ntwo\r\n"), "{rest}");
}
