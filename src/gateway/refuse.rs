//! Every "no" the gateway says, in OpenAI's envelope, with a sentence that says what to do.

mod body;
pub mod edge;
pub mod jobs;
mod limit;

use crate::clock;
use crate::dialect::Dialect;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::fault::Cause;
use crate::dialect::operation::Operation;
use crate::dialect::side::ClientError;
use crate::gateway::operation::NotServed;
use crate::routing::UnknownModel;
use crate::state::Limited;
use crate::tenants::credential::ForbiddenBy;
use crate::tenants::credential::Lapsed;
use std::borrow::Cow;
use std::time::Duration;

pub use body::{broken_body, not_encoded, too_large, too_slow, unknown_encoding};
pub use limit::limited;

/// Clients take a longer `Retry-After` for "never" (vendors.md §1.6), so none is sent.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// One refusal. Its words may be shown to anyone: nothing of keys, hosts or internals is in them.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    /// OpenAI's `type`.
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub param: Option<&'static str>,
    /// What a provider's error meant.
    pub cause: Option<Cause>,
    pub message: String,
    pub retry_after: Option<Duration>,
    /// For the log line and the metrics.
    pub reason: &'static str,
    /// The limit that was hit, for the `X-RateLimit-*` headers.
    pub limited: Option<Box<Limited>>,
    /// The methods that a path takes, for the `Allow` header.
    pub allow: Option<Cow<'static, str>>,
    /// What is asked of who has shown no credentials, for the `WWW-Authenticate` header.
    pub challenge: Option<String>,
}

impl Refusal {
    fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Refusal {
        let kind = match status {
            401 => "authentication_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        let message = message.into();
        Refusal {
            status,
            kind,
            code: None,
            param: None,
            cause: None,
            message,
            retry_after: None,
            reason,
            limited: None,
            allow: None,
            // RFC 9110 §11.6.1: whoever is asked for credentials is told which.
            challenge: (status == 401).then(|| "Bearer".to_owned()),
        }
    }

    fn code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    fn param(mut self, param: &'static str) -> Refusal {
        self.param = Some(param);
        self
    }

    fn retry_after(mut self, after: Option<Duration>) -> Refusal {
        self.retry_after = after.map(|d| d.min(MAX_RETRY_AFTER));
        self
    }

    /// The body of the answer, in the client's dialect.
    pub fn body(&self, dialect: Dialect, request_id: &str) -> Vec<u8> {
        dialect.client_side().error(&self.error(request_id))
    }

    pub fn error<'a>(&'a self, request_id: &'a str) -> ClientError<'a> {
        ClientError {
            status: self.status,
            message: &self.message,
            kind: self.kind,
            param: self.param,
            code: self.code,
            cause: self.cause,
            request_id,
        }
    }

    /// Whole seconds, at least one: clients that come back too early are refused again.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|d| clock::whole_seconds(d).max(1))
    }
}

pub fn no_host() -> Refusal {
    Refusal::new(
        400,
        "no_host",
        "the request has no proper `Host` header; HTTP/1.1 requires one (RFC 9112 §3.2)",
    )
}

pub fn not_served(why: NotServed, method: &str, path: &str) -> Refusal {
    let path = shortened(path);
    match why {
        NotServed::UnknownPath => Refusal::new(
            404,
            "unknown_path",
            format!("there is nothing at {path}; try POST /v1/chat/completions or GET /v1/models"),
        ),
        NotServed::WrongMethod { allowed } => {
            let message = format!("{path} takes {allowed}, not {}", shortened(method));
            Refusal { allow: Some(allowed.into()), ..Refusal::new(405, "wrong_method", message) }
        }
    }
}

pub fn no_key() -> Refusal {
    Refusal::new(
        401,
        "no_key",
        "you did not provide a key; send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`",
    )
    .code("invalid_api_key")
}

pub fn wrong_key() -> Refusal {
    Refusal::new(
        401,
        "wrong_key",
        "the key you provided is not known here; check it, or ask your administrator for one",
    )
    .code("invalid_api_key")
}

/// A key that was good once: whoever has it may know what became of it.
pub fn lapsed(why: Lapsed) -> Refusal {
    let (reason, message) = match why {
        Lapsed::Expired => {
            ("key_expired", "the key you provided has expired; ask your administrator for a new one")
        }
        Lapsed::Disabled => ("key_disabled", "the key you provided is disabled; ask your administrator"),
        Lapsed::TenantDisabled => {
            ("tenant_disabled", "the tenant of the key you provided is disabled; ask your administrator")
        }
        Lapsed::Replaced => ("key_replaced", "the key you provided has been replaced by a new one; use that"),
    };
    Refusal::new(401, reason, message).code("invalid_api_key")
}

