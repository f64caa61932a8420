//! How an attempt failed: what broke on the wire, in the words of the judge, the log and the metrics.

use crate::dialect::fault;
use crate::routing::judge::Fault;
use crate::upstream::Broken;
use std::time::Duration;

/// Why an attempt failed, and what the provider said about it.
#[derive(Debug)]
pub struct Failure {
    pub fault: Fault,
    pub said: Vec<u8>,
    /// For the log and the metrics.
    pub word: &'static str,
}

impl Failure {
    pub fn new(fault: Fault, word: &'static str) -> Failure {
        Failure { fault, said: Vec::new(), word }
    }

    /// The provider refused with a status. `hint` looks a response header up.
    pub fn refused(
        code: u16,
        said: Vec<u8>,
        hint: &dyn Fn(&str) -> Option<String>,
        since_epoch: Duration,
    ) -> Failure {
        let cause = fault::classify_shape(code, hint(fault::SHAPE_HEADER).as_deref(), &said);
        let retry_after = fault::retry_after(hint, &said, since_epoch);
        Failure { fault: Fault::Status { code, cause, retry_after }, said, word: status_word(code) }
    }

    /// An error inside an answer with status 200.
    pub fn in_band(said: &[u8]) -> Failure {
        let cause = fault::classify(200, said);
        let retry_after = fault::retry_after(&|_| None, said, Duration::ZERO);
        Failure { fault: Fault::InBand { cause, retry_after }, said: said.to_vec(), word: "error_in_200" }
    }

    /// No connection came about.
    pub fn unreached(broken: Broken) -> Failure {
        let word = match broken {
            Broken::Name { .. } => "unresolved",
            Broken::Tls(_) => "tls",
            Broken::Connect(_)
            | Broken::Timeout(_)
            | Broken::Reset(_)
            | Broken::Protocol(_)
            | Broken::TooLarge { .. } => "connect",
        };
        Failure::new(Fault::Unreachable, word)
    }

    /// The connection broke before a head came.
    pub fn unanswered(broken: Broken) -> Failure {
        match broken {
            Broken::Timeout(_) => Failure::new(Fault::Timeout, "timeout"),
            Broken::Reset(_) => Failure::new(Fault::Reset, "reset"),
            Broken::Protocol(_) | Broken::TooLarge { .. } => Failure::new(Fault::Malformed, "not_http"),
            Broken::Name { .. } | Broken::Connect(_) | Broken::Tls(_) => Failure::unreached(broken),
        }
    }

    /// The connection broke after the head and before the first content.
    pub fn cut(broken: Broken) -> Failure {
        match broken {
            Broken::Timeout(_) => Failure::new(Fault::Timeout, "timeout"),
            Broken::TooLarge { .. } => Failure::new(Fault::Malformed, "answer_too_large"),
            Broken::Reset(_)
            | Broken::Protocol(_)
            | Broken::Name { .. }
            | Broken::Connect(_)
            | Broken::Tls(_) => Failure::new(Fault::Malformed, "cut"),
        }
    }
}

/// Statuses that are told apart in metrics; the others count by their class.
const WORDS: &[(u16, &str)] = &[
    (400, "status_400"),
    (401, "status_401"),
    (402, "status_402"),
    (403, "status_403"),
    (404, "status_404"),
    (408, "status_408"),
    (413, "status_413"),
    (422, "status_422"),
    (429, "status_429"),
    (500, "status_500"),
    (502, "status_502"),
    (503, "status_503"),
    (504, "status_504"),
    (529, "status_529"),
];

fn status_word(code: u16) -> &'static str {
    let class = match code {
        300..=399 => "status_3xx",
        400..=499 => "status_4xx",
        _ => "status_5xx",
    };
    WORDS.iter().find(|(known, _)| *known == code).map_or(class, |(_, word)| word)
}
