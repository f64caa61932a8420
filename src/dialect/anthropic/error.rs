//! Errors as Anthropic's clients are told them (vendors.md §4.7, §10.3).

use crate::dialect::anthropic::json;
use crate::dialect::fault::Cause;
use crate::dialect::side::ClientError;
use serde::Serialize;
use std::borrow::Cow;

/// The words by which clients know that a prompt has to be shortened (vendors.md §0.8).
const TOO_LONG: &str = "prompt is too long";

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Told<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: Cow<'a, str>,
}

/// The body of an error answer.
pub(super) fn body(error: &ClientError<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    put(error, &mut out);
    out
}

/// The event that ends a stream that broke off.
pub(super) fn event(error: &ClientError<'_>) -> Vec<u8> {
    let mut out = b"event: error\ndata: ".to_vec();
    put(error, &mut out);
    out.extend_from_slice(b"\n\n");
    out
}

fn put(error: &ClientError<'_>, out: &mut Vec<u8>) {
    let too_long = error.cause == Some(Cause::ContextTooLong);
    let message = if too_long { too_long_message(error.message) } else { Cow::Borrowed(error.message) };
    let kind = if too_long { "invalid_request_error" } else { kind(error.status) };
    json::put(out, &Envelope { kind: "error", error: Told { kind, message }, request_id: error.request_id });
}

fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The vendor's sentence where it says it so already; else its two numbers, else all of it behind those words.
fn too_long_message(message: &str) -> Cow<'_, str> {
    if message.contains(TOO_LONG) {
        return Cow::Borrowed(message);
    }
    match counts(message)[..] {
        [one, other] if one != other => {
            Cow::Owned(format!("{TOO_LONG}: {} tokens > {} maximum", one.max(other), one.min(other)))
        }
        _ => Cow::Owned(format!("{TOO_LONG}: {message}")),
    }
}

/// The numbers of a sentence that stand alone: dates and versions in names of models do not.
fn counts(message: &str) -> Vec<u64> {
    let words =
        message.split_whitespace().map(|word| word.trim_matches(|sign: char| !sign.is_alphanumeric()));
    words.filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_is_told_in_the_words_that_clients_know() {
        let told = [
            ("prompt is too long: 9 tokens > 8 maximum", "prompt is too long: 9 tokens > 8 maximum"),
            (
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9,100 tokens.",
                "prompt is too long: 9100 tokens > 8192 maximum",
            ),
            (
                "gpt-4o-2024-08-06 reads 128000 tokens; you sent (130001).",
                "prompt is too long: 130001 tokens > 128000 maximum",
            ),
            ("Input is too long.", "prompt is too long: Input is too long."),
            (
                "the limit is 10, you asked for 12 (7 and 5)",
                "prompt is too long: the limit is 10, you asked for 12 (7 and 5)",
            ),
        ];
        for (message, expected) in told {
            assert_eq!(too_long_message(message), expected);
        }
    }
}
