//! Error answers (vendors.md §5.6).

use crate::dialect::fault::Cause;
use crate::dialect::fault::classify;
use crate::dialect::fault::message;
use crate::dialect::fault::retry_after;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

const EXHAUSTED: &str = include_str!("fixtures/exhausted.json");

fn wait(body: &str) -> Option<Duration> {
    retry_after(&|_| None, body.as_bytes(), Duration::ZERO)
}

#[test]
fn a_spent_minute_says_when_to_come_back() {
    assert_eq!(classify(429, EXHAUSTED.as_bytes()), Cause::RateLimit);
    assert_eq!(message(EXHAUSTED.as_bytes()).as_deref(), Some("You exceeded your current quota."));
    assert_eq!(wait(EXHAUSTED), Some(Duration::from_millis(38_500)));
}

#[test]
fn a_spent_day_is_not_over_when_it_says_so() {
    let day = EXHAUSTED.replace("PerMinute", "PerDay");
    assert_eq!(classify(429, day.as_bytes()), Cause::Quota);
    assert_eq!(wait(&day), None, "the delay it gives is of another limit");
}

#[test]
fn every_status_means_one_thing_with_and_without_a_list_around_it() {
    let error = |code: u16, status: &str, message: &str, details: Value| json!({"error": {"code": code, "status": status, "message": message, "details": details}});
    let none = || json!([]);
    let key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
    let long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
    let region = "User location is not supported for the API use.";
    let table = [
        (Cause::Auth, 400, error(400, "INVALID_ARGUMENT", "API key not valid.", key)),
        (Cause::ContextTooLong, 400, error(400, "INVALID_ARGUMENT", long, none())),
        (Cause::Invalid, 400, error(400, "INVALID_ARGUMENT", "Unknown name \"x\"", none())),
        (Cause::Auth, 400, error(400, "FAILED_PRECONDITION", region, none())),
        (Cause::Invalid, 400, error(400, "FAILED_PRECONDITION", "The file is not active.", none())),
        (Cause::Auth, 403, error(403, "PERMISSION_DENIED", "no", none())),
        (Cause::NotFound, 404, error(404, "NOT_FOUND", "models/x is not found", none())),
        (Cause::RateLimit, 429, error(429, "RESOURCE_EXHAUSTED", "no", none())),
        (Cause::Transient, 500, error(500, "INTERNAL", "no", none())),
        (Cause::Overloaded, 503, error(503, "UNAVAILABLE", "The model is overloaded.", none())),
        (Cause::Transient, 504, error(504, "DEADLINE_EXCEEDED", "no", none())),
    ];
    for (cause, status, body) in table {
        assert_eq!(classify(status, body.to_string().as_bytes()), cause, "{body}");
        assert_eq!(classify(status, json!([body]).to_string().as_bytes()), cause, "[{body}]");
        // In a stream the status is in the body.
        if status >= 500 || status == 429 {
            assert_eq!(classify(200, body.to_string().as_bytes()), cause, "streamed {body}");
        }
    }
}
