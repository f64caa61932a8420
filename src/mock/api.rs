//! What every endpoint that answers questions does, in whichever dialect.

use crate::clock;
use crate::id;
use crate::mock::ask::Ask;
use crate::mock::behaviour::Behaviour;
use crate::mock::embedding;
use crate::mock::openai;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::score::Score;
use crate::mock::server::Mock;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use std::sync::Arc;

pub type Received = Result<Bytes, BytesRejection>;

/// The whole body, or why there is none.
pub fn received(body: Received) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| Refusal::new(rejection.status(), None, rejection.body_text()))
}

pub async fn embeddings(State(mock): State<Arc<Mock>>, body: Received) -> Response {
    let act = mock.act();
    let embedded = act.try_luck().and_then(|()| embedding::embed(&received(body)?, &act.behaviour));
    quiet_answer(embedded, &act.behaviour, &openai::CHAT).await
}

/// An answer that is not spoken word by word.
pub async fn quiet_answer<T: Serialize>(
    answered: Result<T, Refusal>,
    behaviour: &Behaviour,
    voice: &dyn Voice,
) -> Response {
    match answered {
        Ok(answer) => {
            player::silence(behaviour.stall).await;
            Json(answer).into_response()
        }
        Err(refusal) => refusal.response(voice),
    }
}

/// Answers a question as the behaviour in force will have it.
pub async fn answer(mock: &Mock, voice: &dyn Voice, asked: Result<Ask, Refusal>) -> Response {
    let act = mock.act();
    let behaviour = &act.behaviour;
    let asked = act.try_luck().and(asked).and_then(|ask| match behaviour.offers(&ask.model) {
        true => Ok(ask),
        false => Err(Refusal::unknown_model(&ask.model)),
    });
    let ask = match asked {
        Ok(ask) => ask,
        Err(refusal) => return refusal.response(voice),
    };
    let reply = Reply::to(&ask, behaviour);
    let head = Head {
        id: id::random(voice.id_prefix()),
        created: clock::since_epoch().as_secs(),
        model: ask.model.clone(),
    };
    if ask.stream {
        let transcript = match behaviour.error_event {
            true => voice.error_event(&told_to_fail(behaviour)),
            false => voice.transcript(&head, &reply, &ask),
        };
        return streamed(mock, voice.stream_type(), behaviour, transcript);
    }
    player::silence(behaviour.stall).await;
    player::rest(behaviour.speaking(reply.usage.completion_tokens)).await;
    let whole = match behaviour.error_event {
        true => voice.error(&told_to_fail(behaviour)),
        false => voice.whole(&head, &reply),
    };
    plain(mock, behaviour, "application/json", whole)
}

/// A body that comes piece by piece, as the behaviour in force will have it.
pub fn streamed(mock: &Mock, kind: &'static str, behaviour: &Behaviour, transcript: Transcript) -> Response {
    mock.counts.stream();
    let body = player::play(Score::new(transcript, behaviour), behaviour.stall, mock.counts.clone());
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")];
    (headers, body).into_response()
}

/// A body in one piece, or half of it.
pub fn plain(mock: &Mock, behaviour: &Behaviour, kind: &'static str, whole: Bytes) -> Response {
    if behaviour.cut_after.is_none() {
        return ([(CONTENT_TYPE, kind)], whole).into_response();
    }
    // The head promises all of it, so that the half that comes cannot pass for an answer.
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_LENGTH, whole.len().to_string())];
    (headers, player::play(Score::half(whole), None, mock.counts.clone())).into_response()
}

pub fn told_to_fail(behaviour: &Behaviour) -> Refusal {
    Refusal::on_purpose(behaviour.error_status, None)
}
