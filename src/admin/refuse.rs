//! Refusals in OpenAI's error envelope, each with a sentence that says what to do.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;
use std::borrow::Cow;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
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
        "nothing is here; there are GET /metrics, GET /health and POST /admin/reload",
    );
    pub(super) const WRONG_METHOD: Refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "another method is needed here; the header `Allow` names it",
    );

    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Refusal {
        Refusal { status, code, message: Cow::Borrowed(message) }
    }

    /// The body could not be read, or is too large.
    pub(super) fn body(status: StatusCode) -> Refusal {
        Refusal::new(
            status,
            "invalid_body",
            "the body could not be read; it may have 64 KiB at most and can be empty",
        )
    }

    /// The new configuration is not sound.
    pub(super) fn configuration(problems: String) -> Refusal {
        Refusal {
            message: Cow::Owned(problems),
            ..Refusal::new(StatusCode::BAD_REQUEST, "invalid_configuration", "")
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = if self.status.is_server_error() { "server_error" } else { "invalid_request_error" };
        let error = json!({ "message": self.message, "type": kind, "param": null, "code": self.code });
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
