//! Streams of events that are no chats: each passes as it comes, and each kind has an end of its own.

use crate::ask;
use crate::asked::Asked;
use crate::down;
use crate::support::Gateway;
use crate::support::KEY;
use crate::support::Reply;
use crate::support::Step;
use crate::support::Vendor;
use crate::support::Wire;
use crate::support::config;
use crate::support::provider;
use crate::support::request;
use serde_json::json;

struct Case {
    asked: fn() -> Asked,
    part: &'static str,
    last: &'static str,
    tokens: u64,
}

const CASES: &[Case] = &[
    Case {
        asked: || {
            let body = r#"{"model":"m","prompt":"a","stream":true,"partial_images":1}"#;
            Asked::json("/v1/images/generations", body)
        },
        part: r#"{"type":"image_generation.partial_image","b64_json":"eA==","partial_image_index":0}"#,
        last: r#"{"type":"image_generation.completed","b64_json":"eA==","usage":{"input_tokens":3,"output_tokens":4}}"#,
        tokens: 7,
    },
    Case {
        asked: || {
            let fields = [("model", "m"), ("prompt", "a"), ("stream", "true")];
            Asked::form("/v1/images/edits", &fields, "image", b"image")
        },
        part: r#"{"type":"image_edit.partial_image","b64_json":"eA=="}"#,
        last: r#"{"type":"image_edit.completed","b64_json":"eA==","usage":{"input_tokens":1,"output_tokens":1}}"#,
        tokens: 2,
    },
    Case {
        asked: || {
            let fields = [("model", "m"), ("stream", "true")];
            Asked::form("/v1/audio/transcriptions", &fields, "file", b"sound")
        },
        part: r#"{"type":"transcript.text.delta","delta":"hel"}"#,
        last: r#"{"type":"transcript.text.done","text":"hello","usage":{"type":"tokens","input_tokens":9,"output_tokens":2}}"#,
        tokens: 11,
    },
    Case {
        asked: || Asked::json("/v1/audio/speech", r#"{"model":"m","input":"a","stream_format":"sse"}"#),
        part: r#"{"type":"speech.audio.delta","audio":"eA=="}"#,
        last: r#"{"type":"speech.audio.done","usage":{"input_tokens":2,"output_tokens":3,"total_tokens":5}}"#,
        tokens: 5,
    },
];

fn gateway(vendors: &[&Vendor]) -> Gateway {
    let lines: Vec<String> =
        vendors.iter().zip(["a", "b"]).map(|(vendor, name)| provider(name, vendor.base_url())).collect();
    Gateway::start(&config("", &lines))
}

fn named(data: &str) -> String {
    let kind = data.split('"').nth(3).unwrap();
    format!("event: {kind}\ndata: {data}\n\n")
}

#[tokio::test]
async fn a_stream_passes_after_a_failover_and_its_usage_is_read() {
    for case in CASES {
        let [first, second] = [
            down(),
            Vendor::start(|_, _| {
                Reply::sse_head().chunk(named(case.part)).chunk(": ping\n\n").chunk(named(case.last)).end()
            }),
        ];
        let gateway = gateway(&[&first, &second]);
        let answer = ask(&gateway, &(case.asked)()).await;
        assert_eq!(
            (answer.status, answer.provider(), answer.is_stream()),
            (200, Some("b"), true),
            "{}",
            case.part
        );
        assert_eq!(answer.body, [&named(case.part), ": ping\n\n", &named(case.last)].concat());
        assert!(second.requests()[0].header("accept") == Some("text/event-stream"));
        let line = gateway.access_line(answer.header("x-request-id").unwrap()).await;
        assert_eq!((&line["tokens"], &line["stream"]), (&json!(case.tokens), &json!(true)), "{line}");
    }
}

#[tokio::test]
async fn an_event_is_passed_on_before_the_next_has_come() {
    for case in CASES {
        let vendor = Vendor::start(|_, _| Reply::sse_head().event(case.part).then(Step::Hang));
        let gateway = gateway(&[&vendor]);
        let mut client = Wire::to(gateway.address()).await;
        let Asked { path, kind, body } = (case.asked)();
        let body = String::from_utf8(body).unwrap();
        let json = request("POST", path, KEY, &[], &body);
        let typed = String::from_utf8(json).unwrap().replacen("application/json", kind, 1);
        client.send(typed).await;
        client.read_until(case.part).await;
    }
}

#[tokio::test]
async fn the_last_event_ends_a_stream_that_its_provider_leaves_open() {
    for case in CASES {
        let vendor =
            Vendor::start(|_, _| Reply::sse_head().event(case.part).event(case.last).then(Step::Hang));
        let answer = ask(&gateway(&[&vendor]), &(case.asked)()).await;
        assert_eq!(answer.events(), [case.part, case.last]);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error() {
    for case in CASES {
        for (ending, cut) in [("close", true), ("end", false)] {
            let vendor = Vendor::start(move |_, _| {
                let reply = Reply::sse_head().event(case.part);
                if cut { reply.then(Step::Close) } else { reply.end() }
            });
            let second = Vendor::start(|_, _| Reply::sse_head().event(case.last).end());
            let gateway = gateway(&[&vendor, &second]);
            let answer = ask(&gateway, &(case.asked)()).await;
            let events = answer.events();
            assert_eq!(events.len(), 2, "{ending}: {events:?}");
            assert!(events[1].contains("stream_interrupted"), "{ending}: {events:?}");
            assert_eq!(second.count(), 0, "{ending}");
            let line = gateway.access_line(answer.header("x-request-id").unwrap()).await;
            assert_eq!(line["error"], "cut", "{ending}");
        }
    }
}

#[tokio::test]
async fn an_error_before_the_first_content_is_another_providers_turn() {
    for case in CASES {
        let failing = Vendor::start(|_, _| Reply::sse_head().event(r#"{"error":{"message":"no"}}"#).end());
        let empty = Vendor::start(|_, _| Reply::sse_head().chunk(": ping\n\n").event("[DONE]").end());
        for first in [&failing, &empty] {
            let second = Vendor::start(|_, _| Reply::sse_head().event(case.last).end());
            let answer = ask(&gateway(&[first, &second]), &(case.asked)()).await;
            assert_eq!((answer.provider(), answer.events()), (Some("b"), vec![case.last.to_owned()]));
        }
    }
}

#[tokio::test]
async fn whoever_knows_no_stream_gives_the_whole() {
    let vendor = Vendor::start(|_, _| Reply::json(200, json!({ "text": "hello" })));
    let answer = ask(&gateway(&[&vendor]), &(CASES[2].asked)()).await;
    assert_eq!(
        (answer.header("content-type"), answer.json()["text"].as_str()),
        (Some("application/json"), Some("hello"))
    );
}
