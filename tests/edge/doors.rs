//! What listeners do besides TLS: the PROXY protocol, redirects to HTTPS, and HSTS.

use crate::echo::Echo;
use crate::echo::told;
use crate::handshake::Authority;
use crate::handshake::Caller;
use crate::handshake::ask;
use crate::support::Gateway;
use crate::support::Wire;
use crate::support::free_port;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const ASK: &str = "GET /x HTTP/1.1\r\nhost: a.test";
const V1: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x07\xc0\0\x02\x01\xdc\x04\x01\xbb\x04\0\0";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn to(echo: &Echo) -> String {
    format!(
        "routes: [ {{ path: /x, cluster: web }} ]\nclusters: {{ web: {{ servers: [ '{}' ] }} }}\n",
        echo.address
    )
}

/// Whom the server is told that it serves.
fn client_of(body: &str) -> Vec<String> {
    told(&serde_json::from_str::<Value>(body).unwrap(), "x-real-ip")
}

#[tokio::test]
async fn trusted_proxies_say_whom_they_speak_for() {
    let (echo, authority) = (Echo::start("one").await, Authority::new());
    let (plain, tls) = (free_port(), free_port());
    let pair = authority.writes("site", &["a.test"]);
    let gateway = Gateway::start(&format!(
        "trusted_proxies: [ 127.0.0.1/32 ]
listen:
  - address: '{{listen}}'
  - {{ address: '127.0.0.1:{plain}', proxy_protocol: true }}
  - {{ address: '127.0.0.1:{tls}', proxy_protocol: true, tls: {{ certificates: [ {pair} ] }} }}
{}",
        to(&echo)
    ));
    for (header, client) in [(V1, "192.0.2.7"), (V2, "192.0.2.7"), (LOCAL, "127.0.0.1")] {
        let mut socket = TcpStream::connect(("127.0.0.1", plain)).await.unwrap();
        socket.write_all(header).await.unwrap();
        for _ in 0..2 {
            assert_eq!(client_of(&ask(&mut socket, ASK).await.unwrap().1), [client]);
        }
        let mut socket = TcpStream::connect(("127.0.0.1", tls)).await.unwrap();
        let (start, rest) = header.split_at(9);
        socket.write_all(start).await.unwrap();
        socket.flush().await.unwrap();
        socket.write_all(rest).await.unwrap();
        let mut stream = Caller::asking_for("a.test").call_through(socket).await.unwrap();
        assert_eq!(client_of(&ask(&mut stream, ASK).await.unwrap().1), [client]);
    }
    // Whom it speaks for is no proxy that would be believed.
    let mut socket = TcpStream::connect(("127.0.0.1", plain)).await.unwrap();
    socket.write_all(V1).await.unwrap();
    let lie = format!("{ASK}\r\nx-forwarded-for: 6.6.6.6");
    assert_eq!(client_of(&ask(&mut socket, &lie).await.unwrap().1), ["192.0.2.7"]);
    let line = gateway.wait_for_log(|line| line.contains("\"client\":\"192.0.2.7\"")).await;
    assert!(line.contains("\"path\":\"/x\""), "{line}");
}

#[tokio::test]
async fn peers_that_are_no_proxy_are_refused_where_one_is_expected() {
    let echo = Echo::start("one").await;
    let port = free_port();
    let gateway = Gateway::start(&format!(
        "trusted_proxies: [ 127.0.0.1/32 ]
server: {{ head_timeout: 1s }}
listen: [ {{ address: '{{listen}}' }}, {{ address: '127.0.0.1:{port}', proxy_protocol: true }} ]
{}",
        to(&echo)
    ));
    let address = format!("127.0.0.1:{port}");
    let whole = [V1, ASK.as_bytes(), b"\r\n\r\n"].concat();
    for (from, bytes) in [
        ("127.0.0.2", &whole[..]),
        ("127.0.0.1", &[ASK.as_bytes(), b"\r\n\r\n"].concat()),
        ("127.0.0.1", b"PROXY TCP4 192.0.2.7\r\n"),
        // It does not come to its end.
        ("127.0.0.1", b"PROXY TCP4 192."),
        ("127.0.0.1", b""),
    ] {
        let mut wire = Wire::from(from, &address).await;
        // It may have been closed before.
        let _ = wire.try_send(bytes).await;
        wire.assert_closed().await;
    }
    assert_eq!(echo.count(), 0);
    let told = gateway.wait_for_logs(1, |line| line.contains("connection closed")).await;
    assert!(told.len() == 1 && told[0].contains("not in `trusted_proxies`"), "{told:?}");
    let mut wire = Wire::to(&address).await;
    assert_eq!(wire.ask(&whole).await.status, 200);
    let mut wire = Wire::to(gateway.address()).await;
    assert_eq!(wire.ask(whole).await.status, 400, "a header where none is expected is no request");
}

