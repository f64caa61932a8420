//! AWS Bedrock's Converse (vendors.md §8.3).

mod ask;
mod known;
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
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::json;
use std::sync::Arc;

pub static VOICE: Bedrock = Bedrock;

pub struct Bedrock;

/// Its endpoints.
pub fn routes() -> Router<Arc<Mock>> {
    Router::new()
        .route("/model/{id}/converse", post(converse))
        .route("/model/{id}/converse-stream", post(converse_stream))
}

/// Whether a path is one of its endpoints.
pub fn speaks_at(path: &str) -> bool {
    path.starts_with("/model/")
}

async fn converse(
    State(mock): State<Arc<Mock>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Received,
) -> Response {
    answer(&mock, id, &headers, body, false).await
}

async fn converse_stream(
    State(mock): State<Arc<Mock>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Received,
) -> Response {
    answer(&mock, id, &headers, body, true).await
}

async fn answer(mock: &Mock, model: String, headers: &HeaderMap, body: Received, stream: bool) -> Response {
    let asked = admit(headers).and_then(|()| ask::converse(&api::received(body)?));
    api::answer(mock, &VOICE, asked.map(|ask| Ask { model, stream, ..ask })).await
}

/// A signature cannot be checked without the secret, but its form can: nothing AWS needs may be missing.
fn admit(headers: &HeaderMap) -> Result<(), Refusal> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = said(AUTHORIZATION.as_str());
    let refuse = |message: &str| Err(Refusal::new(StatusCode::FORBIDDEN, None, message));
    let Some(signed) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return match authorization.starts_with("Bearer ") {
            true => Ok(()),
            false => refuse("Missing Authentication Token"),
        };
    };
    let part = |name: &str| signed.split(", ").find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    let scope: Vec<&str> = part("Credential=").split('/').collect();
    let covered: Vec<&str> = part("SignedHeaders=").split(';').collect();
    let signature = part("Signature=");
    let is_scoped = matches!(scope.as_slice(), [id, day, region, "bedrock", "aws4_request"]
        if !id.is_empty() && day.len() == 8 && !region.is_empty() && said("x-amz-date").starts_with(day));
    let covers = ["host", "x-amz-date"].iter().all(|name| covered.contains(name))
        && (!headers.contains_key("x-amz-security-token") || covered.contains(&"x-amz-security-token"));
    let is_hash = signature.len() == 64 && signature.bytes().all(|b| b.is_ascii_hexdigit());
    match is_scoped && covers && is_hash {
        true => Ok(()),
        false => refuse("The request signature we calculated does not match the signature you provided."),
    }
}

impl Voice for Bedrock {
    fn id_prefix(&self) -> &'static str {
        ""
    }

    fn whole(&self, _head: &Head, reply: &Reply) -> Bytes {
        wire::whole(reply).to_string().into()
    }

    fn transcript(&self, _head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        wire::transcript(reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        let name = match refusal.status.as_u16() {
            429 => "throttlingException",
            400..500 => "validationException",
            503 => "serviceUnavailableException",
            _ => "internalServerException",
        };
        let event = wire::message("exception", name, &json!({ "message": refusal.message }));
        Transcript { events: vec![event], lead: 1, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        json!({ "message": refusal.message }).to_string().into()
    }

    fn error_type(&self, refusal: &Refusal) -> Option<&'static str> {
        Some(match refusal.status.as_u16() {
            400 => "ValidationException",
            401 | 403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            408 => "ModelTimeoutException",
            424 => "ModelErrorException",
            429 => "ThrottlingException",
            503 => "ServiceUnavailableException",
            _ => "InternalServerException",
        })
    }

    fn stream_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }
}
