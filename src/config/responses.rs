//! `responses`: answers of `/v1/responses` that clients go on from by their id.

use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// Answers of `/v1/responses`, kept with their conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredResponses {
    /// `None`: none are stored, and who goes on from one has to ask the provider that keeps it. Default 1 h.
    pub ttl: Option<Duration>,
    /// Default 10,000.
    pub max_entries: u64,
    /// All of them together, in bytes. Default 256 MiB.
    pub max_bytes: u64,
}

pub fn read(root: &Section<'_>) -> StoredResponses {
    let responses = root.section("responses", &shapes::RESPONSES);
    StoredResponses {
        ttl: responses.optional("ttl", units::duration_or_off).unwrap_or(Some(Duration::from_secs(3600))),
        max_entries: responses.optional("max_entries", units::some_count).unwrap_or(10_000).into(),
        max_bytes: responses.optional("max_bytes", units::size).unwrap_or(256 << 20),
    }
}
