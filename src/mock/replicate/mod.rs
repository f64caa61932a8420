//! Replicate's predictions (vendors.md §7): ordered, looked at, heard, called off.

mod ask;
mod shelf;

use crate::clock;
use crate::mock::api;
use crate::mock::api::Received;
use crate::mock::ask::Ask;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::replicate::shelf::Order;
use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header::HOST;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub use shelf::Shelf;

pub static VOICE: Replicate = Replicate;

pub struct Replicate;

/// How long `Prefer: wait` holds an answer back. Replicate's own minute would make every rehearsal one.
const WAIT: Duration = Duration::from_secs(1);

/// Its endpoints, below `/v1`; that of a model is at a crossing.
pub fn routes() -> Router<Arc<Mock>> {
    Router::new()
        .route("/v1/deployments/{owner}/{name}/predictions", post(order))
        .route("/v1/predictions", post(order_version).get(list))
        .route("/v1/predictions/{id}", get(look))
        .route("/v1/predictions/{id}/cancel", post(cancel))
        .route("/v1/streams/{id}", get(hear))
}

/// Whether a path is one of its endpoints.
pub fn speaks_at(path: &str) -> bool {
    path.contains("/predictions") || path.starts_with("/v1/streams/")
}

async fn order(
    State(mock): State<Arc<Mock>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Received,
) -> Response {
    taken(&mock, &headers, body, Some(format!("{owner}/{name}"))).await
}

async fn order_version(State(mock): State<Arc<Mock>>, headers: HeaderMap, body: Received) -> Response {
    taken(&mock, &headers, body, None).await
}

/// Takes an order for a model, or for the version its body names.
pub async fn taken(mock: &Mock, headers: &HeaderMap, body: Received, model: Option<String>) -> Response {
    let act = mock.act();
    let behaviour = &act.behaviour;
    let read = || ask::prediction(&api::received(body)?, model);
    let asked = act.try_luck().and_then(|()| read()).and_then(|ask| match behaviour.offers(&ask.model) {
        true => Ok(ask),
        false => Err(Refusal::unknown_model(&ask.model)),
    });
    let ask = match asked {
        Ok(ask) => ask,
        Err(refusal) => return refusal.response(&VOICE),
    };
    let reply = Reply::to(&ask, behaviour);
    let work = behaviour.speaking(reply.usage.completion_tokens);
    let stream = ask.stream;
    let order =
        Order { ask, reply, work, placed: clock::now(), fails: behaviour.error_event, called_off: false };
    let id = mock.shelf.place(order);
    let waits = headers.get("prefer").is_some_and(|prefer| prefer.as_bytes().starts_with(b"wait"));
    if waits && !stream {
        player::silence(behaviour.stall).await;
        player::rest(work.min(WAIT)).await;
    }
    (StatusCode::CREATED, seen(mock, headers, &id)).into_response()
}

async fn look(State(mock): State<Arc<Mock>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    seen(&mock, &headers, &id)
}

async fn list(State(mock): State<Arc<Mock>>, headers: HeaderMap) -> Json<Value> {
    let host = host(&headers);
    let results: Vec<Value> = mock
        .shelf
        .ids()
        .iter()
        .filter_map(|id| mock.shelf.seen(id, |order| prediction(id, order, &host)))
        .collect();
    Json(json!({ "previous": null, "next": null, "results": results }))
}

async fn cancel(State(mock): State<Arc<Mock>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    mock.shelf.call_off(&id);
    seen(&mock, &headers, &id)
}

async fn hear(State(mock): State<Arc<Mock>>, Path(id): Path<String>) -> Response {
    let act = mock.act();
    let transcript = mock.shelf.seen(&id, |order| match order.fails {
        true => VOICE.error_event(&Refusal::on_purpose(act.behaviour.error_status, None)),
        false => transcript(&order.reply),
    });
    match transcript {
        Some(transcript) => api::streamed(&mock, VOICE.stream_type(), &act.behaviour, transcript),
        None => unknown(&id).response(&VOICE),
    }
}

fn seen(mock: &Mock, headers: &HeaderMap, id: &str) -> Response {
    let host = host(headers);
    match mock.shelf.seen(id, |order| prediction(id, order, &host)) {
        Some(prediction) => Json(prediction).into_response(),
        None => unknown(id).response(&VOICE),
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, None, format!("there is no prediction `{id}`"))
}

fn host(headers: &HeaderMap) -> String {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned()
}

/// What a look at an order shows now.
fn prediction(id: &str, order: &Order, host: &str) -> Value {
    let status = order.status(clock::now());
    let (output, error) = match status {
        "succeeded" => (json!(pieces(&order.reply)), Value::Null),
        "failed" => (Value::Null, json!("the simulated provider was told to fail")),
        _ => (Value::Null, Value::Null),
    };
    let usage = &order.reply.usage;
    let metrics = match status {
        "succeeded" => json!({ "predict_time": order.work.as_secs_f64(),
            "input_token_count": usage.prompt_tokens, "output_token_count": usage.completion_tokens }),
        _ => json!({}),
    };
    let base = format!("http://{host}/v1");
    let mut urls = json!({ "get": format!("{base}/predictions/{id}"), "cancel": format!("{base}/predictions/{id}/cancel") });
    if order.ask.stream {
        urls["stream"] = json!(format!("{base}/streams/{id}"));
    }
    json!({ "id": id, "model": order.ask.model, "version": "hidden", "status": status,
        "input": { "max_tokens": order.ask.max_tokens }, "output": output, "error": error, "logs": "",
        "metrics": metrics, "data_removed": false, "urls": urls })
}

fn pieces(reply: &Reply) -> &[String] {
    match &reply.said {
        Said::Words(pieces) => pieces,
        // No question here has tools, so nothing is ever called.
        Said::Call(_) => &[],
    }
}

fn transcript(reply: &Reply) -> Transcript {
    let mut events = vec![event("logs", "warming up")];
    let lead = events.len();
    events.extend(pieces(reply).iter().map(|piece| event("output", piece)));
    let paced = events.len() - lead;
    events.push(event("done", "{}"));
    Transcript { events, lead, paced }
}

fn event(name: &str, data: &str) -> Bytes {
    let lines: String = data.split('\n').map(|line| format!("data: {line}\n")).collect();
    format!("event: {name}\nid: 1:0\n{lines}\n").into()
}

impl Voice for Replicate {
    fn id_prefix(&self) -> &'static str {
        ""
    }

    /// Not in use: an answer is a look at an order.
    fn whole(&self, _head: &Head, reply: &Reply) -> Bytes {
        json!({ "status": "succeeded", "output": pieces(reply) }).to_string().into()
    }

    fn transcript(&self, _head: &Head, reply: &Reply, _ask: &Ask) -> Transcript {
        transcript(reply)
    }

    fn error_event(&self, refusal: &Refusal) -> Transcript {
        let error = event("error", &json!({ "detail": refusal.message }).to_string());
        let done = event("done", &json!({ "reason": "error" }).to_string());
        Transcript { events: vec![error, done], lead: 2, paced: 0 }
    }

    fn error(&self, refusal: &Refusal) -> Bytes {
        let status = refusal.status.as_u16();
        let title = refusal.status.canonical_reason().unwrap_or("Error");
        json!({ "title": title, "detail": refusal.message, "status": status }).to_string().into()
    }
}
