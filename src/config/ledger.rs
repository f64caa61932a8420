//! `ledger`: how long the store keeps what was used.

use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// What is kept of the ledger in the store; `None` keeps it for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Single entries. Default 90 days.
    pub entries: Option<Duration>,
    /// Sums by the hour; sums by the day are always kept. Default 400 days.
    pub hours: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub fn read(root: &Section<'_>) -> Keep {
    let section = root.section("ledger", &shapes::LEDGER);
    Keep {
        entries: section.optional("keep", units::age_or_off).unwrap_or(Some(90 * DAY)),
        hours: section.optional("keep_hours", units::age_or_off).unwrap_or(Some(400 * DAY)),
    }
}
