//! Who is asked, who may ask, and what is remembered.

use crate::ask;
use crate::asked::Asked;
use crate::asked::CASES;
use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::config;
use crate::support::provider;
use serde_json::json;

/// A provider of a vendor that is known.
fn of_kind(name: &str, kind: &str, vendor: &Vendor) -> String {
    format!("  {name}: {{ kind: {kind}, api_key: k, base_url: '{}/v1', check: false }}\n", vendor.base_url())
}

fn image() -> Reply {
    Reply::json(200, json!({ "data": [{ "url": "https://example.com/a.png" }] }))
}

#[tokio::test]
async fn a_group_passes_over_members_that_do_not_serve_the_operation() {
    let [chats, draws] = [Vendor::start(|_, _| image()), Vendor::start(|_, _| image())];
    let lines = [of_kind("chats", "deepseek", &chats), of_kind("draws", "xai", &draws)];
    let groups = "groups: { image-gen: { order: as-written, members: [ chats/m, draws/grok-image ] } }\n";
    let gateway = Gateway::start(&format!("{}{groups}", config("", &lines)));
    let asked = |path, model: &str| {
        let body = r#"{"model":"MODEL","prompt":"a","input":"a","query":"a","documents":["a"]}"#;
        Asked::json(path, &body.replace("MODEL", model))
    };
    let answer = ask(&gateway, &asked("/v1/images/generations", "image-gen")).await;
    assert_eq!((answer.provider(), answer.attempts()), (Some("draws"), 1), "{}", answer.body);
    assert_eq!(draws.requests()[0].json()["model"], "grok-image");
    for (path, model) in [
        ("/v1/images/generations", "chats/m"),
        ("/v1/moderations", "image-gen"),
        ("/v1/rerank", "draws/m"),
        ("/v2/rerank", "image-gen"),
        ("/v1/audio/speech", "draws/m"),
    ] {
        let answer = ask(&gateway, &asked(path, model)).await;
        assert_eq!(answer.status, 400, "{path} {model}");
        assert_eq!(answer.error_code().as_deref(), Some("operation_not_served"), "{path} {model}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains(model)
                && message.contains(path.trim_start_matches("/v1").trim_start_matches("/v2")),
            "{message}"
        );
    }
    assert_eq!((chats.count(), draws.count()), (0, 1));
}

#[tokio::test]
async fn no_other_model_stands_in() {
    let [first, second] = [Vendor::start(|_, _| Reply::json(503, json!({}))), Vendor::start(|_, _| image())];
    let lines = [of_kind("openai", "openai", &first), of_kind("xai", "xai", &second)];
    let gateway = Gateway::start(&config("", &lines));
    let asked = Asked::json("/v1/images/generations", r#"{"model":"gpt-image-2","prompt":"a"}"#);
    assert_eq!(ask(&gateway, &asked).await.status, 503);
    assert_eq!(second.count(), 0);
}

#[tokio::test]
async fn every_operation_needs_a_key_that_may_say_the_model() {
    let vendor = Vendor::start(|_, _| image());
    let keys = "keys: [ { name: narrow, key: tg-test-key-0001, models: [ other ] }, { name: slow, key: tg-slow-key-0001, limits: { requests: 1/min } } ]\n";
    let gateway = Gateway::start(&format!("{}{keys}", config("", &[provider("a", vendor.base_url())])));
    for case in CASES {
        let asked = (case.asked)("m");
        assert_eq!(ask(&gateway, &asked).await.status, 403, "{}", case.name);
        let request = crate::client().post(gateway.url(asked.path)).header("content-type", asked.kind);
        assert_eq!(request.body(asked.body).send().await.unwrap().status(), 401, "{}", case.name);
    }
    assert_eq!(vendor.count(), 0);
    for status in [200, 429] {
        let asked = (CASES[0].asked)("m");
        let request = crate::client().post(gateway.url(asked.path)).bearer_auth("tg-slow-key-0001");
        assert_eq!(request.body(asked.body).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn verdicts_and_ranks_are_remembered_and_files_are_not() {
    for case in CASES {
        let vendor = Vendor::start(move |_, _| (case.answer)());
        let lines = config("", &[provider("a", vendor.base_url())]).replace("ttl: 0", "ttl: 5m");
        let gateway = Gateway::start(&lines);
        let remembered = ["moderation", "rerank"].contains(&case.name);
        let expected = if remembered { ["MISS", "HIT"] } else { ["BYPASS", "BYPASS"] };
        for cache in expected {
            let answer = ask(&gateway, &(case.asked)("m")).await;
            assert_eq!((answer.status, answer.header("x-cache")), (200, Some(cache)), "{}", case.name);
        }
        assert_eq!(vendor.count(), if remembered { 1 } else { 2 }, "{}", case.name);
    }
}

#[tokio::test]
async fn a_providers_refusal_is_handed_on() {
    let refusal = json!({ "error": { "message": "no such voice", "type": "invalid_request_error", "param": "voice", "code": null } });
    let said = refusal.clone();
    let vendor = Vendor::start(move |_, _| Reply::json(400, said.clone()));
    let gateway = Gateway::start(&config("", &[provider("a", vendor.base_url())]));
    for case in CASES {
        let answer = ask(&gateway, &(case.asked)("m")).await;
        assert_eq!((answer.status, answer.json()), (400, refusal.clone()), "{}", case.name);
    }
}

#[tokio::test]
async fn metrics_tell_the_operations_apart() {
    for case in CASES {
        let vendor = Vendor::start(move |_, _| (case.answer)());
        let gateway = Gateway::start(&config("", &[provider("a", vendor.base_url())]));
        let answer = ask(&gateway, &(case.asked)("m")).await;
        gateway.access_line(answer.header("x-request-id").unwrap()).await;
        let word =
            case.name.replace("image generation", "image_generations").replace("image edit", "image_edits");
        let word =
            word.replace("transcription", "transcriptions").replace("translation", "audio_translations");
        let word = word.replace("moderation", "moderations");
        let series = format!(
            "tollgate_requests_total{{code=\"200\",model=\"m\",operation=\"{word}\",provider=\"a\"}}"
        );
        assert_eq!(gateway.metric(&series), 1.0, "{series}");
    }
}
