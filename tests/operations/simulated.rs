//! The simulated provider serves all of it, and reads forms with a reader of its own.

use crate::ask;
use crate::asked::Asked;
use crate::asked::file;
use crate::post;
use crate::support::Gateway;
use crate::support::config;
use crate::support::provider;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tokio::net::TcpListener;
use tollgate::mock;
use tollgate::mock::Behaviour;

async fn gateway() -> Gateway {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(mock::serve(listener, Behaviour { name: "west".to_owned(), ..Behaviour::default() }));
    let aliases = "models: { ears: west/whisper, brush: west/draw }\n";
    Gateway::start(&format!("{}{aliases}", config("", &[provider("west", &origin)])))
}

/// What the provider says of a file that came to it whole.
fn mark(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_file_is_heard_byte_for_byte_in_every_form_of_answer() {
    let gateway = gateway().await;
    let heard = format!("west heard {} bytes, mark {}, for whisper.", file().len(), mark(&file()));
    let ask = async |format: &str| {
        let fields = [("model", "ears"), ("response_format", format)];
        ask(&gateway, &Asked::form("/v1/audio/transcriptions", &fields, "file", &file())).await
    };
    for (format, kind, expected) in [
        ("text", "text/plain; charset=utf-8", format!("{heard}\n")),
        ("srt", "text/plain; charset=utf-8", format!("1\n00:00:00,000 --> 00:00:01,000\n{heard}\n")),
        ("vtt", "text/vtt", format!("WEBVTT\n\n00:00.000 --> 00:01.000\n{heard}\n")),
    ] {
        let answer = ask(format).await;
        assert_eq!((answer.header("content-type"), answer.body.as_str()), (Some(kind), expected.as_str()));
    }
    let answer = ask("json").await;
    assert_eq!(answer.json()["text"], heard.as_str());
    let verbose = ask("verbose_json").await;
    assert_eq!(verbose.json()["text"], heard.as_str());
    let line = gateway.access_line(verbose.header("x-request-id").unwrap()).await;
    assert_eq!(line["audio_ms"], 1000.0, "{line}");
}

#[tokio::test]
async fn a_transcript_is_streamed() {
    let gateway = gateway().await;
    let fields = [("model", "ears"), ("stream", "true")];
    let answer = ask(&gateway, &Asked::form("/v1/audio/transcriptions", &fields, "file", &file())).await;
    let events: Vec<Value> =
        answer.events().iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(events.last().unwrap()["text"], said.as_str());
    assert!(said.contains(&mark(&file())), "{said}");
}

#[tokio::test]
async fn images_are_made_and_edited() {
    let gateway = gateway().await;
    let drawn = |item: &Value| {
        String::from_utf8(STANDARD.decode(item["b64_json"].as_str().unwrap()).unwrap()).unwrap()
    };
    let made = r#"{"model":"brush","prompt":"a river","n":2}"#;
    let answer = ask(&gateway, &Asked::json("/v1/images/generations", made)).await.json();
    let images: Vec<_> = answer["data"].as_array().unwrap().iter().map(drawn).collect();
    assert!(images.len() == 2 && images[0] != images[1], "{images:?}");
    assert!(images[0].starts_with("west drew ") && images[0].ends_with(" for draw"), "{images:?}");
    let edit =
        Asked::form("/v1/images/edits", &[("model", "brush"), ("prompt", "a river")], "image", &file());
    let edited = drawn(&ask(&gateway, &edit).await.json()["data"][0]);
    assert!(edited.starts_with("west drew ") && !images.contains(&edited));
}

#[tokio::test]
async fn speech_is_the_same_as_bytes_and_as_events() {
    let gateway = gateway().await;
    let speech = r#"{"model":"m","input":"hello","voice":"alloy""#;
    let raw = post(&gateway, &Asked::json("/v1/audio/speech", &format!("{speech}}}"))).await;
    assert_eq!(raw.headers()["content-type"], "audio/mpeg");
    let raw = raw.bytes().await.unwrap();
    assert_eq!(raw.len(), 32 * 480);
    let body = format!("{speech},\"stream_format\":\"sse\"}}");
    let streamed = ask(&gateway, &Asked::json("/v1/audio/speech", &body)).await;
    let events: Vec<Value> =
        streamed.events().iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let parts = events.iter().filter_map(|event| event["audio"].as_str());
    let joined: Vec<u8> = parts.flat_map(|part| STANDARD.decode(part).unwrap()).collect();
    assert!(raw == joined, "{} bytes and {} bytes", raw.len(), joined.len());
}

#[tokio::test]
async fn texts_are_judged_and_ranked() {
    let gateway = gateway().await;
    let body = r#"{"model":"m","input":["a river","so much violence"]}"#;
    let answer = ask(&gateway, &Asked::json("/v1/moderations", body)).await.json();
    let flagged: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|r| r["flagged"].clone()).collect();
    assert_eq!(flagged, [json!(false), json!(true)]);
    let body = r#"{"model":"m","query":"quiet river","documents":["loud street",{"text":"a quiet river"}],"top_n":1}"#;
    for path in ["/v1/rerank", "/v2/rerank"] {
        let answer = ask(&gateway, &Asked::json(path, body)).await.json();
        let results = answer["results"].as_array().unwrap();
        assert_eq!((results.len(), &results[0]["index"]), (1, &json!(1)), "{path}: {answer}");
    }
}
