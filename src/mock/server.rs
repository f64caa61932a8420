//! A simulated provider on a socket: its routes, and what every request meets at the door.

use crate::id;
use crate::mock::anthropic;
use crate::mock::azure;
use crate::mock::bedrock;
use crate::mock::behaviour::Behaviour;
use crate::mock::chance;
use crate::mock::cohere;
use crate::mock::control;
use crate::mock::control::Counts;
use crate::mock::crossing;
use crate::mock::gemini;
use crate::mock::ollama;
use crate::mock::openai;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::replicate;
use crate::mock::replicate::Shelf;
use crate::mock::responses;
use crate::mock::voice;
use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::routing::put;
use axum::serve::ListenerExt;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::Uri;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use tokio::net::TcpListener;

/// Largest question, in bytes: more than a gateway lets through by default.
const BODY: usize = 64 << 20;

/// Where vendors look for a key, and what may stand before it there.
const KEY_HEADERS: [&str; 4] = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
const SCHEMES: [&str; 2] = ["Bearer ", "Token "];

/// A running simulated provider.
pub struct Mock {
    act: ArcSwap<Act>,
    pub counts: Arc<Counts>,
    /// The predictions that were ordered.
    pub shelf: Shelf,
}

/// A behaviour in force, and how often its dice were rolled.
pub struct Act {
    pub behaviour: Behaviour,
    seed: u64,
    rolls: AtomicU64,
}

/// Serves one simulated provider until the future is dropped.
pub async fn serve(listener: TcpListener, behaviour: Behaviour) {
    let mock = Arc::new(Mock {
        act: ArcSwap::from_pointee(Act::new(behaviour)),
        counts: Arc::new(Counts::default()),
        shelf: Shelf::default(),
    });
    // Without this the kernel would hold small events back. A socket that refuses is already gone.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    // axum retries failed accepts itself and only comes back when it is told to stop, which nobody does.
    drop(axum::serve(listener, app(mock)).await);
}

impl Mock {
    pub fn act(&self) -> Arc<Act> {
        self.act.load_full()
    }

    /// Requests that come from now on meet `behaviour`; streams under way go on as they began.
    pub fn begin(&self, behaviour: Behaviour) {
        self.act.store(Arc::new(Act::new(behaviour)));
    }
}

impl Act {
    fn new(behaviour: Behaviour) -> Act {
        let seed = behaviour.seed.unwrap_or_else(rand::random);
        Act { behaviour, seed, rolls: AtomicU64::new(0) }
    }

    /// Rolls the dice for one question.
    pub fn try_luck(&self) -> Result<(), Refusal> {
        let roll = chance::roll(self.seed, self.rolls.fetch_add(1, Relaxed));
        match self.behaviour.failure(roll) {
            Some(status) => Err(Refusal::on_purpose(status, self.behaviour.retry_after)),
            None => Ok(()),
        }
    }
}

fn app(mock: Arc<Mock>) -> Router {
    let provider = Router::new()
        .merge(openai::routes())
        .merge(azure::routes())
        .merge(bedrock::routes())
        .merge(replicate::routes())
        .merge(crossing::routes())
        .merge(responses::routes())
        .merge(anthropic::routes())
        .merge(gemini::routes())
        .merge(ollama::routes())
        .merge(cohere::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(mock.clone(), door));
    let control = Router::new()
        .route("/__mock/stats", get(control::counts))
        .route("/__mock/behaviour", put(control::change));
    provider.merge(control).with_state(mock)
}

/// Counts, waits, checks the key, and turns everyone away during an outage.
async fn door(State(mock): State<Arc<Mock>>, request: Request, next: Next) -> Response {
    mock.counts.request();
    let act = mock.act();
    let id = id::request_id(request.headers().get("x-request-id").map(HeaderValue::as_bytes));
    player::rest(act.behaviour.latency).await;
    let mut response = match admit(&act.behaviour, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.response(voice::of_path(request.uri().path())),
    };
    mock.counts.answer(response.status());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

fn admit(behaviour: &Behaviour, headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(status) = behaviour.status {
        return Err(Refusal::on_purpose(status, behaviour.retry_after));
    }
    let Some(key) = &behaviour.require_key else { return Ok(()) };
    let given = KEY_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    let mut bare =
        given.map(|value| SCHEMES.iter().find_map(|scheme| value.strip_prefix(scheme)).unwrap_or(value));
    if bare.any(|given| given == key.expose() || is_signed_with(given, key.expose())) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNAUTHORIZED, Some("invalid_api_key"), "incorrect API key provided"))
}

/// Whether a signature of AWS names the id of a key of parts.
fn is_signed_with(authorization: &str, key: &str) -> bool {
    let id = authorization.split_once("Credential=").and_then(|(_, scope)| scope.split('/').next());
    id.is_some() && id == key.split_once(':').map(|(id, _)| id)
}

async fn unknown_path(method: Method, uri: Uri) -> Response {
    let refusal =
        Refusal::new(StatusCode::NOT_FOUND, None, format!("unknown request URL: {method} {}", uri.path()));
    refusal.response(voice::of_path(uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let message = format!("{method} is not allowed for {}", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, None, message).response(voice::of_path(uri.path()))
}
