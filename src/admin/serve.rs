//! From a request of HTTP to an operation, and back.

use crate::admin::Doors;
use crate::admin::access::admit;
use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::office::Caller;
use crate::admin::office::Office;
use crate::admin::query;
use crate::admin::refuse::Refusal;
use crate::admin::routes;
use crate::admin::routes::Route;
use axum::Json;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::ACCEPT;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;

/// Carries out what a request asks for; who asks is looked at before the body is read.
pub(super) async fn answer(doors: Doors, route: &'static Route, request: Request) -> Response {
    match carried_out(doors, route, request).await {
        Ok(reply) => respond(route, reply),
        Err(refusal) => refusal.into_response(),
    }
}

async fn carried_out(doors: Doors, route: &'static Route, request: Request) -> Result<Reply, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = admit(&parts, &doors, route.role)?;
    let body = to_bytes(body, crate::admin::LARGEST_BODY).await;
    let body = body.map_err(|_| Refusal::body(StatusCode::PAYLOAD_TOO_LARGE))?;
    let id = routes::find(route.method, parts.uri.path()).map_or("", |(_, id)| id);
    let id = query::decoded(id);
    let question = Question {
        id: &id,
        query: query::read(parts.uri.query().unwrap_or_default()),
        body,
        csv: wants_csv(&parts.headers),
    };
    ask(doors.office, caller, route, question).await
}

/// What is asked, as far as the operation alone is concerned.
pub struct Question<'q> {
    pub id: &'q str,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
    pub csv: bool,
}

/// Carries out one operation for a caller who may have it, and logs what is refused.
///
/// # Errors
/// What the operation says.
pub async fn ask(
    office: Office,
    caller: Caller,
    route: &'static Route,
    question: Question<'_>,
) -> Result<Reply, Refusal> {
    let unknown = question.query.iter().find(|(name, _)| !route.query.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        return Err(Refusal::field(name, "is not a parameter of this request".to_owned()));
    }
    let admin = caller.id.clone();
    let Question { id, query, body, csv } = question;
    let asked = (route.run)(Ask { office, caller, id: id.to_owned(), query, body, csv }).await;
    if let Err(refusal) = &asked
        && route.method != "GET"
    {
        let (operation, status) = (route.name, refusal.status());
        tracing::warn!(%admin, operation, subject = id, status, "admin change refused");
    }
    asked
}

fn wants_csv(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/csv"))
}

/// Answers may show a key, so nobody on the way is to keep them.
fn respond(route: &Route, reply: Reply) -> Response {
    let status = StatusCode::from_u16(route.status).unwrap_or(StatusCode::OK);
    let mut response = match reply {
        Reply::Json(value) => (status, Json(value)).into_response(),
        Reply::Csv(text) => {
            (status, [(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], text).into_response()
        }
        Reply::Empty => StatusCode::NO_CONTENT.into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
