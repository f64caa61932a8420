//! `responses`: answers of `/v1/responses` that clients go on from by their id.

use crate::config::StoredResponses;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

pub fn read(root: &Section<'_>) -> StoredResponses {
    let responses = root.section("responses", &shapes::RESPONSES);
    StoredResponses {
        ttl: responses.optional("ttl", units::duration_or_off).unwrap_or(Some(Duration::from_secs(3600))),
        max_entries: responses.optional("max_entries", units::some_count).unwrap_or(10_000).into(),
        max_bytes: responses.optional("max_bytes", units::size).unwrap_or(256 << 20),
    }
}