pub fn too_many_bad_keys(wait: Duration) -> Refusal {
    Refusal::new(429, "bad_keys_per_ip", "too many wrong keys from your address; wait before you try another")
        .code("rate_limit_exceeded")
        .retry_after(Some(wait))
}

pub fn address_limit(wait: Duration) -> Refusal {
    Refusal::new(429, "per_ip", "too many requests from your address; slow down")
        .code("rate_limit_exceeded")
        .retry_after(Some(wait))
}

pub fn bad_request(bad: BadRequest) -> Refusal {
    let mut refusal = Refusal::new(400, "bad_request", bad.message);
    refusal.code = bad.code;
    refusal.param = bad.param;
    refusal
}

pub fn unknown_model(unknown: &UnknownModel) -> Refusal {
    Refusal::new(404, "unknown_model", unknown.to_string()).code("model_not_found").param("model")
}

/// The name means something, but nobody behind it does what is asked.
pub fn not_served_there(model: &str, operation: Operation) -> Refusal {
    let model = shortened(model);
    let path = operation.path();
    Refusal::new(
        400,
        "operation_not_served",
        format!("no provider of model `{model}` serves {path}; ask for another model, or list one that does"),
    )
    .code("operation_not_served")
    .param("model")
}

pub fn model_not_allowed(model: &str, by: ForbiddenBy) -> Refusal {
    let model = shortened(model);
    let whose = match by {
        ForbiddenBy::Key => "this key",
        ForbiddenBy::Tenant => "the tenant of this key",
    };
    Refusal::new(
        403,
        "model_not_allowed",
        format!("{whose} may not use model `{model}`; GET /v1/models lists what this key may"),
    )
    .code("model_not_allowed")
    .param("model")
}

/// A hard budget cannot be kept where nobody knows what is spent.
pub fn price_unknown(model: &str) -> Refusal {
    let model = shortened(model);
    Refusal::new(
        403,
        "price_unknown",
        format!(
            "the price of model `{model}` is not known, and what you use has a hard budget (`pricing.unknown: refuse`); \
             ask for another model, or have its price set in `pricing`"
        ),
    )
    .code("price_unknown")
    .param("model")
}

pub fn unknown_response(id: &str) -> Refusal {
    let id = shortened(id);
    Refusal::new(
        404,
        "unknown_response",
        format!("there is no response `{id}` of this key; it may be too old"),
    )
    .param("id")
}

pub fn not_in_the_background() -> Refusal {
    Refusal::new(400, "not_in_the_background", "only responses that run in the background can be cancelled")
}

/// No provider could answer. `retry_after` is when the first of them may be asked again, if that is known.
pub fn all_failed(retry_after: Option<Duration>) -> Refusal {
    Refusal::new(503, "all_failed", "no provider could answer this request; try again in a moment")
        .code("no_provider_available")
        .retry_after(retry_after)
}

pub fn deadline(deadline: Duration) -> Refusal {
    Refusal::new(
        503,
        "deadline",
        format!("no provider answered within {deadline:?}; try again, or ask for a shorter answer"),
    )
    .code("no_provider_available")
}

/// The caller's own fault, in the provider's words.
pub fn provider_refusal(status: u16, cause: Cause, message: Option<String>) -> Refusal {
    let message = message.unwrap_or_else(|| "the provider refused this request".to_owned());
    let mut refusal = Refusal::new(status, "provider_refused", message);
    refusal.cause = Some(cause);
    match cause {
        Cause::ContextTooLong => refusal.code("context_length_exceeded"),
        Cause::ContentPolicy => refusal.code("content_policy_violation"),
        Cause::NotFound => refusal.code("model_not_found"),
        Cause::Auth
        | Cause::Quota
        | Cause::RateLimit
        | Cause::Overloaded
        | Cause::Transient
        | Cause::Invalid => refusal,
    }
}

/// The start of what a client sent: it is repeated to the client and may be of any length.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_over_a_minute() {
        for (wait, told) in [(0, 1), (1, 1), (1001, 2), (3_600_000, 60)] {
            let refusal = address_limit(Duration::from_millis(wait));
            assert_eq!(refusal.retry_after_seconds(), Some(told), "{wait} ms");
        }
    }

    #[test]
    fn a_body_is_an_openai_envelope() {
        let body: serde_json::Value = serde_json::from_slice(
            &model_not_allowed("m\"x", ForbiddenBy::Key).body(Dialect::OpenAi, "req_1"),
        )
        .unwrap();
        assert_eq!(body["error"]["code"], "model_not_allowed");
        assert_eq!(body["error"]["param"], "model");
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }

    #[test]
    fn whoever_is_asked_for_credentials_is_told_which() {
        for refusal in [no_key(), wrong_key(), lapsed(Lapsed::Expired)] {
            assert_eq!((refusal.status, refusal.challenge.as_deref()), (401, Some("Bearer")));
        }
        assert_eq!(no_host().challenge, None);
    }
}
