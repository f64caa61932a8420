//! Errors of providers and errors for clients, word for word.

use super::*;
use crate::dialect::fault::Cause;
use crate::dialect::fault::classify;
use crate::dialect::fault::message;
use serde_json::Value;
use serde_json::json;

const ERROR: &str = include_str!("../fixtures/error.json");

const TOLD: ClientError<'static> = ClientError {
    status: 429,
    message: "Slow \"down\",\nplease.",
    kind: "rate_limit_error",
    param: Some("model"),
    code: Some("rate_limit_exceeded"),
    cause: Some(Cause::RateLimit),
    request_id: "req_1",
};

#[test]
fn a_client_is_told_in_its_envelope() {
    let expected = json!({"error": {"message": "Slow \"down\",\nplease.", "type": "rate_limit_error",
        "param": "model", "code": "rate_limit_exceeded"}});
    assert_eq!(serde_json::from_slice::<Value>(&CLIENT.error(&TOLD)).unwrap(), expected);
    let event = String::from_utf8(CLIENT.error_event(&TOLD)).unwrap();
    let data = event.strip_prefix("data: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(data).unwrap(), expected);
    assert!(!data.contains('\n'), "one line of data: {data}");
}

#[test]
fn an_error_for_a_client_is_no_answer_when_it_is_read_again() {
    let body = CLIENT.error(&TOLD);
    assert_eq!(PROVIDER.read(&body).err(), Some(NoAnswer::Error));
}

#[test]
fn a_providers_error_is_understood() {
    assert_eq!(classify(400, ERROR.as_bytes()), Cause::ContextTooLong);
    assert_eq!(
        message(ERROR.as_bytes()).as_deref(),
        Some("This model's maximum context length is 128000 tokens.")
    );
    assert_eq!(PROVIDER.read(ERROR.as_bytes()).err(), Some(NoAnswer::Error), "with status 200");
    for at in 0..ERROR.trim_end().len() {
        assert!(PROVIDER.read(&ERROR.as_bytes()[..at]).is_err(), "cut at {at}");
    }
}
