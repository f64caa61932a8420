//! The counters of one provider's model, each found once and then only incremented.

use crate::dialect::usage::Usage;
use crate::money::Money;
use crate::telemetry::metrics::families::Families;
use crate::telemetry::metrics::words::Code;
use crate::telemetry::metrics::words::Operation;
use prometheus::Counter;
use prometheus::Histogram;
use prometheus::IntCounter;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

const KINDS: usize = 5;

/// What is counted under one pair of provider and model.
///
/// A counter comes into being when it is first needed: most models of a long list see no traffic and
/// most codes never occur, and a scrape should not carry their zeros.
pub struct Series {
    families: Arc<Families>,
    provider: String,
    model: String,
    requests: [[OnceLock<IntCounter>; Code::COUNT]; Operation::COUNT],
    duration: OnceLock<Histogram>,
    ttft: OnceLock<Histogram>,
    tokens: [OnceLock<IntCounter>; KINDS],
    cost: OnceLock<Counter>,
}

impl Series {
    pub(super) fn new(families: Arc<Families>, provider: &str, model: &str) -> Series {
        Series {
            families,
            provider: provider.to_owned(),
            model: model.to_owned(),
            requests: [const { [const { OnceLock::new() }; Code::COUNT] }; Operation::COUNT],
            duration: OnceLock::new(),
            ttft: OnceLock::new(),
            tokens: [const { OnceLock::new() }; KINDS],
            cost: OnceLock::new(),
        }
    }

    pub(super) fn count(&self, operation: Operation, status: u16) {
        let code = Code::of(status);
        let counter = self.requests[operation.index()][code.index()].get_or_init(|| {
            let labels = [operation.word(), &self.provider, &self.model, &code.word()];
            self.families.requests.with_label_values(&labels)
        });
        counter.inc();
    }

    pub(super) fn time(&self, latency: Duration, ttft: Option<Duration>) {
        let labels = self.labels();
        let duration = self.duration.get_or_init(|| self.families.duration.with_label_values(&labels));
        duration.observe(latency.as_secs_f64());
        if let Some(ttft) = ttft {
            let first = self.ttft.get_or_init(|| self.families.ttft.with_label_values(&labels));
            first.observe(ttft.as_secs_f64());
        }
    }

    pub(super) fn spend(&self, usage: &Usage) {
        let kinds: [(&str, u64); KINDS] = [
            ("input", usage.input),
            ("cached", usage.cached),
            ("cache_write", usage.cache_write),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ];
        for (slot, (kind, tokens)) in self.tokens.iter().zip(kinds).filter(|(_, (_, tokens))| *tokens > 0) {
            let labels = [&self.provider, &self.model, kind];
            slot.get_or_init(|| self.families.tokens.with_label_values(&labels)).inc_by(tokens);
        }
    }

    pub(super) fn pay(&self, money: Money) {
        let cost = self.cost.get_or_init(|| self.families.cost.with_label_values(&self.labels()));
        cost.inc_by(money.as_usd());
    }

    fn labels(&self) -> [&str; 2] {
        [&self.provider, &self.model]
    }
}
