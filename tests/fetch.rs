//! Images that a request names by URL, fetched for a provider that does not open URLs: once, within bounds, and never
//! from an address that is not public.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use serde_json::json;
use std::net::TcpListener;
use support::Answer;
use support::Gateway;
use support::Reply;
use support::Request;
use support::Step;
use support::Vendor;
use support::ask;
use support::config;
use support::refused_port;
use support::tls_vendor;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";
/// What no log and no answer may show.
const SECRET: &str = "X-Signature=hush-hush";

/// A gateway that fetches with these settings, and asks these providers, which take images in base64 only.
fn gateway(fetch: &str, origins: &[&str]) -> Gateway {
    let provider = |(number, origin): (usize, &&str)| {
        format!("  p{number}: {{ kind: ollama, base_url: '{origin}', models: [ m ], check: false }}\n")
    };
    let providers: Vec<String> = origins.iter().enumerate().map(provider).collect();
    Gateway::start(&format!("fetch: {{ {fetch} }}\n{}", config("", &providers)))
}

/// A provider that answers everything in Ollama's words.
fn provider() -> Vendor {
    Vendor::start(|_, _| {
        let message = json!({ "role": "assistant", "content": "a picture" });
        Reply::json(200, json!({ "model": "m", "message": message, "done": true, "done_reason": "stop" }))
    })
}

fn file(kind: &str, bytes: &[u8]) -> Reply {
    let length = bytes.len().to_string();
    let head = Reply::head(200, &[("content-type", kind), ("content-length", &length)]);
    head.bytes(bytes).then(Step::KeepAlive)
}

fn redirect(location: &str) -> Reply {
    Reply::head(302, &[("location", location), ("content-length", "0")]).then(Step::KeepAlive)
}

/// Serves a picture to everyone.
fn gallery() -> Vendor {
    Vendor::start(|_, _| file("image/png", PNG))
}

fn picture(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

fn about(pictures: &[Value]) -> Value {
    let mut content = vec![json!({ "type": "text", "text": "What is this?" })];
    content.extend_from_slice(pictures);
    json!({ "model": "p0/m", "messages": [{ "role": "user", "content": content }] })
}

/// The images that a provider was sent, decoded.
fn images(request: &Request) -> Vec<Vec<u8>> {
    let body = request.json();
    let messages = body["messages"].as_array().unwrap();
    let images = messages.iter().filter_map(|message| message["images"].as_array()).flatten();
    images.map(|image| BASE64_STANDARD.decode(image.as_str().unwrap()).unwrap()).collect()
}

/// It is the request's fault: a 400 in the client's dialect with this reason, and nothing of the URL but its host.
fn assert_refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.attempts(), 1, "{answer:?}");
    let error = &answer.json()["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(reason) && message.contains("base64"), "{message}");
    assert!(!answer.body.contains("hush") && !answer.body.contains("/x.png"), "{message}");
    assert_eq!(
        (error["type"].as_str(), error["param"].as_str()),
        (Some("invalid_request_error"), Some("messages"))
    );
}

#[tokio::test]
async fn a_picture_is_fetched_and_sent_as_base64() {
    let (provider, gallery) = (provider(), gallery());
    let gateway = gateway("allow: [ 127.0.0.1 ]", &[provider.base_url()]);
    let url = format!("{}/a%20b/x.png?{SECRET}#part", gallery.base_url());
    let answer = ask(&gateway, &about(&[picture(&url), picture(&url)])).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "a picture"));
    assert_eq!(images(&provider.requests()[0]), [PNG, PNG]);
    let [asked] = gallery.requests().try_into().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", format!("/a%20b/x.png?{SECRET}").as_str())
    );
    assert_eq!(asked.header("authorization"), None, "nobody's key goes there");
    gateway.wait_for_log(|line| line.contains("\"status\":200")).await;
    assert!(!gateway.logs().join("\n").contains("hush"));
}

#[tokio::test]
async fn it_is_fetched_once_although_the_first_provider_fails() {
    let broken = Vendor::start(|_, _| Reply::json(503, json!({ "error": "busy" })));
    let (provider, gallery) = (provider(), gallery());
    let gateway = gateway("allow: [ 127.0.0.1 ]", &[broken.base_url(), provider.base_url()]);
    let answer = ask(&gateway, &about(&[picture(&format!("{}/x.png", gallery.base_url()))])).await;
    assert_eq!((answer.status, answer.attempts(), answer.provider()), (200, 2, Some("p1")));
    assert_eq!(images(&broken.requests()[0]), [PNG]);
    assert_eq!(images(&provider.requests()[0]), [PNG]);
    assert_eq!(gallery.count(), 1);
}

#[tokio::test]
async fn an_address_that_is_not_public_is_not_even_connected_to() {
    let provider = provider();
    let private = TcpListener::bind("127.0.0.1:0").unwrap();
    private.set_nonblocking(true).unwrap();
    let port = private.local_addr().unwrap().port();
    let gateway = gateway("", &[provider.base_url()]);
    let hosts = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0",
        "169.254.169.254",
    ];
    for host in hosts {
        let answer = ask(&gateway, &about(&[picture(&format!("http://{host}:{port}/x.png?{SECRET}"))])).await;
        assert_refused(&answer, "not public");
    }
    assert!(private.accept().is_err(), "somebody connected");
    assert_eq!(provider.count(), 0);
    assert!(!gateway.logs().join("\n").contains("hush"));
}

