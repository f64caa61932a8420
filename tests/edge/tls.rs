//! TLS towards clients: certificates by name, their renewal, versions, protocols, and clients that prove themselves.

use crate::echo::Echo;
use crate::echo::told;
use crate::handshake::Authority;
use crate::handshake::Caller;
use crate::handshake::ask;
use crate::handshake::h2;
use crate::handshake::served;
use crate::support::Gateway;
use crate::support::free_port;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const OLD: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];
const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: x";

/// A plain listener, and one with these settings of TLS.
fn yaml(port: u16, tls: &str, more: &str) -> String {
    format!(
        "listen: [ {{ address: '{{listen}}' }}, {{ address: '127.0.0.1:{port}', tls: {{ {tls} }} }} ]\n{more}"
    )
}

fn gateway(tls: &str) -> (Gateway, u16) {
    let port = free_port();
    (Gateway::start(&yaml(port, tls, "")), port)
}

fn hang_up(gateway: &Gateway) {
    let pid = gateway.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

async fn names(port: u16, name: impl Into<Option<&'static str>>) -> Vec<String> {
    served(&Caller::asking_for(name).call(port).await.unwrap())
}

#[tokio::test]
async fn certificates_are_chosen_by_the_name_that_is_asked_for() {
    let authority = Authority::new();
    let pairs = [
        authority.writes("first", &["first.test"]),
        authority.writes("wild", &["*.wild.test", "second.test"]),
        authority.writes("exact", &["exact.wild.test"]),
    ];
    let (_gateway, port) = gateway(&format!("certificates: [ {} ]", pairs.join(", ")));
    for (asked, name) in [
        (None, "first.test"),
        (Some("first.test"), "first.test"),
        (Some("nobody.test"), "first.test"),
        (Some("second.test"), "*.wild.test"),
        (Some("any.wild.test"), "*.wild.test"),
        (Some("exact.wild.test"), "exact.wild.test"),
        (Some("a.b.wild.test"), "first.test"),
    ] {
        assert_eq!(names(port, asked).await[0], name, "{asked:?}");
    }
    let mut stream = Caller::asking_for("second.test").call(port).await.unwrap();
    assert!(ask(&mut stream, HEALTH).await.unwrap().0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn renewed_certificates_come_into_force_under_open_connections() {
    let authority = Authority::new();
    let (gateway, port) = gateway(&authority.writes("site", &["old.test"]).replace(['{', '}'], ""));
    let mut open = Caller::asking_for(None).call(port).await.unwrap();
    assert!(ask(&mut open, HEALTH).await.is_ok());

    authority.writes("site", &["renewed.test"]);
    gateway.wait_for_log(|line| line.contains("certificates reloaded")).await;
    assert_eq!(names(port, None).await, ["renewed.test"]);

    authority.writes("site", &["again.test"]);
    hang_up(&gateway);
    gateway.wait_for_log(|line| line.contains("configuration reloaded")).await;
    assert_eq!(names(port, None).await, ["again.test"]);

    let pair = authority.writes("other", &["other.test"]);
    gateway.reconfigure(&yaml(port, &format!("certificates: [ {pair} ], min_version: '1.3'"), "")).await;
    assert_eq!(names(port, None).await, ["other.test"]);
    assert!(!gateway.logs().iter().any(|line| line.contains("takes effect at the next start")));
    assert!(ask(&mut open, HEALTH).await.is_ok(), "the open connection was closed");
    assert_eq!(served(&open), ["old.test"]);
}

#[tokio::test]
async fn broken_certificates_change_nothing_and_are_told_once() {
    let authority = Authority::new();
    let (gateway, port) = gateway(&authority.writes("site", &["old.test"]).replace(['{', '}'], ""));
    std::fs::write(authority.file("site.crt"), "no PEM").unwrap();
    let refused = |line: &str| line.contains("certificates refused");
    assert!(gateway.wait_for_log(refused).await.contains("cannot use the certificate `"));
    assert_eq!(names(port, None).await, ["old.test"]);

    hang_up(&gateway);
    gateway.wait_for_log(|line| line.contains("configuration refused")).await;
    assert_eq!(names(port, None).await, ["old.test"]);

    authority.writes("site", &["new.test"]);
    gateway.wait_for_log(|line| line.contains("certificates reloaded")).await;
    assert_eq!(names(port, None).await, ["new.test"]);
    assert_eq!(gateway.logs().iter().filter(|line| refused(line)).count(), 1);
}

#[tokio::test]
async fn older_versions_are_refused_where_they_are_not_wanted() {
    let authority = Authority::new();
    let pair = authority.writes("site", &["a.test"]).replace(['{', '}'], "");
    let old = || Caller { versions: OLD, ..Caller::asking_for("a.test") };
    let (_gateway, port) = gateway(&pair);
    assert!(old().call(port).await.is_ok());
    let (_gateway, port) = gateway(&format!("{pair}, min_version: '1.3'"));
    assert!(old().call(port).await.is_err());
    assert!(Caller::asking_for("a.test").call(port).await.is_ok());
}

#[tokio::test]
async fn http_2_is_spoken_unless_it_is_turned_off() {
    let authority = Authority::new();
    let pair = authority.writes("site", &["a.test"]).replace(['{', '}'], "");
    let both = || Caller { protocols: &["h2", "http/1.1"], ..Caller::asking_for("a.test") };
    let (_gateway, port) = gateway(&pair);
    let stream = both().call(port).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut sender = h2(stream).await.ready().await.unwrap();
    let request = http::Request::get(format!("https://a.test:{port}/health")).body(()).unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);

    let (_gateway, port) = gateway(&format!("{pair}, http2: false"));
    let mut stream = both().call(port).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(ask(&mut stream, HEALTH).await.unwrap().0.starts_with("http/1.1 200"));
}

/// What a server is told of a client, if the client is let in.
async fn proven(port: u16, caller: Caller) -> Option<(Vec<String>, Vec<String>)> {
    let forged = "GET /x HTTP/1.1\r\nhost: x\r\nX-Client-Cert-CN: forged\r\nx-client-cert-sha256: forged";
    let mut stream = caller.call(port).await.ok()?;
    let (_, body) = ask(&mut stream, forged).await.ok()?;
    let told_of = serde_json::from_str::<Value>(&body).unwrap();
    Some((told(&told_of, "x-client-cert-cn"), told(&told_of, "x-client-cert-sha256")))
}

#[tokio::test]
async fn clients_prove_themselves_and_servers_are_told_who_they_are() {
    let echo = Echo::start("one").await;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let pair = authority.writes("site", &["a.test"]).replace(['{', '}'], "");
    let route = format!(
        "routes: [ {{ path: /x, cluster: web }} ]\nclusters: {{ web: {{ servers: [ '{}' ] }} }}\n",
        echo.address
    );
    let with = |identity| Caller { identity: Some(identity), ..Caller::asking_for("a.test") };
    for (auth, optional) in [("required", false), ("optional", true)] {
        let port = free_port();
        let tls = format!("{pair}, client_ca: '{}', client_auth: {auth}", authority.ca().display());
        let _gateway = Gateway::start(&yaml(port, &tls, &route));
        let alice = authority.client("alice");
        let fingerprint: String = sha2(&alice.0);
        let known = proven(port, with(alice)).await;
        assert_eq!(known, Some((vec!["alice".to_owned()], vec![fingerprint])), "{auth}");
        assert_eq!(proven(port, with(stranger.client("alice"))).await, None, "{auth}");
        let nobody = proven(port, Caller::asking_for("a.test")).await;
        assert_eq!(nobody, optional.then(Default::default), "{auth}");
    }
}

fn sha2(der: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn words_about_certificates_are_removed_on_plain_listeners_too() {
    let echo = Echo::start("one").await;
    let gateway = Gateway::start(&format!(
        "routes: [ {{ path: /x, cluster: web }} ]\nclusters: {{ web: {{ servers: [ '{}' ] }} }}\n",
        echo.address
    ));
    let asked = reqwest::Client::new().get(gateway.url("/x")).header("x-client-cert-cn", "forged").send();
    let answer: Value = serde_json::from_str(&asked.await.unwrap().text().await.unwrap()).unwrap();
    assert!(told(&answer, "x-client-cert-cn").is_empty());
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_ended_while_others_are_served() {
    let authority = Authority::new();
    let (_gateway, port) = gateway(&authority.writes("site", &["a.test"]).replace(['{', '}'], ""));
    let mut slow = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        // The begin of a ClientHello of 512 bytes.
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.unwrap();
        slow.push(stream);
    }
    let mut stream = Caller::asking_for("a.test").call(port).await.unwrap();
    assert!(ask(&mut stream, HEALTH).await.unwrap().0.starts_with("http/1.1 200"));
    for stream in &mut slow {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read(&mut [0; 64])).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))), "still open: {ended:?}");
    }
    assert!(ask(&mut stream, HEALTH).await.is_ok());
}