#[tokio::test]
async fn plain_requests_are_sent_to_https() {
    let echo = Echo::start("one").await;
    let gateway =
        Gateway::start(&format!("listen: [ {{ address: '{{listen}}', https: 4443 }} ]\n{}", to(&echo)));
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    for method in ["GET", "POST", "OPTIONS"] {
        let asked = client.request(method.parse().unwrap(), gateway.url("/a%2Fb//c?x=1&y")).body("body");
        let answer = asked.send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        assert_eq!((answer.status().as_u16(), location), (308, "https://127.0.0.1:4443/a%2Fb//c?x=1&y"));
    }
    let api = client.post(gateway.url("/v1/chat/completions")).bearer_auth(gateway.key()).send().await;
    assert_eq!(api.unwrap().status(), 308);
    assert_eq!(echo.count(), 0);
    let mut wire = Wire::to(gateway.address()).await;
    let answer = wire.ask("GET /x HTTP/1.1\r\nhost: evil/@test\r\n\r\n").await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
    for (path, status) in
        [("/health", 200), ("/ready", 200), ("/v1/health", 200), ("/.well-known/acme-challenge/x", 404)]
    {
        assert_eq!(client.get(gateway.url(path)).send().await.unwrap().status(), status, "{path}");
    }
    gateway.reconfigure(&format!("listen: [ {{ address: '{{listen}}' }} ]\n{}", to(&echo))).await;
    assert_eq!(client.get(gateway.url("/x")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn every_answer_over_tls_tells_browsers_to_come_that_way() {
    let (echo, authority, port) = (Echo::start("one").await, Authority::new(), free_port());
    let pair = authority.writes("site", &["a.test"]);
    let gateway = Gateway::start(&format!(
        "listen:
  - address: '{{listen}}'
  - {{ address: '127.0.0.1:{port}', hsts: 365d, tls: {{ certificates: [ {pair} ] }} }}
routes:
  - {{ path: /server/, cluster: web, response_headers: {{ set: {{ X-Own: own }}, remove: [ X-Server ] }} }}
  - {{ path: /own/, cluster: web, response_headers: {{ set: {{ Strict-Transport-Security: max-age=1 }} }} }}
  - {{ path: /answer/, answer: {{ status: 200, body: hello }} }}
  - {{ path: /closed/, cluster: web, deny: [ 127.0.0.0/8 ] }}
clusters: {{ web: {{ servers: [ '{}' ] }} }}
",
        echo.address
    ));
    let mut stream = Caller::asking_for("a.test").call(port).await.unwrap();
    for (path, status) in [
        ("/server/x", 200),
        ("/answer/", 200),
        ("/closed/", 403),
        ("/health", 200),
        ("/v1/models", 401),
        ("/no", 404),
    ] {
        let (head, _) = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: a.test")).await.unwrap();
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
        assert_eq!(
            head.matches("strict-transport-security: max-age=31536000\r\n").count(),
            1,
            "{path}: {head}"
        );
        assert_eq!(head.contains("x-own: own"), path == "/server/x", "{path}: {head}");
        assert!(path != "/server/x" || !head.contains("x-server"), "{head}");
    }
    let (head, _) = ask(&mut stream, "GET /own/ HTTP/1.1\r\nhost: a.test").await.unwrap();
    assert!(head.contains("strict-transport-security: max-age=1\r\n"), "{head}");
    let plain = reqwest::get(gateway.url("/health")).await.unwrap();
    assert!(!plain.headers().contains_key("strict-transport-security"));
}
