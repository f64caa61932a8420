//! A path that two vendors have: what follows it tells whose it is.

use crate::mock::api::Received;
use crate::mock::gemini;
use crate::mock::replicate;
use crate::mock::server::Mock;
use axum::Router;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use std::sync::Arc;

pub fn routes() -> Router<Arc<Mock>> {
    Router::new().route("/v1/models/{*id}", post(model))
}

/// Replicate's `…/predictions`, or one of Google's methods.
async fn model(
    State(mock): State<Arc<Mock>>,
    Path(path): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Received,
) -> Response {
    match path.strip_suffix("/predictions") {
        Some(name) => replicate::taken(&mock, &headers, body, Some(name.to_owned())).await,
        None => gemini::method(State(mock), Path(path), query, body).await,
    }
}
