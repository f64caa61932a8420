//! What is counted of the ledger on its way to the store.

use crate::telemetry::metrics::families::Table;
use prometheus::IntCounter;
use prometheus::IntGauge;

/// Handles of the ledger's counters; clones count the same.
#[derive(Clone)]
pub struct LedgerCounts {
    lost: IntCounter,
    spool_errors: IntCounter,
    garbage: IntCounter,
    refused: IntCounter,
    drained: IntCounter,
    spool_bytes: IntGauge,
    store_away: IntGauge,
}

impl LedgerCounts {
    pub(super) fn new(table: &Table) -> LedgerCounts {
        LedgerCounts {
            lost: table.counter("tollgate_ledger_lost_total", "Entries that will not be in the store."),
            spool_errors: table.counter("tollgate_ledger_spool_errors_total", "Failed writes, tried again."),
            garbage: table.counter("tollgate_ledger_spool_garbage_total", "Places that hold no entry."),
            refused: table.counter("tollgate_ledger_refused_total", "Batches refused, tried again."),
            drained: table.counter("tollgate_ledger_drained_total", "Entries put into the store."),
            spool_bytes: table.gauge("tollgate_ledger_spool_bytes", "Bytes that are not in the store yet."),
            store_away: table.gauge("tollgate_ledger_store_away", "1 while the store takes no entries."),
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

    /// Places in the spool where no entry stands.
    pub fn garbage(&self, places: u64) {
        self.garbage.inc_by(places);
    }

    /// A batch that the store refused.
    pub fn refused(&self) {
        self.refused.inc();
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
