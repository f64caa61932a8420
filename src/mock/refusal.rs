//! Answers that are errors.

use crate::mock::voice::Voice;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;
use serde_json::Value;
use serde_json::json;

/// Where AWS names the type of an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An error answer.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: String,
    pub param: Option<&'static str>,
    pub code: Option<&'static str>,
    /// Seconds.
    pub retry_after: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: Option<&'static str>, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into(), param: None, code, retry_after: None }
    }

    /// The body is at fault; nothing more is known.
    pub fn unreadable(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, None, message)
    }

    /// A field has to be there.
    pub fn missing(param: &'static str) -> Refusal {
        let message = format!("you must provide `{param}`");
        let code = Some("missing_required_parameter");
        Refusal { param: Some(param), ..Refusal::new(StatusCode::BAD_REQUEST, code, message) }
    }

    /// A field asks for what this provider does not do.
    pub fn unsupported(param: &'static str, message: &str) -> Refusal {
        let code = Some("unsupported_value");
        Refusal { param: Some(param), ..Refusal::new(StatusCode::BAD_REQUEST, code, message) }
    }

    pub fn unknown_model(model: &str) -> Refusal {
        let message = format!("the model `{model}` does not exist");
        Refusal::new(StatusCode::NOT_FOUND, Some("model_not_found"), message)
    }

    /// Fails on purpose. A status that HTTP does not know becomes a 500.
    pub fn on_purpose(status: u16, retry_after: Option<u64>) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = (status == StatusCode::TOO_MANY_REQUESTS).then_some("rate_limit_exceeded");
        let message = format!("the simulated provider was told to answer {status}");
        Refusal { retry_after, ..Refusal::new(status, code, message) }
    }

    /// OpenAI's envelope.
    pub fn envelope(&self) -> Value {
        let kind = match self.status.as_u16() {
            401 => "authentication_error",
            429 => "rate_limit_error",
            400..500 => "invalid_request_error",
            _ => "server_error",
        };
        json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": self.code } })
    }

    /// As an answer in a dialect.
    pub fn response(&self, voice: &dyn Voice) -> Response {
        let headers = [(CONTENT_TYPE, "application/json")];
        let mut response = (self.status, headers, voice.error(self)).into_response();
        if let Some(kind) = voice.error_type(self) {
            response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
