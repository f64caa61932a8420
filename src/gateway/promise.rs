//! What the head of a provider's answer promises of the rest.

use crate::dialect::fault;
use crate::dialect::openai::request::Expected;
use crate::gateway::sound::Label;
use http::HeaderValue;
use http::header;
use pingora::http::ResponseHeader;
use std::time::Instant;

/// What the head of an answer promises.
pub enum Promise {
    Stream,
    /// The end of the body must have come by then.
    Whole {
        until: Instant,
        kind: Option<HeaderValue>,
    },
    /// The first of it must have come by then.
    Sound {
        until: Instant,
        label: Label,
    },
    /// Compressed although nobody asked for it.
    Encoded,
    Failed {
        code: u16,
        hints: Vec<(String, String)>,
    },
}

/// Headers that say when to come back (vendors.md §12), and of AWS's what went wrong.
const HINTS: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-reset-requests-day",
    "x-ratelimit-reset-tokens-day",
    "x-ratelimit-reset-requests-minute",
    "x-ratelimit-reset-tokens-minute",
    "x-ratelimit-remaining",
    "x-ratelimit-remaining-requests-day",
    "x-ratelimit-remaining-tokens-day",
    "x-ratelimit-remaining-requests-minute",
    "x-ratelimit-remaining-tokens-minute",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    fault::SHAPE_HEADER,
];

impl Promise {
    /// Reads it; the answer must be there `until` then.
    pub fn of(head: &ResponseHeader, stream: bool, expected: Expected, until: Instant) -> Promise {
        if !head.status.is_success() {
            let hint = |name: &&str| {
                let value = head.headers.get(*name)?.to_str().ok()?;
                Some(((*name).to_owned(), value.to_owned()))
            };
            return Promise::Failed {
                code: head.status.as_u16(),
                hints: HINTS.iter().filter_map(hint).collect(),
            };
        }
        let encoding = head.headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Promise::Encoded;
        }
        let kind = head.headers.get(header::CONTENT_TYPE);
        let is = |known: &&str| kind.is_some_and(|kind| is_kind(kind.as_bytes(), known));
        let no_sound = ["application/json", "text/"];
        match expected {
            _ if stream && STREAMS.iter().any(is) => Promise::Stream,
            Expected::Audio if !no_sound.iter().any(is) => Promise::Sound { until, label: Label::of(head) },
            Expected::Audio | Expected::Text | Expected::Json => {
                Promise::Whole { until, kind: kind.cloned() }
            }
        }
    }
}

/// What streams call themselves, in any dialect.
const STREAMS: [&str; 3] =
    ["text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"];

fn is_kind(value: &[u8], kind: &str) -> bool {
    value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
}
