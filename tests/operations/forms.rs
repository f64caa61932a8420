//! What reaches a provider: the client's bytes with another model, however many providers failed before.

use crate::ask;
use crate::asked::Asked;
use crate::asked::CASES;
use crate::asked::JSON;
use crate::down;
use crate::post;
use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::config;
use crate::support::provider;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use std::time::Duration;

/// Three targets with a name of their own for the model; the first two fail.
fn stage(last: fn() -> Reply, limits: &str) -> (Gateway, [Vendor; 3]) {
    let busy = Vendor::start(|_, _| Reply::json(429, json!({ "error": { "message": "busy" } })));
    let vendors = [down(), busy, Vendor::start(move |_, _| last())];
    let lines: Vec<String> =
        vendors.iter().zip(["a", "b", "c"]).map(|(v, name)| provider(name, v.base_url())).collect();
    let group = "groups: { media: { order: as-written, members: [ a/model-a, b/media, 'c/the third' ] } }\n";
    (Gateway::start(&format!("{}{group}{limits}", config("", &lines))), vendors)
}

#[tokio::test]
async fn every_operation_fails_over_with_the_same_bytes() {
    for case in CASES {
        let (gateway, vendors) = stage(case.answer, "");
        let asked = (case.asked)("media");
        let answer = ask(&gateway, &asked).await;
        assert_eq!(
            (answer.status, answer.attempts(), answer.provider()),
            (200, 3, Some("c")),
            "{}",
            case.name
        );
        for (vendor, model) in vendors.iter().zip(["model-a", "media", "the third"]) {
            let requests = vendor.requests();
            let request = requests.first().expect("not asked");
            let expected = (case.asked)(model);
            let path = format!("/v1{}", asked.path.trim_start_matches("/v1"));
            assert_eq!(request.path, path, "{}", case.name);
            assert!(
                request.body == expected.body,
                "{}: {}",
                case.name,
                String::from_utf8_lossy(&request.body)
            );
            let kind = request.header("content-type").unwrap();
            match asked.kind {
                JSON => assert_eq!(kind, JSON, "{}", case.name),
                _ => assert_eq!(kind, "multipart/form-data; boundary=\"----edge=7\"", "{}", case.name),
            }
        }
    }
}

#[tokio::test]
async fn a_large_file_reaches_the_third_target_as_it_was_sent() {
    let (gateway, vendors) = stage(|| Reply::json(200, json!({ "text": "hello" })), "");
    let file: Vec<u8> = (0_u32..5 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let asked = |model: &str| Asked::form("/v1/audio/transcriptions", &[("model", model)], "file", &file);
    let expected = asked("the third").body;
    let pieces: Vec<_> = asked("media").body.chunks(70_001).map(<[u8]>::to_vec).collect();
    for http2 in [false, true] {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        let client = if http2 { client.http2_prior_knowledge() } else { client }.build().unwrap();
        let pieces = pieces.clone().into_iter().map(Ok::<_, std::convert::Infallible>);
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let request = client.post(gateway.url("/v1/audio/transcriptions")).bearer_auth(gateway.key());
        let request = request.header("content-type", asked("").kind).body(body);
        assert_eq!(request.send().await.unwrap().status(), 200, "HTTP/2: {http2}");
        let requests = vendors[2].requests();
        let got = &requests.last().unwrap().body;
        assert_eq!(got.len(), expected.len(), "HTTP/2: {http2}");
        assert_eq!(Sha256::digest(got), Sha256::digest(&expected), "HTTP/2: {http2}");
    }
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_its_size_counts_no_tokens() {
    let limits = "limits: { body: 64KiB, per_key: { tokens: 2000/min } }\n";
    let (gateway, vendors) = stage(|| Reply::json(200, json!({ "text": "hello" })), limits);
    let asked = |size: usize| {
        Asked::form("/v1/audio/transcriptions", &[("model", "media")], "file", &vec![b'x'; size])
    };
    assert_eq!(ask(&gateway, &asked(64 << 10)).await.status, 413);
    let answer = ask(&gateway, &asked(60 << 10)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(vendors[2].count(), 1);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_by_name() {
    let (gateway, vendors) = stage(|| Reply::json(200, json!({ "text": "hello" })), "");
    let form = Asked::form("/v1/audio/transcriptions", &[("model", "media")], "file", b"sound");
    let with = |kind: &'static str, body: &[u8]| Asked { path: form.path, kind, body: body.to_vec() };
    let cut = &form.body[..form.body.len() - 8];
    let nameless = String::from_utf8(form.body.clone()).unwrap().replace("; name=\"model\"", "");
    let table = [
        ("no boundary", with("multipart/form-data", &form.body), "boundary"),
        ("another boundary", with("multipart/form-data; boundary=x", &form.body), "boundary"),
        ("cut short", with(form.kind, cut), "closing boundary"),
        ("a part without a name", with(form.kind, nameless.as_bytes()), "`name`"),
        ("no body", with(form.kind, b""), "boundary"),
        ("JSON under a form's name", with(form.kind, b"{\"model\":\"media\"}"), "valid form"),
        ("neither", with("text/plain", &form.body), "multipart/form-data"),
        ("no model", Asked::form(form.path, &[], "file", b""), "`model`"),
        ("no file", Asked::form(form.path, &[("model", "media")], "sound", b""), "`file`"),
        ("a form for JSON", Asked { path: "/v1/audio/speech", ..with(form.kind, &form.body) }, JSON),
    ];
    for (what, asked, why) in table {
        let answer = ask(&gateway, &asked).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.body);
        let error = answer.json()["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(why), "{what}: {error}");
        assert_eq!(error["type"], "invalid_request_error", "{what}");
    }
    assert!(vendors.iter().all(|vendor| vendor.count() == 0), "nobody is asked");
}

#[tokio::test]
async fn a_moderation_without_a_model_goes_to_the_usual_one() {
    let vendor = Vendor::start(|_, _| Reply::json(200, json!({ "results": [] })));
    let alias = "models: { omni-moderation-latest: a/guard }\n";
    let gateway = Gateway::start(&format!("{}{alias}", config("", &[provider("a", vendor.base_url())])));
    let response = post(&gateway, &Asked::json("/v1/moderations", r#"{"input":"a"}"#)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(vendor.requests()[0].json(), json!({ "model": "guard", "input": "a" }));
}
