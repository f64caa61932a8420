//! What Prometheus reads: counters, gauges and histograms, and the handles that count without a look-up.
//!
//! No label value comes from a client. Providers and models come from the configuration through
//! [`Metrics::series`] and [`Metrics::upstream`], once per snapshot; everything else is a word of ours.

mod edge;
mod families;
mod jobs;
mod ledger;
mod process;
mod series;
mod upstream;
mod words;

pub use edge::ClusterReading;
pub use edge::ServerReading;
pub use ledger::LedgerCounts;
pub use series::Series;
pub use upstream::Upstream;
pub use words::CacheResult;
pub use words::Operation;

use crate::dialect::usage::Usage;
use crate::telemetry::access::Cost;
use crate::telemetry::metrics::families::Families;
use prometheus::IntGauge;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

/// What [`Metrics::gather`] returns.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The model of a series whose model is not one of the configuration's.
pub const OTHER: &str = "other";

/// Provider or model of a request that never got as far as having one.
const NONE: &str = "none";

/// The provider under which cache hits are timed: their microseconds would flatter the real one.
const CACHE: &str = "cache";

/// Most pairs of provider and model; further ones count as [`OTHER`]. A pair with traffic takes about
/// 50 lines of a scrape.
const MOST_SERIES: usize = 1000;

/// Every metric of the process. Share it by `Arc`.
pub struct Metrics {
    families: Arc<Families>,
    unrouted: Arc<Series>,
    hits: Arc<Series>,
    pairs: Mutex<HashSet<(String, String)>>,
    /// Names of the providers that the last readings showed.
    shown: Mutex<HashSet<String>>,
}

/// One request that has ended.
pub struct Finished<'a> {
    pub operation: Operation,
    /// Of the provider and model that answered; [`Metrics::unrouted`] when none was asked.
    pub series: &'a Series,
    pub status: u16,
    pub latency: Duration,
    pub ttft: Option<Duration>,
    /// `None` for a cache hit, which uses nothing.
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
    pub cache: Option<CacheResult>,
}

/// State that is read when Prometheus asks, not when it changes.
pub struct Readings<'a> {
    /// All providers; one that is missing here disappears.
    pub providers: &'a [ProviderReading<'a>],
    /// All allowances; one that is missing here disappears.
    pub allowances: &'a [AllowanceReading<'a>],
    /// All clusters of the edge; one that is missing here disappears.
    pub clusters: &'a [ClusterReading],
    /// Since the start, as [`Sink::dropped`](crate::telemetry::sink::Sink::dropped) tells it.
    pub log_lines_dropped: u64,
}

pub struct ProviderReading<'a> {
    pub name: &'a str,
    pub healthy: bool,
    pub keys_usable: usize,
}

/// One limit of one key of a provider.
pub struct AllowanceReading<'a> {
    pub provider: &'a str,
    /// The first is 1.
    pub key: usize,
    pub model: &'a str,
    pub limit: &'static str,
    pub remaining: u64,
}

/// Counts something in flight until it is dropped.
#[must_use = "it counts only while it is held"]
pub struct InFlight(IntGauge);

impl Metrics {
    #[allow(clippy::new_without_default, reason = "there is one per process, and it is made on purpose")]
    pub fn new() -> Metrics {
        let families = Arc::new(Families::new());
        let series = |provider: &str| Arc::new(Series::new(Arc::clone(&families), provider, NONE));
        let (unrouted, hits) = (series(NONE), series(CACHE));
        Metrics { families, unrouted, hits, pairs: Mutex::default(), shown: Mutex::default() }
    }

    /// The handle of one provider's model, for a snapshot to keep. Both names must be of the
    /// configuration or a provider's own list; use [`OTHER`] for a model that is not.
    pub fn series(&self, provider: &str, model: &str) -> Arc<Series> {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (provider.to_owned(), model.to_owned());
        let fits = pairs.len() < MOST_SERIES || pairs.contains(&pair);
        if fits {
            pairs.insert(pair);
        }
        drop(pairs);
        let model = if fits { model } else { OTHER };
        Arc::new(Series::new(Arc::clone(&self.families), provider, model))
    }

    /// For requests that were answered before a provider was chosen.
    pub fn unrouted(&self) -> &Arc<Series> {
        &self.unrouted
    }

    /// The handle of one provider's connections, for a snapshot to keep.
    pub fn upstream(&self, provider: &str) -> Arc<Upstream> {
        Arc::new(Upstream::new(&self.families, provider))
    }

