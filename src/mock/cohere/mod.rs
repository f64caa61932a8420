//! Cohere's dialect, version 2: chat, embeddings and ranking (vendors.md §8.1 and §9).

mod ask;
mod known;
mod texts;
mod wire;

use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::behaviour::Behaviour;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Cohere = Cohere;

pub struct Cohere;

/// Its endpoints; the list of models is where OpenAI's is.
pub fn routes() -> Router<Arc<Mock>> {
    Router::new()
        .route("/v2/chat", post(chat))
        .route("/v2/embed", post(embed))
        .route("/v2/rerank", post(rerank))
}

async fn chat(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    api::answer(&mock, &VOICE, api::received(body).and_then(|body| ask::chat(&body))).await
}

async fn embed(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    quietly(&mock, body, texts::embed).await
}

async fn rerank(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    quietly(&mock, body, texts::rerank).await
}

async fn quietly(
    mock: &Mock,
    body: Received,
    answer: fn(&[u8], &Behaviour) -> Result<Value, Refusal>,
) -> Response {
    let act = mock.act();
    let answered = act.try_luck().and_then(|()| answer(&api::received(body)?, &act.behaviour));
    api::quiet_answer(answered, &act.behaviour, &VOICE).await
}

impl Voice for Cohere {
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
        let failed = json!({ "type": "message-end",
            "delta": { "finish_reason": "ERROR", "error": refusal.message } });
        Transcript { events: vec![wire::event(&failed)], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        json!({ "id": "mock", "message": refusal.message }).to_string().into()
    }
}
