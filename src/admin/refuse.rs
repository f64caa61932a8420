//! Refusals in OpenAI's error envelope, each with a sentence that says what to do.

use crate::clock;
use crate::store::Role;
use crate::store::StoreError;
use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use std::borrow::Cow;
use std::time::Duration;

/// Why something is not done.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    /// The field or parameter at fault.
    param: Option<String>,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) const CRASHED: Refusal = Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "the reload failed for a reason of ours; the configuration before it stays in force, see the log",
    );
    pub(super) const KEY: Refusal = Refusal::new(
        StatusCode::UNAUTHORIZED,
        "invalid_api_key",
        "an admin key is needed; send it as `Authorization: Bearer <key>` or in `X-API-Key`",
    );
    pub(super) const NOT_FOUND: Refusal = Refusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "nothing is here; GET /admin/v1/openapi.json lists what there is, besides GET /metrics, GET /health \
         and POST /admin/reload",
    );
    pub(super) const WRONG_METHOD: Refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "another method is needed here; the header `Allow` names it",
    );
    pub(super) const NOT_RUNNING: Refusal = Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_running",
        "only a running gateway knows this; ask one with `--url`",
    );
    pub(super) const LIMITED: Refusal = Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_bad_keys",
        "too many admin keys from this address were wrong; wait as long as `Retry-After` says",
    );

    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Refusal {
        Refusal { status, code, message: Cow::Borrowed(message), param: None, retry_after: None }
    }

    fn saying(status: StatusCode, code: &'static str, message: String) -> Refusal {
        Refusal { message: Cow::Owned(message), ..Refusal::new(status, code, "") }
    }

    /// The body could not be read, or is too large.
    pub(super) fn body(status: StatusCode) -> Refusal {
        Refusal::new(
            status,
            "invalid_body",
            "the body could not be read; it may have 64 KiB at most and can be empty",
        )
    }

    /// The body is not what is expected here.
    pub fn malformed(message: String) -> Refusal {
        Refusal::saying(StatusCode::BAD_REQUEST, "invalid_body", message)
    }

    /// A field of the body or a parameter of the query; `must` goes on where its name ends.
    pub fn field(name: &str, must: String) -> Refusal {
        let shown: String = name.chars().take(80).collect();
        let message = format!("`{}` {must}", shown.escape_debug());
        Refusal { param: Some(shown), ..Refusal::saying(StatusCode::BAD_REQUEST, "invalid_request", message) }
    }

    /// Settings of a tenant or a key, every problem of which is told.
    pub fn settings(problems: &[String]) -> Refusal {
        let field = problems.first().and_then(|problem| problem.split(' ').next()).map(str::to_owned);
        let message = problems.join("; ");
        Refusal { param: field, ..Refusal::saying(StatusCode::BAD_REQUEST, "invalid_request", message) }
    }

    /// The new configuration is not sound.
    pub(super) fn configuration(problems: String) -> Refusal {
        Refusal::saying(StatusCode::BAD_REQUEST, "invalid_configuration", problems)
    }

    /// The role of this admin does not reach so far.
    pub(super) fn role(own: Role, needed: Role) -> Refusal {
        let (own, needed) = (own.word(), needed.word());
        let message = format!("this needs the role `{needed}`, and this admin has `{own}`");
        Refusal::saying(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(super) fn limited(wait: Duration) -> Refusal {
        Refusal { retry_after: Some(wait), ..Refusal::LIMITED }
    }

    pub(super) fn away() -> Refusal {
        Refusal::saying(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_away",
            "the store is away; nothing was changed, try again later".to_owned(),
        )
    }

    /// Nothing by this id is there.
    pub fn missing(what: String) -> Refusal {
        Refusal::saying(StatusCode::NOT_FOUND, "not_found", what)
    }

    /// As commands say it.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn envelope(&self) -> Value {
        let kind = if self.status.is_server_error() { "server_error" } else { "invalid_request_error" };
        json!({ "error": {
            "message": self.message, "type": kind, "param": self.param, "code": self.code,
        } })
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        let message = error.to_string();
        match error {
            StoreError::Away { .. } => {
                tracing::warn!(%message, "admin request meets no store");
                Refusal::away()
            }
            StoreError::Newer { .. } | StoreError::Broken { .. } => {
                tracing::error!(%message, "admin request failed in the store");
                let told = "the store cannot be used; see the log".to_owned();
                Refusal::saying(StatusCode::INTERNAL_SERVER_ERROR, "store_broken", told)
            }
            StoreError::Conflict { .. } => Refusal::saying(StatusCode::CONFLICT, "conflict", message),
            StoreError::Overtaken => Refusal::saying(StatusCode::CONFLICT, "conflict", message),
            StoreError::NotFound { .. } => Refusal::missing(message),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.envelope())).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = clock::whole_seconds(wait).max(1).to_string();
            response
                .headers_mut()
                .extend(HeaderValue::from_str(&seconds).ok().map(|value| (RETRY_AFTER, value)));
        }
        response
    }
}
