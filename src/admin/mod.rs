//! Metrics and the admin API, on a listener of their own.

mod access;
mod admins;
pub mod ask;
mod audit;
mod csv;
mod entries;
mod fields;
mod keys;
mod merge;
pub mod office;
pub mod openapi;
mod pages;
pub mod query;
pub mod refuse;
pub mod routes;
mod running;
pub mod serve;
mod tenants;
pub mod times;
mod usage;

use crate::admin::access::admit;
use crate::admin::ask::Ask;
use crate::admin::office::Known;
use crate::admin::office::Office;
use crate::admin::refuse::Refusal;
use crate::admin::routes::BASE;
use crate::admin::routes::ROUTES;
use crate::admin::routes::Route;
use crate::limits::IpLimit;
use crate::store::Role;
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::telemetry::metrics::Metrics;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE as CONTENT_TYPE_HEADER;
use axum::response::IntoResponse;
use axum::routing::MethodFilter;
use axum::routing::get;
use axum::routing::on;
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
    /// The admin in force with this token, compared in constant time. Without any, nobody may use the admin API.
    pub admin: Arc<Known>,
    /// How many wrong tokens an address may send.
    pub bad_keys: Arc<IpLimit>,
    /// Brings the gauges up to date; called before every scrape.
    pub refresh: Arc<dyn Fn() + Send + Sync>,
    pub office: Office,
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
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/admin/reload", post(reload));
    ROUTES
        .iter()
        .fold(router, |router, route| {
            let answer =
                move |State(doors): State<Doors>, request: Request| serve::answer(doors, route, request);
            router.route(&format!("{BASE}{}", route.path), on(filter(route), answer))
        })
        .fallback(async || Refusal::NOT_FOUND)
        .method_not_allowed_fallback(async || Refusal::WRONG_METHOD)
        .with_state(doors)
}

fn filter(route: &Route) -> MethodFilter {
    match route.method {
        "POST" => MethodFilter::POST,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

async fn metrics(State(doors): State<Doors>) -> impl IntoResponse {
    (doors.refresh)();
    ([(CONTENT_TYPE_HEADER, CONTENT_TYPE)], doors.metrics.gather())
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The older way to `POST /admin/v1/config/reload`. It needs no body, so that is only measured.
async fn reload(State(doors): State<Doors>, request: Request) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = admit(&parts, &doors, Role::Operator)?;
    let body = to_bytes(body, LARGEST_BODY).await;
    body.map_err(|_| Refusal::body(StatusCode::PAYLOAD_TOO_LARGE))?;
    let office = doors.office;
    let running = office.running.as_ref().ok_or(Refusal::NOT_RUNNING)?;
    let summary = running::reloaded(running.reload.clone()).await?;
    let (id, query, body) = (String::new(), Vec::new(), Bytes::new());
    running::note(&Ask { office, caller, id, query, body, csv: false }, &summary).await;
    Ok(Json(json!({ "status": "reloaded", "summary": summary })))
}

#[cfg(test)]
mod tests;
