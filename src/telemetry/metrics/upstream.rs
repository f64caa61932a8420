//! The counters of one provider's calls and connections.

use crate::telemetry::metrics::InFlight;
use crate::telemetry::metrics::families::Families;
use prometheus::IntCounter;
use prometheus::IntGauge;
use std::sync::Arc;

/// The outcome of nearly every attempt, which therefore has a counter at hand.
const USUAL: &str = "200";

/// What is counted per call to one provider.
pub struct Upstream {
    families: Arc<Families>,
    provider: String,
    usual: IntCounter,
    opened: IntCounter,
    reused: IntCounter,
    in_flight: IntGauge,
}

impl Upstream {
    pub(super) fn new(families: &Arc<Families>, provider: &str) -> Upstream {
        let connections = |kind: &str| families.connections.with_label_values(&[provider, kind]);
        Upstream {
            families: Arc::clone(families),
            provider: provider.to_owned(),
            usual: families.attempts.with_label_values(&[provider, USUAL]),
            opened: connections("new"),
            reused: connections("reused"),
            in_flight: families.upstream_in_flight.with_label_values(&[provider]),
        }
    }

    /// Counts one attempt by its outcome: `200`, `connect`, `timeout`, `status_500`, …
    pub fn attempt(&self, outcome: &'static str) {
        if outcome == USUAL {
            self.usual.inc();
        } else {
            self.families.attempts.with_label_values(&[&self.provider, outcome]).inc();
        }
    }

    /// A connection was opened for a call.
    pub fn connection_opened(&self) {
        self.opened.inc();
    }

    /// A call found a connection in the pool.
    pub fn connection_reused(&self) {
        self.reused.inc();
    }

    /// Hold the result for as long as the call lives.
    pub fn call_begins(&self) -> InFlight {
        InFlight::enter(&self.in_flight)
    }
}
