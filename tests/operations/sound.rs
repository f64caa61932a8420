//! Speech: bytes that pass as they come, and an end that is never a false one.

use crate::asked::Asked;
use crate::post;
use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Step;
use crate::support::Vendor;
use crate::support::Wire;
use crate::support::config;
use crate::support::provider;
use crate::support::request;
use serde_json::json;
use std::time::Duration;

const SPEECH: &str = r#"{"model":"a/m","input":"hello","voice":"alloy"}"#;
const CHUNKED: [(&str, &str); 2] = [("content-type", "audio/opus"), ("transfer-encoding", "chunked")];
const SIZED: [(&str, &str); 2] = [("content-type", "audio/wav"), ("content-length", "9")];

fn asked() -> Asked {
    Asked::json("/v1/audio/speech", SPEECH)
}

fn gateway(failover: &str, vendors: &[&Vendor]) -> Gateway {
    let lines: Vec<String> =
        vendors.iter().zip(["a", "b"]).map(|(vendor, name)| provider(name, vendor.base_url())).collect();
    Gateway::start(&config(failover, &lines))
}

#[tokio::test]
async fn what_has_come_is_passed_on_before_the_rest_has() {
    for head in [&CHUNKED, &SIZED] {
        let sized = head == &SIZED;
        let vendor = Vendor::start(move |_, _| {
            let reply = Reply::head(200, head);
            if sized { reply.bytes("one") } else { reply.chunk("one") }.then(Step::Hang)
        });
        let gateway = gateway("", &[&vendor]);
        let mut client = Wire::to(gateway.address()).await;
        client.send(request("POST", "/v1/audio/speech", gateway.key(), &[], SPEECH)).await;
        let head = client.read_until("one").await.to_lowercase();
        assert!(
            head.contains(if sized { "content-type: audio/wav" } else { "content-type: audio/opus" }),
            "{head}"
        );
        assert!(head.contains("x-provider: a"), "{head}");
        drop(client);
        assert_eq!(vendor.wait_for_closed(1).await.len(), 1, "who leaves ends the call");
        gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    }
}

#[tokio::test]
async fn a_whole_speech_ends_properly_and_keeps_its_connections() {
    for head in [&CHUNKED, &SIZED] {
        let sized = head == &SIZED;
        let vendor = Vendor::start(move |_, _| match sized {
            true => Reply::head(200, head).bytes("one").bytes("twofin").then(Step::KeepAlive),
            false => Reply::head(200, head).chunk("one").chunk("twofin").end(),
        });
        let gateway = gateway("", &[&vendor]);
        let mut client = Wire::to(gateway.address()).await;
        for _ in 0..2 {
            let answer = client.ask(request("POST", "/v1/audio/speech", gateway.key(), &[], SPEECH)).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "onetwofin"));
            let line = gateway.access_line(answer.header("x-request-id").unwrap()).await;
            assert_eq!((&line["status"], &line["error"]), (&json!(200), &json!(null)), "{line}");
        }
        assert!(vendor.requests().iter().all(|request| request.connection == 0), "one connection is enough");
    }
}

/// What came of an answer, and whether its end was a proper one.
async fn heard(mut response: reqwest::Response) -> (String, bool) {
    let mut heard = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => heard.extend_from_slice(&bytes),
            Ok(None) => return (String::from_utf8(heard).unwrap(), true),
            Err(_) => return (String::from_utf8(heard).unwrap(), false),
        }
    }
}

#[tokio::test]
async fn a_speech_that_breaks_off_has_no_end() {
    let cuts = [("close", Step::Close, "cut"), ("reset", Step::Reset, "cut"), ("stall", Step::Hang, "stall")];
    for (name, step, word) in cuts {
        for sized in [false, true] {
            let step = step.clone();
            let vendor = Vendor::start(move |_, _| {
                // What the peer has not read yet goes with a reset.
                let pause = Duration::from_millis(300);
                match sized {
                    true => Reply::head(200, &SIZED).bytes("one").pause(pause).then(step.clone()),
                    false => Reply::head(200, &CHUNKED).chunk("one").pause(pause).then(step.clone()),
                }
            });
            let second = Vendor::start(|_, _| Reply::head(200, &SIZED).bytes("wrong one"));
            let gateway = gateway("between_events: 1s, ", &[&vendor, &second]);
            for http2 in [false, true] {
                let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
                let client = if http2 { client.http2_prior_knowledge() } else { client }.build().unwrap();
                let request = client.post(gateway.url("/v1/audio/speech")).bearer_auth(gateway.key());
                let response = request.body(SPEECH).send().await.unwrap();
                assert_eq!(response.status(), 200);
                let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
                let what = format!("{name}, with a length: {sized}, HTTP/2: {http2}");
                assert_eq!(heard(response).await, ("one".to_owned(), false), "{what}");
                assert_eq!(gateway.access_line(&id).await["error"], word, "{what}");
            }
            assert_eq!(second.count(), 0, "after the first byte nobody else is asked");
        }
    }
}

#[tokio::test]
async fn before_the_first_byte_the_next_one_is_asked() {
    type Failure = (&'static str, fn() -> Reply);
    let failures: [Failure; 7] = [
        ("a status", || Reply::json(500, json!({}))),
        ("an error in a 200", || Reply::json(200, json!({ "error": { "message": "no" } }))),
        ("a page", || {
            Reply::head(200, &[("content-type", "text/html"), ("content-length", "6")]).bytes("<html>")
        }),
        ("nothing", || Reply::head(200, &[("content-type", "audio/mpeg"), ("content-length", "0")])),
        ("an end without a word", || Reply::head(200, &CHUNKED).end()),
        ("a head and a close", || Reply::head(200, &CHUNKED).then(Step::Close)),
        ("a head and silence", || Reply::head(200, &CHUNKED).then(Step::Hang)),
    ];
    for (name, failure) in failures {
        let first = Vendor::start(move |_, _| failure());
        let second = Vendor::start(|_, _| Reply::head(200, &SIZED).bytes("right one"));
        let gateway = gateway("answer: 700ms, ", &[&first, &second]);
        let group = "{\"model\":\"m\",\"input\":\"hello\"}";
        let response = post(&gateway, &Asked::json("/v1/audio/speech", group)).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(response.headers()["x-provider"], "b", "{name}");
        assert_eq!(heard(response).await, ("right one".to_owned(), true), "{name}");
    }
}

#[tokio::test]
async fn json_that_is_no_error_is_an_answer() {
    let vendor = Vendor::start(|_, _| Reply::json(200, json!({ "audio": "eA==" })));
    let gateway = gateway("", &[&vendor]);
    let response = post(&gateway, &asked()).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), r#"{"audio":"eA=="}"#);
}
