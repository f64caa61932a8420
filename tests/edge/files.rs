//! Files of a folder, as browsers and download managers ask for them.

use crate::support::Gateway;
use crate::support::client;
use crate::support::raw_http;
use reqwest::RequestBuilder;
use reqwest::Response;
use reqwest::redirect::Policy;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::Duration;
use tempfile::TempDir;

const LARGE: u64 = 96 << 20;

/// A gateway that shows a folder under `/pub/`, and one of a single page under `/app/`.
fn shown() -> (Gateway, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    for (name, text) in [
        ("index.html", "<h1>index</h1>"),
        ("sub/index.html", "sub"),
        ("a.txt", "0123456789"),
        (".env", "secret"),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    fs::write(home.path().join("secret.txt"), "secret").unwrap();
    symlink("../secret.txt", root.join("link.txt")).unwrap();
    fs::File::create(root.join("large.bin")).unwrap().set_len(LARGE).unwrap();
    let root = root.display();
    let gateway = Gateway::start(&format!(
        "log: {{ format: json }}
routes:
  - {{ path: /pub/, files: {{ root: {root} }}, response_headers: {{ set: {{ Cache-Control: no-cache }}, remove: [ Last-Modified ] }} }}
  - {{ path: /app/, files: {{ root: {root}, fallback: /index.html }} }}
  - {{ exact: /a.txt, files: {{ root: {root} }} }}
"
    ));
    (gateway, home)
}

fn get(gateway: &Gateway, path: &str) -> RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    client.get(gateway.url(path))
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn files_folders_and_single_pages_are_served() {
    let (gateway, _home) = shown();
    let answer = get(&gateway, "/pub/a.txt").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(header(&answer, "content-length"), "10");
    assert_eq!(header(&answer, "accept-ranges"), "bytes");
    assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    assert_eq!(header(&answer, "cache-control"), "no-cache");
    assert_eq!(header(&answer, "last-modified"), "");
    assert_eq!(answer.text().await.unwrap(), "0123456789");
    for (path, status, body) in [
        ("/pub/", 200, "<h1>index</h1>"),
        ("/pub/sub/", 200, "sub"),
        ("/app/some/page", 200, "<h1>index</h1>"),
        ("/app/a.txt", 200, "0123456789"),
        ("/a.txt", 200, "0123456789"),
    ] {
        let answer = get(&gateway, path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.text().await.unwrap(), body, "{path}");
    }
    let missing = get(&gateway, "/pub/none").send().await.unwrap();
    assert_eq!((missing.status().as_u16(), header(&missing, "cache-control")), (404, "no-cache"));
    let posted = client().post(gateway.url("/pub/a.txt")).body("x").send().await.unwrap();
    assert_eq!((posted.status().as_u16(), header(&posted, "allow")), (405, "GET, HEAD"));
    let head = client().head(gateway.url("/pub/a.txt")).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "10"));
}

#[tokio::test]
async fn a_folder_is_left_for_its_slash_and_never_for_another_host() {
    let (gateway, _home) = shown();
    for (path, location) in [
        ("/pub/sub?x=1", "/pub/sub/?x=1"),
        ("/pub", "/pub/"),
        ("//pub/sub", "/pub/sub/"),
        ("/pub/%73ub", "/pub/sub/"),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n");
        let answer =
            String::from_utf8(raw_http(gateway.address(), request.as_bytes())).unwrap().to_lowercase();
        assert!(answer.starts_with("http/1.1 308"), "{path}: {answer}");
        assert!(answer.contains(&format!("\r\nlocation: {location}\r\n")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn nothing_outside_of_the_folder_and_nothing_hidden_is_served() {
    let (gateway, _home) = shown();
    for path in [
        "/pub/../secret.txt",
        "/pub/%2e%2e/secret.txt",
        "/pub/..%2fsecret.txt",
        "/pub/..%5csecret.txt",
        "/pub/%252e%252e/secret.txt",
        "/pub/link.txt",
        "/pub/.env",
        "/pub/%2eenv",
        "/pub//etc/passwd",
        "/pub/a.txt%00.html",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n");
        let answer = String::from_utf8(raw_http(gateway.address(), request.as_bytes())).unwrap();
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        assert!(!answer.contains("secret\r\n") && !answer.ends_with("secret"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let (gateway, home) = shown();
    let first = get(&gateway, "/app/a.txt").send().await.unwrap();
    let (tag, date) = (header(&first, "etag").to_owned(), header(&first, "last-modified").to_owned());
    for (name, value) in [("if-none-match", &tag), ("if-modified-since", &date)] {
        let again = get(&gateway, "/app/a.txt").header(name, value).send().await.unwrap();
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()), "{name}");
        assert_eq!(again.text().await.unwrap(), "");
    }
    fs::write(home.path().join("root/a.txt"), "changed").unwrap();
    let changed = get(&gateway, "/app/a.txt").header("if-none-match", &tag).send().await.unwrap();
    assert_eq!((changed.status().as_u16(), changed.text().await.unwrap().as_str()), (200, "changed"));
}

#[tokio::test]
async fn a_download_goes_on_where_it_stopped() {
    let (gateway, _home) = shown();
    let whole = get(&gateway, "/pub/a.txt").send().await.unwrap();
    let tag = header(&whole, "etag").to_owned();
    let ask = |range: &'static str, of: &str| {
        get(&gateway, "/pub/a.txt").header("range", range).header("if-range", of.to_owned()).send()
    };
    let part = ask("bytes=4-", &tag).await.unwrap();
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 4-9/10"));
    assert_eq!(
        (header(&part, "content-length"), header(&part, "content-type")),
        ("6", "text/plain; charset=utf-8")
    );
    assert_eq!(part.text().await.unwrap(), "456789");
    let stale = ask("bytes=4-", "\"other\"").await.unwrap();
    assert_eq!((stale.status().as_u16(), stale.text().await.unwrap().as_str()), (200, "0123456789"));
    let beyond = ask("bytes=10-", &tag).await.unwrap();
    assert_eq!((beyond.status().as_u16(), header(&beyond, "content-range")), (416, "bytes */10"));
    assert_eq!(beyond.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_large_file_takes_no_memory_whatever_the_protocol() {
    let (gateway, _home) = shown();
    let clients = [
        reqwest::Client::builder().no_proxy().build().unwrap(),
        reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap(),
    ];
    get(&gateway, "/pub/a.txt").send().await.unwrap();
    let before = gateway.resident();
    for client in clients {
        let mut answer = client.get(gateway.url("/pub/large.bin")).send().await.unwrap();
        let (mut received, mut most) = (0, 0);
        while let Some(piece) = answer.chunk().await.unwrap() {
            received += piece.len() as u64;
            if received % (8 << 20) < piece.len() as u64 {
                most = most.max(gateway.resident());
            }
        }
        assert_eq!(received, LARGE);
        assert!(most < before + (24 << 20), "{} MiB more", most.saturating_sub(before) >> 20);
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_reading() {
    let (gateway, _home) = shown();
    let mut wire = TcpStream::connect(gateway.address()).unwrap();
    wire.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    wire.write_all(b"GET /pub/large.bin HTTP/1.1\r\nhost: gateway\r\nx-request-id: leaves-early\r\n\r\n")
        .unwrap();
    wire.read_exact(&mut [0; 1 << 20]).unwrap();
    drop(wire);
    let line = gateway.access_line("leaves-early").await;
    assert_eq!((line["status"].as_u64(), line["error"].as_str()), (Some(499), Some("client_left")), "{line}");
}
