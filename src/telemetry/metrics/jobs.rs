//! What is counted of jobs.

use crate::telemetry::metrics::families::Table;
use prometheus::IntCounterVec;
use prometheus::IntGaugeVec;

pub(super) struct JobCounts {
    states: IntGaugeVec,
    events: IntCounterVec,
}

impl JobCounts {
    pub(super) fn new(table: &Table) -> JobCounts {
        JobCounts {
            states: table.gauges("tollgate_jobs", "Jobs in the store, of all replicas.", &["state"]),
            events: table.counters("tollgate_job_events_total", "What became of jobs here.", &["event"]),
        }
    }

    pub(super) fn event(&self, event: &'static str) {
        self.events.with_label_values(&[event]).inc();
    }

    pub(super) fn counted(&self, counts: &[(&'static str, u64)]) {
        for (state, count) in counts {
            self.states.with_label_values(&[*state]).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
    }
}
