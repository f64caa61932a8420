//! OpenAI's dialect: chat and text completions, model lists, and what is passed through beside them.

pub mod ask;
mod media;
mod wire;

use crate::mock::anthropic;
use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::openai::wire::Form;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

/// When the simulated models were made: the same day in every run.
const MADE: u64 = 1_700_000_000;

pub static CHAT: OpenAi = OpenAi(Form::Chat);
pub static TEXT: OpenAi = OpenAi(Form::Text);

pub struct OpenAi(Form);

/// Its endpoints, with and without `/v1`.
pub fn routes() -> Router<Arc<Mock>> {
    let endpoints = Router::new()
        .route("/chat/completions", post(chat))
        .route("/completions", post(text))
        .route("/embeddings", post(api::embeddings))
        .route("/models", get(models))
        .route("/models/{*id}", get(model))
        .merge(media::routes());
    Router::new().merge(endpoints.clone()).nest("/v1", endpoints)
}

async fn chat(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    api::answer(&mock, &CHAT, api::received(body).and_then(|body| ask::chat(&body))).await
}

async fn text(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    api::answer(&mock, &TEXT, api::received(body).and_then(|body| ask::text(&body))).await
}

/// Anthropic's clients ask at the same path and are known by their header.
async fn models(State(mock): State<Arc<Mock>>, headers: HeaderMap) -> Json<Value> {
    let offered = mock.act().behaviour.offered();
    if headers.contains_key(anthropic::VERSION) {
        return Json(anthropic::models(&offered));
    }
    let data: Vec<_> = offered.iter().map(|id| described(id)).collect();
    Json(json!({ "object": "list", "data": data }))
}

async fn model(State(mock): State<Arc<Mock>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let of_anthropic = headers.contains_key(anthropic::VERSION);
    match mock.act().behaviour.offers(&id) {
        true if of_anthropic => Json(anthropic::model(&id)).into_response(),
        false if of_anthropic => Refusal::unknown_model(&id).response(&anthropic::VOICE),
        true => Json(described(&id)).into_response(),
        false => Refusal::unknown_model(&id).response(&CHAT),
    }
}

fn described(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": MADE, "owned_by": "tollgate-mock" })
}

impl Voice for OpenAi {
    fn id_prefix(&self) -> &'static str {
        match self.0 {
            Form::Chat => "chatcmpl-",
            Form::Text => "cmpl-",
        }
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        wire::whole(self.0, head, reply).to_string().into()
    }

    fn transcript(&self, head: &Head, reply: &Reply, ask: &Ask) -> Transcript {
        wire::transcript(self.0, head, reply, ask.usage)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        let event = format!("data: {}\n\n", refusal.envelope());
        Transcript { events: vec![event.into()], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        refusal.envelope().to_string().into()
    }
}
