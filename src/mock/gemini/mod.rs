//! Google's dialect: generateContent, embeddings, model lists (vendors.md §5).

mod ask;
mod body;
mod check;
mod embed;
#[cfg(test)]
mod tests;
mod wire;

use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
use crate::mock::reply::Reply;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Gemini = Gemini;

pub struct Gemini;

/// Its endpoints. Methods of models are to be had with any version in front, and with none.
pub fn routes() -> Router<Arc<Mock>> {
    let methods = Router::new().route("/models/{*id}", post(method));
    let lists = Router::new().route("/models", get(models)).route("/models/{*id}", get(model));
    Router::new().merge(methods.clone()).nest("/v1beta", Router::new().merge(methods).merge(lists))
}

/// Whether a path is one of this dialect.
pub fn speaks_at(path: &str) -> bool {
    let calls = path.rsplit_once(':').is_some_and(|(_, method)| METHODS.contains(&method));
    calls || path.starts_with("/v1beta/")
}

const METHODS: [&str; 5] =
    ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];

/// One method of a model.
pub async fn method(
    State(mock): State<Arc<Mock>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    body: Received,
) -> Response {
    let (model, method) = id.rsplit_once(':').unwrap_or((&id, ""));
    let body = api::received(body);
    let stream = method == "streamGenerateContent";
    match method {
        "generateContent" => asked(&mock, body, model, stream).await,
        "streamGenerateContent"
            if query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse")) =>
        {
            asked(&mock, body, model, stream).await
        }
        "streamGenerateContent" => {
            Refusal::unreadable("the simulated provider streams with `alt=sse` only").response(&VOICE)
        }
        "countTokens" => counted(body, model),
        "embedContent" => embedded(&mock, body, model, embed::one).await,
        "batchEmbedContents" => embedded(&mock, body, model, embed::many).await,
        _ => {
            let message = format!("there is no method `{method}` of `models/{model}`");
            Refusal::new(StatusCode::NOT_FOUND, None, message).response(&VOICE)
        }
    }
}

async fn asked(mock: &Mock, body: Result<Bytes, Refusal>, model: &str, stream: bool) -> Response {
    let asked = body.and_then(|body| ask::read(&body, model));
    api::answer(mock, &VOICE, asked.map(|ask| Ask { stream, ..ask })).await
}

fn counted(body: Result<Bytes, Refusal>, model: &str) -> Response {
    match body.and_then(|body| ask::read(&body, model)) {
        Ok(ask) => Json(json!({ "totalTokens": reply::tokens(&ask.prompt) })).into_response(),
        Err(refusal) => refusal.response(&VOICE),
    }
}

async fn embedded(
    mock: &Mock,
    body: Result<Bytes, Refusal>,
    model: &str,
    embed: fn(&[u8], &str) -> Result<Value, Refusal>,
) -> Response {
    let act = mock.act();
    let vectors = act.try_luck().and(body).and_then(|body| match act.behaviour.offers(model) {
        true => embed(&body, model),
        false => Err(Refusal::unknown_model(model)),
    });
    match vectors {
        Ok(vectors) => {
            player::silence(act.behaviour.stall).await;
            Json(vectors).into_response()
        }
        Err(refusal) => refusal.response(&VOICE),
    }
}

async fn models(State(mock): State<Arc<Mock>>) -> Json<Value> {
    let models: Vec<_> = mock.act().behaviour.offered().iter().map(|id| described(id)).collect();
    Json(json!({ "models": models }))
}

async fn model(State(mock): State<Arc<Mock>>, Path(id): Path<String>) -> Response {
    match mock.act().behaviour.offers(&id) {
        true => Json(described(&id)).into_response(),
        false => Refusal::unknown_model(&id).response(&VOICE),
    }
}

fn described(id: &str) -> Value {
    json!({ "name": format!("models/{id}"), "version": "001", "displayName": id,
        "description": "A simulated model.", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
        "supportedGenerationMethods": METHODS })
}

impl Voice for Gemini {
    fn id_prefix(&self) -> &'static str {
        ""
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        // Whole answers come with line breaks and indentation.
        format!("{:#}\n", wire::whole(head, reply)).into()
    }

    fn transcript(&self, head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        wire::transcript(head, reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        let event = wire::event(&wire::envelope(refusal));
        Transcript { events: vec![event], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        format!("{:#}\n", wire::envelope(refusal)).into()
    }
}