#[tokio::test]
async fn a_redirect_is_followed_to_where_it_may_and_no_further() {
    let provider = provider();
    let private = TcpListener::bind("127.0.0.2:0").unwrap();
    private.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://127.0.0.2:{}/x.png", private.local_addr().unwrap().port());
    let gallery = Vendor::start(move |_, request| match request.path.as_str() {
        "/folder/moved.png" => redirect("../x.png"),
        "/x.png" => file("image/png", PNG),
        "/private.png" => redirect(&elsewhere),
        "/file.png" => redirect("file:///etc/passwd"),
        _ => redirect("/round.png"),
    });
    let gateway = gateway("allow: [ 127.0.0.1/32 ]", &[provider.base_url()]);
    let asked =
        async |path: &str| ask(&gateway, &about(&[picture(&format!("{}{path}", gallery.base_url()))])).await;
    assert_eq!(asked("/folder/moved.png").await.status, 200);
    assert_eq!(images(&provider.requests()[0]), [PNG]);
    assert_refused(&asked("/private.png").await, "not public");
    assert!(private.accept().is_err(), "somebody connected");
    assert_refused(&asked("/file.png").await, "must start with `http://`");
    let before = gallery.count();
    assert_refused(&asked("/round.png").await, "more than 3 times");
    assert_eq!(gallery.count() - before, 4);
    assert_eq!(provider.count(), 1);
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_no_picture_is_the_requests_fault() {
    let provider = provider();
    let gallery = Vendor::start(|_, request| match request.path.split('?').next().unwrap() {
        "/fits.png" => file("image/png", &[b'x'; 1024]),
        "/large.png" => file("image/png", &[b'x'; 1025]),
        "/endless.png" => (0..64)
            .fold(Reply::head(200, &[("content-type", "image/png")]), |reply, _| reply.bytes([b'x'; 1024])),
        "/page.png" => file("text/html", b"<html>"),
        "/unsaid.png" => Reply::head(200, &[("content-length", "6")]).bytes("GIF89a").then(Step::KeepAlive),
        "/packed.png" => {
            let head = [("content-type", "image/png"), ("content-encoding", "gzip"), ("content-length", "2")];
            Reply::head(200, &head).bytes("xx").then(Step::KeepAlive)
        }
        "/cut.png" => Reply::head(200, &[("content-type", "image/png"), ("content-length", "9")])
            .bytes("xx")
            .then(Step::Close),
        "/gone.png" => Reply::json(404, json!({ "error": "hush" })),
        _ => Reply::silent(),
    });
    let gateway = gateway("allow: [ localhost ], max_bytes: 1KiB, timeout: 2s", &[provider.base_url()]);
    let origin = gallery.base_url().replace("127.0.0.1", "localhost");
    let asked =
        async |path: &str| ask(&gateway, &about(&[picture(&format!("{origin}{path}?{SECRET}"))])).await;
    for path in ["/large.png", "/endless.png"] {
        assert_refused(
            &asked(path).await,
            "`localhost` could not be fetched for it: the file is larger than 1024 bytes",
        );
    }
    assert_refused(&asked("/page.png").await, "neither an image");
    assert_refused(&asked("/packed.png").await, "compressed");
    assert_refused(&asked("/cut.png").await, "breaks off");
    assert_refused(&asked("/gone.png").await, "status 404");
    assert_refused(&asked("/silent.png").await, "takes too long");
    assert_eq!(provider.count(), 0);
    assert_eq!((asked("/fits.png").await.status, asked("/unsaid.png").await.status), (200, 200));
    assert_eq!(images(&provider.requests()[1]), [b"GIF89a"]);
}

#[tokio::test]
async fn nobody_is_fetched_from_who_cannot_be_reached_or_believed() {
    let provider = provider();
    let stranger = tls_vendor(|_, _| file("image/png", PNG));
    let gateway = gateway("allow: [ localhost, 127.0.0.0/8 ]", &[provider.base_url()]);
    let nobody = format!("http://127.0.0.1:{}", refused_port());
    for origin in [stranger.base_url(), &nobody] {
        assert_refused(
            &ask(&gateway, &about(&[picture(&format!("{origin}/x.png"))])).await,
            "cannot be reached",
        );
    }
    assert_eq!((stranger.vendor.count(), provider.count()), (0, 0));
}

#[tokio::test]
async fn there_are_bounds_for_all_files_of_a_request() {
    let (provider, gallery) = (provider(), gallery());
    let gateway = gateway("allow: [ 127.0.0.1 ]", &[provider.base_url()]);
    let pictures = |count: usize| {
        let picture = |number| picture(&format!("{}/{number}.png", gallery.base_url()));
        about(&(0..count).map(picture).collect::<Vec<_>>())
    };
    assert_refused(&ask(&gateway, &pictures(17)).await, "more than 16 files");
    assert_eq!(gallery.count(), 0);
    assert_eq!(ask(&gateway, &pictures(16)).await.status, 200);
    assert_eq!((images(&provider.requests()[0]).len(), gallery.count()), (16, 16));
}

/// Whoever keeps the file, the provider is not to blame: it stays in the rotation.
#[tokio::test]
async fn a_provider_does_not_suffer_from_files_that_cannot_be_had() {
    let provider = provider();
    let gateway = gateway("", &[provider.base_url()]);
    for _ in 0..5 {
        assert_refused(&ask(&gateway, &about(&[picture("http://127.0.0.1/x.png")])).await, "not public");
    }
    assert_eq!(ask(&gateway, &about(&[])).await.status, 200);
}
