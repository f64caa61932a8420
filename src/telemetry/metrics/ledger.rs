//! What is counted of the ledger on its way to the store.

use crate::telemetry::metrics::families::Families;
use prometheus::IntCounter;
use prometheus::IntGauge;

/// Handles of the ledger's counters; clones count the same.
#[derive(Clone)]
pub struct LedgerCounts {
    lost: IntCounter,
    spool_errors: IntCounter,
    garbage: IntCounter,
    drained: IntCounter,
    spool_bytes: IntGauge,
    store_away: IntGauge,
}

impl LedgerCounts {
    pub(super) fn new(families: &Families) -> LedgerCounts {
        LedgerCounts {
            lost: families.ledger_lost.clone(),
            spool_errors: families.spool_errors.clone(),
            garbage: families.spool_garbage.clone(),
            drained: families.ledger_drained.clone(),
            spool_bytes: families.spool_bytes.clone(),
            store_away: families.store_away.clone(),
        }
    }

    /// Entries that will never be in the store.
    pub fn lost(&self, entries: u64) {
        self.lost.inc_by(entries);
    }

    /// A write that failed, and is tried again.
    pub fn spool_error(&self) {
        self.spool_errors.inc();
    }

    /// Lines of the spool that are no entries.
    pub fn garbage(&self, lines: u64) {
        self.garbage.inc_by(lines);
    }

    /// Entries that are in the store.
    pub fn drained(&self, entries: u64) {
        self.drained.inc_by(entries);
    }

    /// Bytes that are not in the store yet.
    pub fn spool_bytes(&self, bytes: u64) {
        self.spool_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub fn store_away(&self, away: bool) {
        self.store_away.set(i64::from(away));
    }
}
