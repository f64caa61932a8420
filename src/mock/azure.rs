//! Azure OpenAI's two doors to OpenAI's dialect (vendors.md §8.2): deployments, which are asked in a version, and `/openai/v1`.

use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::openai;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::responses;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::Uri;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Azure = Azure;

/// OpenAI's voice, which first says what a filter thought of the prompt.
pub struct Azure;

pub fn routes() -> Router<Arc<Mock>> {
    Router::new()
        .route("/openai/deployments/{deployment}/chat/completions", post(deployed))
        .route("/openai/v1/chat/completions", post(chat))
        .route("/openai/responses", post(responded))
        .route("/openai/v1/responses", post(responded))
}

async fn deployed(
    State(mock): State<Arc<Mock>>,
    Path(deployment): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Received,
) -> Response {
    let asked = match version(&uri).is_some() {
        true => admitted(&headers, body)
            .and_then(|body| openai::ask::chat(&body))
            .map(|ask| Ask { model: deployment, ..ask }),
        false => Err(Refusal::new(StatusCode::NOT_FOUND, Some("404"), "Resource not found")),
    };
    api::answer(&mock, &VOICE, asked).await
}

async fn responded(State(mock): State<Arc<Mock>>, uri: Uri, headers: HeaderMap, body: Received) -> Response {
    let is_there = uri.path().contains("/v1/") || version(&uri).is_some_and(|it| it >= "2025-03-01-preview");
    let asked = match is_there {
        true => admitted(&headers, body).and_then(|body| responses::ask::read(&body)),
        false => Err(Refusal::new(StatusCode::NOT_FOUND, Some("404"), "Resource not found")),
    };
    api::answer(&mock, &responses::VOICE, asked).await
}

async fn chat(State(mock): State<Arc<Mock>>, headers: HeaderMap, body: Received) -> Response {
    let asked = admitted(&headers, body).and_then(|body| openai::ask::chat(&body));
    api::answer(&mock, &VOICE, asked).await
}

fn version(uri: &Uri) -> Option<&str> {
    uri.query()?.strip_prefix("api-version=")
}

fn admitted(headers: &HeaderMap, body: Received) -> Result<Bytes, Refusal> {
    let has_key = headers.contains_key("api-key") || headers.contains_key("authorization");
    match has_key {
        true => api::received(body),
        false => {
            let message = "Access denied due to missing subscription key";
            Err(Refusal::new(StatusCode::UNAUTHORIZED, Some("401"), message))
        }
    }
}

impl Voice for Azure {
    fn id_prefix(&self) -> &'static str {
        openai::CHAT.id_prefix()
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        openai::CHAT.whole(head, reply)
    }

    fn transcript(&self, head: &Head, reply: &Reply, ask: &Ask) -> Transcript {
        let mut transcript = openai::CHAT.transcript(head, reply, ask);
        let verdict =
            json!([{ "prompt_index": 0, "content_filter_results": { "hate": { "filtered": false } } }]);
        let first = json!({ "id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": verdict });
        transcript.events.insert(0, format!("data: {first}\n\n").into());
        transcript.lead += 1;
        transcript
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        openai::CHAT.error_event(refusal)
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        openai::CHAT.error(refusal)
    }
}
