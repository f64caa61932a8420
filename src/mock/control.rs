//! Watching and changing a simulated provider while it runs: `/__mock/stats` and `/__mock/behaviour`.

use crate::mock::openai;
use crate::mock::refusal::Refusal;
use crate::mock::server::Mock;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// What a simulated provider has served since it started.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    /// All requests except those to `/__mock/`.
    requests: AtomicU64,
    /// Answers with a status of 400 or more.
    errors: AtomicU64,
    /// Streams begun.
    streams: AtomicU64,
    /// Streams whose listener left before the end.
    abandoned: AtomicU64,
}

impl Counts {
    pub fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub fn answer(&self, status: StatusCode) {
        self.errors.fetch_add(u64::from(status.as_u16() >= 400), Relaxed);
    }

    pub fn stream(&self) {
        self.streams.fetch_add(1, Relaxed);
    }

    pub fn abandon(&self) {
        self.abandoned.fetch_add(1, Relaxed);
    }
}

/// `GET /__mock/stats`.
pub async fn counts(State(mock): State<Arc<Mock>>) -> Json<Value> {
    Json(json!(*mock.counts))
}

/// `PUT /__mock/behaviour`: the fields in the body change, the others stay. The dice start anew.
pub async fn change(State(mock): State<Arc<Mock>>, body: Bytes) -> Response {
    let next = serde_json::from_slice(&body).map_err(|error| error.to_string());
    let next =
        next.and_then(|fields| mock.act().behaviour.changed(fields).map_err(|error| error.to_string()));
    match next {
        Ok(behaviour) => {
            mock.begin(behaviour);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => Refusal::unreadable(why).response(&openai::CHAT),
    }
}
