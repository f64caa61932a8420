//! Heads and bodies framed in every way that is allowed, and some that are not.

use crate::*;

const BODY: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"odd"},"finish_reason":"stop"}]}"#;

fn raw(head: &str, body: &str) -> Reply {
    Reply::raw(format!("{head}\r\n\r\n{body}"))
}

fn with_length() -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", BODY.len())
}

fn chunks(pieces: &[&str], end: &str) -> String {
    let chunk = |piece: &&str| format!("{:x}{piece}\r\n", piece.split_once("\r\n").unwrap().1.len());
    format!("{}{end}", pieces.iter().map(chunk).collect::<String>())
}

#[tokio::test]
async fn odd_but_proper_answers_are_passed_on() {
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    let (length, half) = (with_length(), BODY.len() / 2);
    let (first, second) = BODY.split_at(half);
    let extended =
        chunks(&[&format!(";a=b;c=\"d\"\r\n{first}"), &format!(" ; x\r\n{second}")], "0;last\r\n\r\n");
    let trailers = chunks(&[&format!("\r\n{BODY}")], "0\r\nx-checksum: 1\r\ncontent-length: 5\r\n\r\n");
    let many: String = (0..150).map(|n| format!("\r\nx-{n}: {n}")).collect();
    let long = format!("\r\nset-cookie: {}", "c".repeat(60_000));
    let cases = [
        ("with a length", raw(&length, BODY).then(support::Step::KeepAlive)),
        ("in chunks with extensions", raw(chunked, &extended).then(support::Step::KeepAlive)),
        ("in chunks with trailers", raw(chunked, &trailers).then(support::Step::KeepAlive)),
        ("byte by byte", BODY.bytes().fold(raw(chunked, ""), |r, b| r.chunk([b])).end()),
        ("until the connection ends", raw("HTTP/1.1 200 OK\r\ncontent-type: application/json", BODY)),
        ("HTTP/1.0", raw("HTTP/1.0 200 OK\r\ncontent-type: application/json", BODY)),
        ("HTTP/1.0 with a length", raw(&length.replace("1.1", "1.0"), BODY)),
        ("after a 100", Reply::raw("HTTP/1.1 100 Continue\r\n\r\n").bytes(format!("{length}\r\n\r\n{BODY}")).then(support::Step::KeepAlive)),
        (
            "after a 102 and two 103",
            Reply::raw("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")
                .pause(std::time::Duration::from_millis(20))
                .bytes(format!("{length}\r\n\r\n{BODY}"))
                .then(support::Step::KeepAlive),
        ),
        ("with a header of 60 KB", raw(&format!("{length}{long}"), BODY).then(support::Step::KeepAlive)),
        ("with 150 headers", raw(&format!("{length}{many}"), BODY).then(support::Step::KeepAlive)),
        ("without a reason", raw(&length.replace(" OK", ""), BODY).then(support::Step::KeepAlive)),
        ("without a type", raw(&length.replace("content-type: application/json\r\n", ""), BODY).then(support::Step::KeepAlive)),
        ("with Latin-1 in a header", raw(&format!("{length}\r\nx-city: K\u{f6}ln"), BODY).then(support::Step::KeepAlive)),
        ("with an empty header", raw(&format!("{length}\r\nx-empty:"), BODY).then(support::Step::KeepAlive)),
        ("with identity named", raw(&format!("{length}\r\ncontent-encoding: identity"), BODY).then(support::Step::KeepAlive)),
        ("with an offer of h2c", raw(&format!("{length}\r\nupgrade: h2c\r\nconnection: upgrade"), BODY).then(support::Step::KeepAlive)),
        ("and closes", raw(&format!("{length}\r\nconnection: close"), BODY)),
        ("after empty lines", raw(&length.replace(&BODY.len().to_string(), &(BODY.len() + 6).to_string()), &format!("\n\n \r\n\t{BODY}")).then(support::Step::KeepAlive)),
    ];
    for (case, reply) in cases {
        let stage = Stage::set(reply);
        for body in [PLAIN, STREAM] {
            let answer = stage.ask(body).await;
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            if stage.vendor.count() == 1 {
                assert_eq!(text(&answer), "odd", "{case}");
                assert_eq!(answer.text().trim(), BODY, "{case}: as it came");
            }
            for header in ["set-cookie", "x-0", "link", "upgrade", "content-encoding"] {
                assert!(answer.header(header).is_none(), "{case}: {header} is the vendor's own");
            }
        }
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn a_plain_answer_to_a_stream_is_passed_on_as_a_stream() {
    for head in [with_length(), "HTTP/1.0 200 OK\r\ncontent-type: application/json".to_owned()] {
        let stage = Stage::set(raw(&head, BODY));
        let answer = stage.ask(STREAM).await;
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert!(
            answer.text().contains("\"odd\"") && answer.text().ends_with("data: [DONE]\n\n"),
            "{}",
            answer.text()
        );
        stage.goes_on(&head).await;
    }
}

#[tokio::test]
async fn answers_that_lie_are_refused_and_their_connections_not_used_again() {
    let length = with_length();
    let other = |n: usize| length.replace(&BODY.len().to_string(), &n.to_string());
    let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..], &[7; 100]].concat();
    let gzip_head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", gzip.len());
    let cases = [
        ("too long a length", raw(&other(BODY.len() + 10), BODY)),
        ("too short a length", raw(&other(BODY.len() - 10), BODY)),
        ("a length of 0", raw(&other(0), BODY)),
        ("no number as length", raw(&length.replace(&BODY.len().to_string(), "many"), BODY)),
        ("two lengths", raw(&format!("{length}\r\ncontent-length: 5"), BODY)),
        ("a chunk that is none", raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", "zz\r\n")),
        (
            "chunks without an end",
            raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", &chunks(&[&format!("\r\n{BODY}")], "")),
        ),
        ("gzip that nobody asked for", Reply::raw(gzip_head).bytes(&gzip).then(support::Step::KeepAlive)),
        (
            "a page",
            raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20", "<html>secret</html>\n"),
        ),
        ("nothing", raw("HTTP/1.1 200 OK\r\ncontent-length: 0", "").then(support::Step::KeepAlive)),
        ("204", Reply::raw("HTTP/1.1 204 No Content\r\n\r\n").then(support::Step::KeepAlive)),
        (
            "a redirect",
            raw("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0", "")
                .then(support::Step::KeepAlive),
        ),
        (
            "an upgrade",
            Reply::raw(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
            ),
        ),
        ("no HTTP", Reply::raw("SSH-2.0-OpenSSH_9.2\r\n")),
        ("HTTP/2", Reply::raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff")),
        ("only 1xx", Reply::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(5))),
        ("a NUL in a header", raw(&format!("{length}\r\nx-a: a\0b"), BODY)),
    ];
    for (case, reply) in cases {
        for body in [PLAIN, STREAM] {
            let stage = Stage::set(reply.clone());
            let answer = stage.ask(body).await;
            is_refused(&answer, case);
            assert!(!answer.text().contains("secret"), "{case}: {}", answer.text());
            stage.goes_on(case).await;
        }
    }
}
