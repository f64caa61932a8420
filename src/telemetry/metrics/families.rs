//! The table of metric families: name, meaning and labels of each.

use crate::telemetry::metrics::edge::EdgeFamilies;
use crate::telemetry::metrics::jobs::JobCounts;
use crate::telemetry::metrics::ledger::LedgerCounts;
use crate::telemetry::metrics::words::CacheResult;
use prometheus::CounterVec;
use prometheus::HistogramOpts;
use prometheus::HistogramVec;
use prometheus::IntCounter;
use prometheus::IntCounterVec;
use prometheus::IntGauge;
use prometheus::IntGaugeVec;
use prometheus::Opts;
use prometheus::Registry;
use prometheus::TextEncoder;
use prometheus::core::Collector;

/// Seconds. From a cache hit to the slowest reasoning model.
const BUCKETS: [f64; 18] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0,
    120.0,
];

pub(super) struct Families {
    registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) duration: HistogramVec,
    pub(super) ttft: HistogramVec,
    pub(super) tokens: IntCounterVec,
    pub(super) cost: CounterVec,
    pub(super) unpriced: IntCounter,
    /// In the order of [`CacheResult::ALL`].
    pub(super) cache: [IntCounter; 3],
    pub(super) failovers: IntCounterVec,
    pub(super) attempts: IntCounterVec,
    pub(super) healthy: IntGaugeVec,
    pub(super) keys_usable: IntGaugeVec,
    pub(super) allowances: IntGaugeVec,
    pub(super) limits_hit: IntCounterVec,
    pub(super) requests_in_flight: IntGauge,
    pub(super) streams_in_flight: IntGauge,
    pub(super) client_connections: IntGauge,
    pub(super) connections: IntCounterVec,
    pub(super) upstream_in_flight: IntGaugeVec,
    pub(super) events_dropped: IntCounter,
    pub(super) log_lines_dropped: IntCounter,
    pub(super) config_reloads: IntCounterVec,
    pub(super) jobs: JobCounts,
    pub(super) ledger: LedgerCounts,
    pub(super) state_away: IntGauge,
    pub(super) edge: EdgeFamilies,
}

impl Families {
    pub(super) fn new() -> Families {
        let table = Table::new();
        let (of_provider, of_model) = (["provider"], ["provider", "model"]);
        let cache = table.counters("tollgate_cache_total", "Requests by what the cache said.", &["result"]);
        Families {
            requests: table.counters(
                "tollgate_requests_total",
                "Requests answered, by status: common ones exactly, rare ones by class.",
                &["operation", "provider", "model", "code"],
            ),
            duration: table.histograms(
                "tollgate_request_duration_seconds",
                "From a request's arrival to the last byte sent; cache hits under the provider `cache`.",
                &of_model,
            ),
            ttft: table.histograms(
                "tollgate_time_to_first_token_seconds",
                "From a request's arrival to the first content sent.",
                &of_model,
            ),
            tokens: table.counters(
                "tollgate_tokens_total",
                "Tokens; cached and cache_write are parts of input, reasoning is a part of output.",
                &["provider", "model", "kind"],
            ),
            cost: table.costs("tollgate_cost_usd_total", "US dollars, where the price is known.", &of_model),
            unpriced: table.counter("tollgate_unpriced_requests_total", "Requests whose price is unknown."),
            cache: CacheResult::ALL.map(|result| cache.with_label_values(&[result.word()])),
            failovers: table.counters(
                "tollgate_failovers_total",
                "Requests that left a provider for the next, by what it did.",
                &["from", "reason"],
            ),
            attempts: table.counters("tollgate_attempts_total", "Calls made.", &["provider", "outcome"]),
            healthy: table.gauges("tollgate_provider_healthy", "1 while it is in rotation.", &of_provider),
            keys_usable: table.gauges("tollgate_provider_keys_usable", "Keys in use.", &of_provider),
            allowances: table.gauges(
                "tollgate_provider_allowance_remaining",
                "What a provider still allows one of its keys, as counted here.",
                &["provider", "key", "model", "limit"],
            ),
            limits_hit: table.counters("tollgate_limits_hit_total", "Requests a limit refused.", &["limit"]),
            requests_in_flight: table.gauge("tollgate_requests_in_flight", "Requests being served."),
            streams_in_flight: table.gauge("tollgate_streams_in_flight", "Streamed answers being sent."),
            client_connections: table.gauge("tollgate_client_connections", "Connections of clients."),
            connections: table.counters(
                "tollgate_upstream_connections_total",
                "Connections used for a call: opened for it, or taken from the pool.",
                &["provider", "kind"],
            ),
            upstream_in_flight: table.gauges("tollgate_upstream_in_flight", "Calls under way.", &of_provider),
            events_dropped: table.counter("tollgate_events_dropped_total", "Unreadable stream events."),
            log_lines_dropped: table.counter("tollgate_log_lines_dropped_total", "Log lines that were lost."),
            config_reloads: table.counters("tollgate_config_reloads_total", "Reloads.", &["result"]),
            jobs: JobCounts::new(&table),
            ledger: LedgerCounts::new(&table),
            state_away: table.gauge("tollgate_state_away", "1 while Redis is away and limits are local."),
            edge: EdgeFamilies::new(&table),
            registry: table.0,
        }
    }

    /// Takes a provider that is no longer configured out of the gauges.
    pub(super) fn forget_provider(&self, name: &str) {
        for gauges in [&self.healthy, &self.keys_usable] {
            // An error says that it was not there.
            let _ = gauges.remove_label_values(&[name]);
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if let Err(problem) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::error!(%problem, "metrics could not be written");
        }
        text
    }
}

/// Makes families and registers each.
pub(super) struct Table(Registry);

impl Table {
    fn new() -> Table {
        let table = Table(Registry::new());
        let builds = table.gauges("tollgate_build_info", "The running version; always 1.", &["version"]);
        builds.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        table
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help))
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn costs(&self, name: &str, help: &str, labels: &[&str]) -> CounterVec {
        self.register(CounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.register(IntGauge::new(name, help))
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        let opts = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        self.register(HistogramVec::new(opts, labels))
    }

    /// The crate refuses a malformed or repeated name. Ours are the literals above and every test that
    /// makes a `Metrics` makes them all, so a program that was built and tested does not come here.
    fn register<F: Collector + Clone + 'static>(&self, family: prometheus::Result<F>) -> F {
        match family.and_then(|family| self.0.register(Box::new(family.clone())).map(|()| family)) {
            Ok(family) => family,
            Err(problem) => unreachable!("a metric's literal name is refused: {problem}"),
        }
    }
}
