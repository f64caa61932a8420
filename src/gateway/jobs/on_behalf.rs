//! A request that comes from no connection but from a stored job: for whom it is asked, and how it broke, if it did.
//!
//! It reaches the phases as the context of a session that was made in this process. No client can write one.

use crate::gateway::record::Record;
use std::sync::Arc;
use std::sync::OnceLock;

/// What attempts are called that ended without an answer of the provider's.
const WIRE: [&str; 7] = ["connect", "cut", "not_http", "reset", "timeout", "tls", "unresolved"];

/// For whom a request is asked.
pub struct OnBehalf {
    pub job: Arc<str>,
    /// The id of the key the job was handed in with.
    pub key: Arc<str>,
    fault: OnceLock<Option<&'static str>>,
}

impl OnBehalf {
    pub fn new(job: &str, key: &str) -> OnBehalf {
        OnBehalf { job: job.into(), key: key.into(), fault: OnceLock::new() }
    }

    /// Told when the request's record is closed.
    pub fn ended(&self, record: &Record) {
        self.fault.get_or_init(|| fault(record));
    }

    /// What broke, in a word of the log's; `None` where there is an answer, be it a refusal.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault.get().copied().flatten()
    }
}

fn fault(record: &Record) -> Option<&'static str> {
    let attempts = &record.service.attempts;
    match (record.outcome.status, record.outcome.error?) {
        (_, word @ ("aborted" | "deadline")) => Some(word),
        // In the middle of a stream.
        (200, word @ ("cut" | "stall")) => Some(word),
        (503, "all_failed") if attempts.iter().all(|attempt| WIRE.contains(&attempt.outcome)) => {
            Some(attempts.last().map_or("no_provider", |last| last.outcome))
        }
        (_, _) => None,
    }
}
