//! Metrics and the admin API, on a listener of their own.

mod access;
mod refuse;

use crate::admin::access::AdminKey;
use crate::admin::refuse::Refusal;
use crate::secret::KeyHash;
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::telemetry::metrics::Metrics;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_TYPE as CONTENT_TYPE_HEADER;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::routing::post;
use serde_json::Value;
use serde_json::json;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Largest body, in bytes; nothing that is sent here needs more.
const LARGEST_BODY: usize = 64 << 10;

/// How long open requests may go on after `shutdown`: none takes longer than a reload.
const GRACE: Duration = Duration::from_secs(5);

/// What the admin listener may see and do.
#[derive(Clone)]
pub struct Doors {
    pub metrics: Arc<Metrics>,
    /// Reads the configuration again and counts the result; says what changed, or every problem.
    /// May block.
    pub reload: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    /// The admin keys in force. Without one, nobody may use the admin API.
    pub admin_keys: Arc<dyn Fn() -> Vec<KeyHash> + Send + Sync>,
    /// Brings the gauges up to date; called before every scrape.
    pub refresh: Arc<dyn Fn() + Send + Sync>,
}

/// Serves until `shutdown` is done, and then for open requests, 5 s at most.
pub async fn serve(listener: TcpListener, doors: Doors, shutdown: impl Future<Output = ()> + Send + 'static) {
    let (stop, stopped) = oneshot::channel();
    let asked_to_stop = async move {
        shutdown.await;
        // The receiver lives as long as this function runs.
        let _ = stop.send(());
    };
    let out_of_patience = async move {
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    let service = router(doors).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(asked_to_stop).into_future();
    tokio::select! {
        _ = serving => {}
        () = out_of_patience => {}
    }
}

fn router(doors: Doors) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/admin/reload", post(reload))
        .fallback(async || Refusal::NOT_FOUND)
        .method_not_allowed_fallback(async || Refusal::WRONG_METHOD)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(doors)
}

async fn metrics(State(doors): State<Doors>) -> impl IntoResponse {
    (doors.refresh)();
    ([(CONTENT_TYPE_HEADER, CONTENT_TYPE)], doors.metrics.gather())
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The key is checked before the body is read; a reload needs none, so it is only measured.
async fn reload(
    State(doors): State<Doors>,
    _: AdminKey,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refusal> {
    body.map_err(|problem| Refusal::body(problem.status()))?;
    match tokio::task::spawn_blocking(move || (doors.reload)()).await {
        Ok(Ok(summary)) => Ok(Json(json!({ "status": "reloaded", "summary": summary }))),
        Ok(Err(problems)) => Err(Refusal::configuration(problems)),
        Err(crash) => {
            tracing::error!(%crash, "reload crashed");
            Err(Refusal::CRASHED)
        }
    }
}

#[cfg(test)]
mod tests;
