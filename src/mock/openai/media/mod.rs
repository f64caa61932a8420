//! Images, sound, moderation and ranking, as a provider of OpenAI's dialect serves them.
//!
//! Forms are read by a crate of their own, so that what a gateway makes of them is judged by another reader.

mod ask;
mod image;
mod score;
mod sound;

use crate::mock::api;
use crate::mock::behaviour::Behaviour;
use crate::mock::openai::CHAT;
use crate::mock::openai::media::ask::Asked;
use crate::mock::player;
use crate::mock::refusal::Refusal;
use crate::mock::server::Mock;
use crate::mock::voice::Transcript;
use crate::mock::voice::Voice;
use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// What is said to a request.
enum Said {
    Whole {
        kind: &'static str,
        body: Bytes,
    },
    /// Events, or pieces of sound, at the model's pace.
    Pieces {
        kind: &'static str,
        pieces: Vec<Bytes>,
    },
}

type Say = fn(&Asked, &Behaviour) -> Result<Said, Refusal>;

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

pub fn routes() -> Router<Arc<Mock>> {
    let table: [(&str, Say); 7] = [
        ("/images/generations", image::generate),
        ("/images/edits", image::edit),
        ("/audio/transcriptions", sound::transcribe),
        ("/audio/translations", sound::translate),
        ("/audio/speech", sound::speak),
        ("/moderations", score::moderate),
        ("/rerank", score::rank),
    ];
    let mut routes = Router::new();
    for (path, say) in table {
        let serve =
            async move |State(mock): State<Arc<Mock>>, request: Request| perform(&mock, request, say).await;
        routes = routes.route(path, post(serve));
    }
    routes
}

async fn perform(mock: &Mock, request: Request, say: Say) -> Response {
    let act = mock.act();
    let behaviour = &act.behaviour;
    let asked = Asked::read(request).await;
    let said = act.try_luck().and(asked).and_then(|asked| match behaviour.offers(&asked.model) {
        true => say(&asked, behaviour),
        false => Err(Refusal::unknown_model(&asked.model)),
    });
    match said {
        Err(refusal) => refusal.response(&CHAT),
        Ok(Said::Whole { kind, body }) => {
            player::silence(behaviour.stall).await;
            match behaviour.error_event {
                true => api::plain(mock, behaviour, JSON, CHAT.error(&api::told_to_fail(behaviour))),
                false => api::plain(mock, behaviour, kind, body),
            }
        }
        Ok(Said::Pieces { kind, pieces }) => {
            let transcript = match behaviour.error_event && kind == EVENTS {
                true => CHAT.error_event(&api::told_to_fail(behaviour)),
                false => Transcript { paced: pieces.len().saturating_sub(1), events: pieces, lead: 0 },
            };
            api::streamed(mock, kind, behaviour, transcript)
        }
    }
}

impl Said {
    fn json(value: &Value) -> Said {
        Said::Whole { kind: JSON, body: value.to_string().into() }
    }

    /// Events that are named like their `type`.
    fn events(events: &[Value]) -> Said {
        let event = |value: &Value| {
            let name = value["type"].as_str().unwrap_or_default();
            Bytes::from(format!("event: {name}\ndata: {value}\n\n"))
        };
        Said::Pieces { kind: EVENTS, pieces: events.iter().map(event).collect() }
    }
}
