//! `ledger`: how long the store keeps what was used.

use crate::config::Keep;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub fn read(root: &Section<'_>) -> Keep {
    let section = root.section("ledger", &shapes::LEDGER);
    Keep {
        entries: section.optional("keep", units::age_or_off).unwrap_or(Some(90 * DAY)),
        hours: section.optional("keep_hours", units::age_or_off).unwrap_or(Some(400 * DAY)),
    }
}
