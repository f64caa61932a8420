//! Embeddings.

use crate::dialect::gemini::PROVIDER;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::hub::ModelTraits;
use crate::dialect::side::Fetched;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use serde_json::Value;
use serde_json::json;

fn written(request: &EmbedRequest<'_>) -> (Value, Vec<String>) {
    let fetched = Fetched::new();
    let target = Target {
        model: "gemini-embedding-001",
        traits: &ModelTraits::UNKNOWN,
        fetched: &fetched,
        stream_options: true,
    };
    let mut dropped = Dropped::default();
    let body = PROVIDER.write_embed(request, &target, &mut dropped).unwrap();
    (serde_json::from_slice(&body).unwrap(), dropped.names().to_vec())
}

#[test]
fn texts_are_asked_for_in_one_batch() {
    let request = EmbedRequest {
        inputs: vec!["a".into(), "b".into()],
        dimensions: Some(768),
        input_type: Some("search_query".into()),
        base64: true,
        ..EmbedRequest::default()
    };
    let single = |text: &str| {
        json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]},
            "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 768})
    };
    assert_eq!(written(&request), (json!({"requests": [single("a"), single("b")]}), Vec::new()));
    let path = PROVIDER.embed_path("gemini-embedding-001");
    assert_eq!(path.as_deref(), Some("/models/gemini-embedding-001:batchEmbedContents"));
}

#[test]
fn what_has_no_words_is_noted() {
    let request = EmbedRequest {
        inputs: vec!["a".into()],
        input_type: Some("poetry".into()),
        user: Some("u".into()),
        ..EmbedRequest::default()
    };
    let (body, dropped) = written(&request);
    assert_eq!(body["requests"][0].as_object().unwrap().len(), 2);
    assert_eq!(dropped, ["user", "input_type"]);
}

#[test]
fn vectors_are_read_in_order() {
    let body = br#"{"embeddings":[{"values":[0.5,-1]},{"values":[2e-1,3.5]}]}"#;
    let vectors = vec![vec![0.5, -1.0], vec![0.2, 3.5]];
    assert_eq!(PROVIDER.read_embed(body), Ok(EmbedResponse { vectors, usage: None }));
}

#[test]
fn what_holds_no_vectors_is_no_answer() {
    let error = br#"{"error":{"code":500,"message":"no","status":"INTERNAL"}}"#;
    assert_eq!(PROVIDER.read_embed(error), Err(NoAnswer::Error));
    for body in [
        "",
        "{}",
        r#"{"embeddings":[]}"#,
        r#"{"embeddings":[{"values":[]}]}"#,
        r#"{"embeddings":[{"values":[1e99]}]}"#,
    ] {
        assert_eq!(PROVIDER.read_embed(body.as_bytes()), Err(NoAnswer::Malformed), "{body}");
    }
}
