//! Answers that are compressed, and those that must not be.

use crate::support::Gateway;
use crate::support::raw_http;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use reqwest::header::HeaderMap;
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::sync::mpsc;

/// Compressible, and long enough to be worth it.
fn text() -> String {
    "again, the same words ".repeat(3000) + "and the end"
}

type Pieces = mpsc::UnboundedReceiver<Result<Bytes, std::io::Error>>;

/// A server with one answer of each kind. What is sent into `pieces` is the body of `/trickle`.
async fn server(pieces: Pieces) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let plain = |kind: &'static str, fields: &'static [(&'static str, &'static str)], body: String| {
        get(move || async move {
            let answer = Response::builder().header("content-type", kind);
            let answer = fields.iter().fold(answer, |answer, (name, value)| answer.header(*name, *value));
            answer.body(Body::from(body)).unwrap()
        })
    };
    let pieces = Arc::new(Mutex::new(Some(pieces)));
    let trickle = get(move || async move {
        let pieces = pieces.lock().unwrap().take().unwrap();
        let body =
            stream::unfold(pieces, |mut pieces| async { pieces.recv().await.map(|piece| (piece, pieces)) });
        Response::builder().header("content-type", "text/plain").body(Body::from_stream(body)).unwrap()
    });
    let tagged = &[("etag", "\"v1\""), ("vary", "Origin"), ("accept-ranges", "bytes")];
    let app = Router::new()
        .route("/text", plain("text/html; charset=utf-8", tagged, text()))
        .route("/events", plain("text/event-stream", &[], text()))
        .route("/image", plain("image/png", &[], text()))
        .route("/short", plain("text/plain", &[], "short".to_owned()))
        .route("/packed", plain("text/plain", &[("content-encoding", "gzip")], text()))
        .route("/kept", plain("text/plain", &[("cache-control", "no-transform")], text()))
        .route("/trickle", trickle);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn gateway() -> (Gateway, mpsc::UnboundedSender<Result<Bytes, std::io::Error>>, tempfile::TempDir) {
    let (sender, pieces) = mpsc::unbounded_channel();
    let (address, home) = (server(pieces).await, tempfile::tempdir().unwrap());
    fs::write(home.path().join("page.html"), text()).unwrap();
    let gateway = Gateway::start(&format!(
        "routes:
  - {{ path: /, cluster: web, compress: true }}
  - {{ path: /plain/, cluster: web, strip_prefix: true }}
  - {{ path: /files/, files: {{ root: {} }}, compress: true }}
  - {{ path: /said/, answer: {{ status: 200, body: '{}' }}, compress: true }}
clusters: {{ web: {{ servers: [ '{address}' ] }} }}
",
        home.path().display(),
        text()
    ));
    (gateway, sender, home)
}

async fn ask(gateway: &Gateway, path: &str, codings: &str) -> (HeaderMap, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(gateway.url(path)).header("accept-encoding", codings).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    (answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

fn unpacked(coding: &str, packed: &[u8]) -> String {
    let mut plain = String::new();
    match coding {
        "br" => brotli::Decompressor::new(packed, 4096).read_to_string(&mut plain).unwrap(),
        "zstd" => zstd::Decoder::new(packed).unwrap().read_to_string(&mut plain).unwrap(),
        _ => flate2::read::GzDecoder::new(packed).read_to_string(&mut plain).unwrap(),
    };
    plain
}

#[tokio::test]
async fn texts_are_compressed_as_the_client_likes() {
    let (gateway, _pieces, _home) = gateway().await;
    for path in ["/text", "/files/page.html", "/said/x"] {
        for (codings, coding) in [
            ("gzip, br, zstd", "br"),
            ("gzip, zstd", "zstd"),
            ("gzip;q=1, br;q=0.9", "gzip"),
            ("x-gzip, gzip", "gzip"),
        ] {
            let (headers, body) = ask(&gateway, path, codings).await;
            assert_eq!(headers["content-encoding"], coding, "{path} {codings}");
            assert!(body.len() < 3000, "{path} {coding}: {}", body.len());
            assert_eq!(unpacked(coding, &body), text(), "{path} {coding}");
            let vary: Vec<_> = headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
            assert!(vary.contains(&"Accept-Encoding"), "{path}: {vary:?}");
            assert!(!headers.contains_key("accept-ranges"), "{path}");
            assert!(headers.get("etag").is_none_or(|tag| tag.as_bytes().starts_with(b"W/")), "{path}");
        }
    }
}

#[tokio::test]
async fn what_would_not_gain_or_must_not_change_stays_as_it_is() {
    let (gateway, _pieces, _home) = gateway().await;
    for path in ["/events", "/image", "/short", "/kept", "/plain/text"] {
        let (headers, body) = ask(&gateway, path, "gzip, br").await;
        assert!(!headers.contains_key("content-encoding"), "{path}");
        assert!(headers.contains_key("content-length") && !body.is_empty(), "{path}");
    }
    let (headers, body) = ask(&gateway, "/packed", "gzip, br").await;
    assert_eq!((headers["content-encoding"].as_bytes(), body), (&b"gzip"[..], text().into_bytes()));
    let (headers, body) = ask(&gateway, "/text", "identity").await;
    assert_eq!((headers["etag"].as_bytes(), body), (&b"\"v1\""[..], text().into_bytes()));
    let vary: Vec<_> = headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["Origin", "Accept-Encoding"], "a cache must know though nothing was compressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_a_head_and_an_old_client_get_no_coding() {
    let (gateway, _pieces, _home) = gateway().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = gateway.url("/files/page.html");
    let part =
        client.get(&url).header("accept-encoding", "br").header("range", "bytes=0-999").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert!(!part.headers().contains_key("content-encoding"));
    assert_eq!(part.text().await.unwrap(), text()[..1000]);
    let head = client.head(&url).header("accept-encoding", "br").send().await.unwrap();
    assert_eq!(head.headers()["content-length"], text().len().to_string().as_str());
    let old = b"GET /text HTTP/1.0\r\nhost: gateway\r\naccept-encoding: br\r\n\r\n";
    let answer = String::from_utf8(raw_http(gateway.address(), old)).unwrap();
    assert!(answer.ends_with(&text()) && !answer.contains("content-encoding"), "{}", &answer[..200]);
}

#[tokio::test]
async fn what_trickles_is_passed_on_as_it_comes() {
    let (gateway, pieces, _home) = gateway().await;
    pieces.send(Ok(Bytes::from_static(b"first"))).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.get(gateway.url("/trickle")).header("accept-encoding", "gzip").send();
    let mut answer = asked.await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let mut packed = Vec::new();
    while !begins(&packed, "first") {
        // The server says no more before this has come.
        packed.extend_from_slice(&answer.chunk().await.unwrap().expect("the first piece is held back"));
    }
    pieces.send(Ok(Bytes::from_static(b" second"))).unwrap();
    drop(pieces);
    while let Some(piece) = answer.chunk().await.unwrap() {
        packed.extend_from_slice(&piece);
    }
    assert_eq!(unpacked("gzip", &packed), "first second");
}

/// Whether what has come of a body says this already.
fn begins(packed: &[u8], expected: &str) -> bool {
    let mut plain = vec![0; expected.len()];
    flate2::read::GzDecoder::new(packed).read_exact(&mut plain).is_ok() && plain == expected.as_bytes()
}
