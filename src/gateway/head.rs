//! What the head of an answer says of its body.

use crate::dialect::fault;
use http::header;
use pingora::http::ResponseHeader;
use std::time::Instant;

/// What the head of an answer promises.
pub enum Head {
    Stream,
    /// The end of the body must have come by then.
    Whole {
        until: Instant,
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
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    fault::SHAPE_HEADER,
];

impl Head {
    /// `until`: when the end of a whole answer must have come.
    pub fn of(head: &ResponseHeader, stream: bool, until: Instant) -> Head {
        if !head.status.is_success() {
            let hint = |name: &&str| {
                let value = head.headers.get(*name)?.to_str().ok()?;
                Some(((*name).to_owned(), value.to_owned()))
            };
            return Head::Failed {
                code: head.status.as_u16(),
                hints: HINTS.iter().filter_map(hint).collect(),
            };
        }
        let encoding = head.headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Head::Encoded;
        }
        let kind = head.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |v| v.as_bytes());
        match stream && STREAMS.iter().any(|known| is_kind(kind, known)) {
            true => Head::Stream,
            false => Head::Whole { until },
        }
    }
}

/// What streams call themselves, in any dialect.
const STREAMS: [&str; 3] =
    ["text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"];

fn is_kind(value: &[u8], kind: &str) -> bool {
    value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
}
