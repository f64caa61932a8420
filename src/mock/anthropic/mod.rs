//! Anthropic's dialect: messages, token counts, model lists (vendors.md §4).

mod ask;
mod rules;
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
use http::HeaderMap;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Anthropic = Anthropic;

/// The header without which nobody is served.
pub const VERSION: &str = "anthropic-version";

/// The header that names what a caller wants before it is everybody's.
const BETAS: &str = "anthropic-beta";

pub struct Anthropic;

/// Its endpoints, with and without `/v1`; model lists share a path with OpenAI's.
pub fn routes() -> Router<Arc<Mock>> {
    let endpoints =
        Router::new().route("/messages", post(messages)).route("/messages/count_tokens", post(count_tokens));
    Router::new().merge(endpoints.clone()).nest("/v1", endpoints)
}

async fn messages(State(mock): State<Arc<Mock>>, headers: HeaderMap, body: Received) -> Response {
    let asked = api::received(body).and_then(|body| ask::read(&body, &headers, false));
    api::answer(&mock, &VOICE, asked).await
}

async fn count_tokens(State(mock): State<Arc<Mock>>, headers: HeaderMap, body: Received) -> Response {
    let asked = mock.act().try_luck().and_then(|()| api::received(body));
    match asked.and_then(|body| ask::read(&body, &headers, true)) {
        Ok(ask) => Json(json!({ "input_tokens": reply::tokens(&ask.prompt) })).into_response(),
        Err(refusal) => refusal.response(&VOICE),
    }
}

/// The page that lists all models.
pub fn models(offered: &[String]) -> Value {
    let data: Vec<Value> = offered.iter().map(|id| model(id)).collect();
    json!({ "data": data, "has_more": false, "first_id": offered.first(), "last_id": offered.last() })
}

pub fn model(id: &str) -> Value {
    json!({ "type": "model", "id": id, "display_name": id, "created_at": "2023-11-14T00:00:00Z",
        "lifecycle": "active", "max_input_tokens": null, "max_tokens": null })
}

impl Voice for Anthropic {
    fn id_prefix(&self) -> &'static str {
        "msg_"
    }

    fn whole(&self, head: &Head, reply: &Reply) -> Bytes {
        wire::whole(head, reply).to_string().into()
    }

    fn transcript(&self, head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        wire::transcript(head, reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        let event = wire::event(&envelope(refusal));
        Transcript { events: vec![event.into()], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        envelope(refusal).to_string().into()
    }
}

fn envelope(refusal: &Refusal) -> Value {
    let kind = match refusal.status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    };
    let error = json!({ "type": kind, "message": refusal.message });
    json!({ "type": "error", "error": error, "request_id": "req_mock" })
}

/// What this vendor says of a wrong field.
fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, None, message)
}
