//! OpenAI's newer dialect: responses, and how many tokens a request has (vendors.md §11).

pub mod ask;
mod check;
#[cfg(test)]
mod tests;
mod wire;

use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
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
use axum::routing::post;
use bytes::Bytes;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Responses = Responses;

pub struct Responses;

/// Its endpoints, with and without `/v1`.
pub fn routes() -> Router<Arc<Mock>> {
    let endpoints =
        Router::new().route("/responses", post(asked)).route("/responses/input_tokens", post(counted));
    Router::new().merge(endpoints.clone()).nest("/v1", endpoints)
}

async fn asked(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    api::answer(&mock, &VOICE, api::received(body).and_then(|body| ask::read(&body))).await
}

async fn counted(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    let counted = mock.act().try_luck().and(api::received(body)).and_then(|body| ask::read(&body));
    match counted {
        Ok(ask) => {
            let tokens = reply::tokens(&ask.prompt);
            Json(json!({ "object": "response.input_tokens", "input_tokens": tokens })).into_response()
        }
        Err(refusal) => refusal.response(&VOICE),
    }
}

impl Voice for Responses {
    fn id_prefix(&self) -> &'static str {
        "resp_"
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        wire::whole(head, reply).to_string().into()
    }

    fn transcript(&self, head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        wire::transcript(head, reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        Transcript { events: vec![wire::failure(refusal)], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        refusal.envelope().to_string().into()
    }
}
