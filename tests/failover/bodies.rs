//! Large bodies, whole on their way through failing targets.

use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::completion;
use crate::support::config;
use crate::support::provider;
use crate::support::send;
use futures_util::stream;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use std::convert::Infallible;
use std::time::Duration;

const SIZE: usize = 5 << 20;

/// About 5 MiB of JSON with every kind of byte a rewriting might harm: escapes, numbers no float can hold,
/// white space, unknown fields, keys twice. `model` stands in the middle.
fn body(model: &str) -> String {
    let filler = r#"Grüße \u00e9 \" \\ \/ 𝄞 \ud834\udd1e "#.repeat(SIZE / 2 / 48);
    format!(
        "{{ \"messages\":[ {{\"role\":\"user\",\"content\":\"{filler}\"}} ],\r\n\t\"seed\" : 12345678901234567890123,\
         \"model\" :  {model}  ,\"x_unknown\":{{\"a\":1.10,\"a\":1e400,\"model\":\"big\"}},\
         \"user\":\"{filler}\",\"temperature\":0.30000000000000004 }}\n"
    )
}

/// Three targets that each have a name of their own for the model; the first two fail.
struct Stage {
    gateway: Gateway,
    vendors: [Vendor; 3],
}

impl Stage {
    fn set() -> Stage {
        let vendors = [
            Vendor::start(|_, _| Reply::json(503, json!({}))),
            Vendor::start(|_, _| Reply::json(429, json!({}))),
            Vendor::start(|_, _| Reply::chat("got it")),
        ];
        let lines: Vec<String> =
            vendors.iter().zip(["a", "b", "c"]).map(|(v, name)| provider(name, v.base_url())).collect();
        let group = "groups: { big: { members: [ a/model-of-a, b/b, 'c/the \"third\" model' ] } }\n";
        Stage { gateway: Gateway::start(&format!("{}{group}", config("", &lines))), vendors }
    }

    async fn check(&self, client: reqwest::ClientBuilder, body: reqwest::Body, what: &str) {
        let client = client.no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let answer = send(client, &self.gateway, body, &[]).await;
        assert_eq!((answer.status, answer.attempts(), answer.provider()), (200, 3, Some("c")), "{what}");
        let names = [r#""model-of-a""#, r#""b""#, r#""the \"third\" model""#];
        for (vendor, name) in self.vendors.iter().zip(names) {
            let requests = vendor.requests();
            let [request] = &requests[..] else { panic!("{what}: asked {} times", requests.len()) };
            let expected = self::body(name);
            assert_eq!(request.body.len(), expected.len(), "{what}: {name}");
            assert_eq!(Sha256::digest(&request.body), Sha256::digest(expected), "{what}: {name}");
            assert_eq!(request.header("transfer-encoding"), None, "{what}: {name}");
        }
    }
}

/// The body in pieces of odd sizes, so that it has no length in its head.
fn in_pieces() -> reqwest::Body {
    let body = body("\"big\"").into_bytes();
    let pieces: Vec<Result<Vec<u8>, Infallible>> =
        body.chunks(70_001).map(|piece| Ok(piece.to_vec())).collect();
    reqwest::Body::wrap_stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_large_body_reaches_the_third_target_as_it_was_sent() {
    Stage::set().check(reqwest::Client::builder(), body("\"big\"").into(), "Content-Length").await;
}

#[tokio::test]
async fn a_large_chunked_body_reaches_the_third_target_as_it_was_sent() {
    Stage::set().check(reqwest::Client::builder(), in_pieces(), "chunked").await;
}

#[tokio::test]
async fn a_large_body_over_http2_reaches_the_third_target_as_it_was_sent() {
    let client = || reqwest::Client::builder().http2_prior_knowledge();
    Stage::set().check(client(), body("\"big\"").into(), "HTTP/2").await;
    Stage::set().check(client(), in_pieces(), "HTTP/2 without a length").await;
}

#[tokio::test]
async fn a_model_name_written_with_escapes_is_replaced_as_well() {
    Stage::set().check(reqwest::Client::builder(), body("\"\\u0062ig\"").into(), "escapes").await;
}

/// Longest single line that a provider may send in these tests.
const LINE: usize = 10 << 20;

#[tokio::test]
async fn an_answer_of_one_line_of_10_mb_passes_whole_and_streamed() {
    let vendor = Vendor::start(|_, request| Reply::answer(request, &"x".repeat(LINE)));
    let gateway = Gateway::start(&config("", &[provider("long", vendor.base_url())]));
    for stream in [false, true, false, true] {
        let answer = ask(&gateway, &chat_body(MODEL, stream)).await;
        assert_eq!((answer.status, answer.text().len()), (200, LINE), "stream: {stream}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 200 << 10, "{peak} KiB at most were in use for lines of 10 MiB");
}

#[tokio::test]
async fn old_ways_to_frame_an_answer_are_understood() {
    let json = completion("old").to_string();
    let heads = [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200\r\nConnection: close\r\n\r\n",
    ];
    for head in heads {
        let reply = format!("{head}{json}");
        let vendor = Vendor::start(move |_, _| Reply::raw(&reply));
        let gateway = Gateway::start(&config("", &[provider("old", vendor.base_url())]));
        for _ in 0..2 {
            let answer = ask(&gateway, &chat_body(MODEL, false)).await;
            assert_eq!((answer.status, answer.text().as_str(), answer.attempts()), (200, "old", 1), "{head}");
        }
    }
}
