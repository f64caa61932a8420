//! Ollama's dialect: chat, embeddings, and the lists and cards of models (vendors.md §6.9).

mod ask;
mod embed;
mod wire;

use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Ollama = Ollama;

pub struct Ollama;

/// When the simulated models were made: the same day in every run.
const MADE: &str = "2023-11-14T22:13:20Z";

pub fn routes() -> Router<Arc<Mock>> {
    Router::new()
        .route("/api/chat", post(chat))
        .route("/api/embed", post(embeddings))
        .route("/api/tags", get(tags))
        .route("/api/show", post(show))
}

async fn chat(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    api::answer(&mock, &VOICE, api::received(body).and_then(|body| ask::chat(&body))).await
}

async fn embeddings(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    let act = mock.act();
    let embedded = act.try_luck().and_then(|()| embed::embed(&api::received(body)?, &act.behaviour));
    api::quiet_answer(embedded, &act.behaviour, &VOICE).await
}

async fn tags(State(mock): State<Arc<Mock>>) -> Json<Value> {
    let models: Vec<_> = mock.act().behaviour.offered().iter().map(|name| tag(name)).collect();
    Json(json!({ "models": models }))
}

async fn show(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    let behaviour = &mock.act().behaviour;
    let named = api::received(body).and_then(|body| ask::model(&body));
    match named.and_then(|model| if behaviour.offers(&model) { Ok(()) } else { Err(ask::unknown(&model)) }) {
        Ok(()) => Json(json!({ "details": details(), "capabilities": ["completion", "tools", "thinking"],
            "model_info": { "general.architecture": "mock", "mock.context_length": 32768 } }))
        .into_response(),
        Err(refusal) => refusal.response(&VOICE),
    }
}

fn tag(name: &str) -> Value {
    json!({ "name": name, "model": name, "modified_at": MADE, "size": 1, "digest": "0", "details": details() })
}

fn details() -> Value {
    json!({ "family": "mock", "parameter_size": "1B", "quantization_level": "F16" })
}

impl Voice for Ollama {
    /// Ollama gives no ids.
    fn id_prefix(&self) -> &'static str {
        ""
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        wire::whole(head, reply).to_string().into()
    }

    fn transcript(&self, head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        wire::transcript(head, reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        Transcript { events: vec![wire::line(&envelope(refusal))], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        envelope(refusal).to_string().into()
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }
}

fn envelope(refusal: &Refusal) -> Value {
    json!({ "error": refusal.message })
}
