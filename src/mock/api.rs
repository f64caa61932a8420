//! The endpoints a provider has: questions, embeddings and model lists.

use crate::clock;
use crate::id;
use crate::mock::ask::Ask;
use crate::mock::behaviour::Behaviour;
use crate::mock::embedding;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::score::Score;
use crate::mock::server::Mock;
use crate::mock::wire;
use crate::mock::wire::Form;
use crate::mock::wire::Head;
use crate::mock::wire::Transcript;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

type Received = Result<Bytes, BytesRejection>;

/// When the simulated models were made: the same day in every run.
const MADE: u64 = 1_700_000_000;

pub async fn chat(State(mock): State<Arc<Mock>>, body: Received) -> Result<Response, Refusal> {
    answer(&mock, Form::Chat, Ask::chat, body).await
}

pub async fn text(State(mock): State<Arc<Mock>>, body: Received) -> Result<Response, Refusal> {
    answer(&mock, Form::Text, Ask::text, body).await
}

pub async fn embeddings(State(mock): State<Arc<Mock>>, body: Received) -> Result<Response, Refusal> {
    let act = mock.act();
    act.try_luck()?;
    let embeddings = embedding::embed(&received(body)?, &act.behaviour)?;
    player::silence(act.behaviour.stall).await;
    Ok(Json(embeddings).into_response())
}

pub async fn models(State(mock): State<Arc<Mock>>) -> Json<Value> {
    let act = mock.act();
    let offered = &act.behaviour.models;
    let data = match offered.is_empty() {
        true => vec![described("mock")],
        false => offered.iter().map(|id| described(id)).collect(),
    };
    Json(json!({ "object": "list", "data": data }))
}

pub async fn model(State(mock): State<Arc<Mock>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    match mock.act().behaviour.offers(&id) {
        true => Ok(Json(described(&id))),
        false => Err(Refusal::unknown_model(&id)),
    }
}

async fn answer(
    mock: &Mock,
    form: Form,
    read: fn(&[u8]) -> Result<Ask, Refusal>,
    body: Received,
) -> Result<Response, Refusal> {
    let act = mock.act();
    let behaviour = &act.behaviour;
    act.try_luck()?;
    let ask = read(&received(body)?)?;
    if !behaviour.offers(&ask.model) {
        return Err(Refusal::unknown_model(&ask.model));
    }
    let reply = Reply::to(&ask, behaviour);
    let head = head(form, &ask.model);
    if ask.stream {
        let transcript = match behaviour.error_event {
            true => wire::error_event(&told_to_fail(behaviour)),
            false => wire::transcript(form, &head, &reply, ask.usage),
        };
        return Ok(streamed(mock, behaviour, transcript));
    }
    player::silence(behaviour.stall).await;
    player::rest(behaviour.speaking(reply.usage.completion_tokens)).await;
    let whole = match behaviour.error_event {
        true => told_to_fail(behaviour),
        false => wire::whole(form, &head, &reply),
    };
    Ok(plain(mock, behaviour, &whole))
}

fn streamed(mock: &Mock, behaviour: &Behaviour, transcript: Transcript) -> Response {
    mock.counts.stream();
    let body = player::play(Score::new(transcript, behaviour), behaviour.stall, mock.counts.clone());
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    (headers, body).into_response()
}

fn plain(mock: &Mock, behaviour: &Behaviour, whole: &Value) -> Response {
    if behaviour.cut_after.is_none() {
        return Json(whole).into_response();
    }
    let whole = Bytes::from(whole.to_string());
    // The head promises all of it, so that the half that comes cannot pass for an answer.
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, whole.len().to_string())];
    (headers, player::play(Score::half(whole), None, mock.counts.clone())).into_response()
}

fn received(body: Received) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| Refusal::new(rejection.status(), None, rejection.body_text()))
}

fn told_to_fail(behaviour: &Behaviour) -> Value {
    Refusal::on_purpose(behaviour.error_status, None).envelope()
}

fn head(form: Form, model: &str) -> Head {
    let prefix = match form {
        Form::Chat => "chatcmpl-",
        Form::Text => "cmpl-",
    };
    Head { id: id::random(prefix), created: clock::since_epoch().as_secs(), model: model.to_owned() }
}

fn described(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": MADE, "owned_by": "tollgate-mock" })
}