    /// Counts one request, whatever became of it.
    pub fn finished(&self, request: &Finished<'_>) {
        request.series.count(request.operation, request.status);
        let timed = match request.cache {
            Some(CacheResult::Hit) => &self.hits,
            Some(CacheResult::Miss | CacheResult::Bypass) | None => request.series,
        };
        timed.time(request.latency, request.ttft);
        if let Some(usage) = &request.usage {
            request.series.spend(usage);
        }
        match request.cost {
            Some(Cost::Known(money)) => request.series.pay(money),
            Some(Cost::Unknown) => self.families.unpriced.inc(),
            None => {}
        }
        if let Some(result) = request.cache {
            self.families.cache[result as usize].inc();
        }
    }

    /// A request on a route of the edge has ended. The route is one of the configuration's.
    pub fn routed(&self, route: &str, status: u16, retries: u32) {
        self.families.edge.routed(route, status, retries);
    }

    /// A request leaves the provider `from` for the next one; `reason` is the outcome of its attempt.
    pub fn failover(&self, from: &str, reason: &'static str) {
        self.families.failovers.with_label_values(&[from, reason]).inc();
    }

    /// A request is refused by `limit`: `requests`, `tokens`, `concurrent`, `per_ip`, `bad_keys_per_ip`.
    pub fn limit_hit(&self, limit: &'static str) {
        self.families.limits_hit.with_label_values(&[limit]).inc();
    }

    /// Events of a stream were not passed on because they could not be read.
    pub fn events_dropped(&self, events: u64) {
        self.families.events_dropped.inc_by(events);
    }

    /// A job was `accepted`, `refused`, `cancelled`, `completed`, `failed` or `retried` here.
    pub fn job(&self, event: &'static str) {
        self.families.jobs.event(event);
    }

    /// How many jobs the store has of each state.
    pub fn jobs(&self, counts: &[(&'static str, u64)]) {
        self.families.jobs.counted(counts);
    }

    /// The handles of the ledger's counters.
    pub fn ledger(&self) -> LedgerCounts {
        self.families.ledger.clone()
    }

    /// Whether the shared state is away and each replica counts for itself.
    pub fn state_away(&self, away: bool) {
        self.families.state_away.set(i64::from(away));
    }

    /// A new configuration came into force.
    pub fn config_accepted(&self) {
        self.families.config_reloads.with_label_values(&["accepted"]).inc();
    }

    /// A new configuration was refused and the old one stays.
    pub fn config_refused(&self) {
        self.families.config_reloads.with_label_values(&["refused"]).inc();
    }

    /// Hold the result for as long as the request lives.
    pub fn request_begins(&self) -> InFlight {
        InFlight::enter(&self.families.requests_in_flight)
    }

    /// Requests that are under way now.
    pub fn requests_in_flight(&self) -> i64 {
        self.families.requests_in_flight.get()
    }

    /// Hold the result for as long as the streamed answer lives.
    pub fn stream_begins(&self) -> InFlight {
        InFlight::enter(&self.families.streams_in_flight)
    }

    /// Hold the result for as long as a client's connection lives.
    pub fn connection_begins(&self) -> InFlight {
        InFlight::enter(&self.families.client_connections)
    }

    /// Connections of clients that are open now.
    pub fn connections(&self) -> i64 {
        self.families.client_connections.get()
    }

    /// Takes over what can only be read; to be called before [`Metrics::gather`].
    pub fn read(&self, now: &Readings<'_>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in shown.iter().filter(|name| now.providers.iter().all(|provider| provider.name != *name)) {
            self.families.forget_provider(gone);
        }
        for provider in now.providers {
            let keys = i64::try_from(provider.keys_usable).unwrap_or(i64::MAX);
            self.families.healthy.with_label_values(&[provider.name]).set(i64::from(provider.healthy));
            self.families.keys_usable.with_label_values(&[provider.name]).set(keys);
        }
        self.families.edge.read(now.clusters);
        self.families.allowances.reset();
        for AllowanceReading { provider, key, model, limit, remaining } in now.allowances {
            let gauge =
                self.families.allowances.with_label_values(&[*provider, &key.to_string(), model, limit]);
            gauge.set(i64::try_from(*remaining).unwrap_or(i64::MAX));
        }
        *shown = now.providers.iter().map(|provider| provider.name.to_owned()).collect();
        let lines = &self.families.log_lines_dropped;
        lines.inc_by(now.log_lines_dropped.saturating_sub(lines.get()));
    }

    /// Everything in Prometheus' text format ([`CONTENT_TYPE`]).
    pub fn gather(&self) -> String {
        let mut text = self.families.text();
        process::append(&mut text);
        text
    }
}

impl InFlight {
    fn enter(gauge: &IntGauge) -> InFlight {
        gauge.inc();
        InFlight(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
