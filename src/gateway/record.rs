//! What is written down about one request. Closed exactly once, on whatever way the request ends.

use crate::clock::Moment;
use crate::config::LogFormat;
use crate::dialect::usage::Usage;
use crate::gateway::charge::Charge;
use crate::gateway::jobs::on_behalf::OnBehalf;
use crate::gateway::subject::Subject;
use crate::gateway::vendor::Lane;
use crate::limits::Reservation;
use crate::state::Need;
use crate::state::Taken;
use crate::store::Counted;
use crate::telemetry::access;
use crate::telemetry::access::AccessLine;
use crate::telemetry::access::AttemptNote;
use crate::telemetry::access::Cost;
use crate::telemetry::metrics::CacheResult;
use crate::telemetry::metrics::Finished;
use crate::telemetry::metrics::InFlight;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::sink::Sink;
use crate::usage::pricing::Price;
use crate::usage::pricing::cost;
use crate::usage::spool::Spool;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Uri;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

mod settle;

/// The status that is logged for a client that left (nginx's convention).
pub const CLIENT_LEFT: u16 = 499;

/// Where lines and counts go.
pub struct Ledger {
    pub metrics: Arc<Metrics>,
    pub sink: Sink,
    /// Where requests are written down for the store.
    pub spool: Spool,
    pub format: LogFormat,
    pub access: bool,
}

/// How a request came in.
pub struct Arrival {
    pub at: Instant,
    /// The same moment, since the epoch.
    pub wall: Duration,
    pub request_id: String,
    pub client: Option<IpAddr>,
    pub method: Method,
    pub uri: Uri,
    /// For whom it is asked, where it comes from no connection.
    pub on_behalf: Option<Arc<OnBehalf>>,
}

impl Arrival {
    pub fn moment(&self) -> Moment {
        Moment { mono: self.at, wall: self.wall }
    }
}

/// Who answered, and with what.
#[derive(Default)]
pub struct Service {
    pub provider: Option<Arc<str>>,
    pub model: Option<Arc<str>>,
    pub lane: Option<Arc<Lane>>,
    pub usage: Option<Usage>,
    /// Who says so.
    pub counted: Counted,
    /// What calls used that did not answer.
    pub lost: Need,
    /// How long the sound was that was written down.
    pub heard: Option<Duration>,
    pub cache: Option<CacheResult>,
    pub attempts: Vec<AttemptNote>,
    /// Parameters that could not be said to the provider.
    pub dropped: Vec<String>,
}

/// How it ended.
#[derive(Default)]
pub struct Outcome {
    pub status: u16,
    pub first_byte: Option<Duration>,
    pub error: Option<&'static str>,
}

/// Room that is held while the request runs.
#[derive(Default)]
pub struct Held {
    pub reservation: Option<Reservation>,
    pub taken: Taken,
    /// What the provider that is asked counts of it.
    pub charge: Option<Charge>,
    pub in_flight: Option<InFlight>,
}

/// One request.
pub struct Record {
    ledger: Arc<Ledger>,
    pub arrival: Arrival,
    pub subject: Subject,
    pub service: Service,
    pub outcome: Outcome,
    pub held: Held,
    /// What the route puts on answers.
    pub dress: Vec<(HeaderName, HeaderValue)>,
    written: bool,
    /// Its entry waits in memory for a moment.
    holds_entry: bool,
    closed: bool,
}

impl Record {
    pub fn new(ledger: Arc<Ledger>, arrival: Arrival) -> Record {
        let held = Held { in_flight: Some(ledger.metrics.request_begins()), ..Held::default() };
        Record {
            ledger,
            arrival,
            subject: Subject::default(),
            service: Service::default(),
            outcome: Outcome::default(),
            held,
            dress: Vec::new(),
            written: false,
            holds_entry: false,
            closed: false,
        }
    }

    /// Notes when the client got the first byte of its answer.
    pub fn first_byte(&mut self) {
        let since = self.arrival.at.elapsed();
        self.outcome.first_byte.get_or_insert(since);
    }

    /// Counts events of its stream that could not be read and were not passed on.
    pub fn events_dropped(&self, events: u64) {
        self.ledger.metrics.events_dropped(events);
    }

    pub fn client_left(&mut self) {
        self.outcome.status = CLIENT_LEFT;
        self.outcome.error = Some("client_left");
    }

    /// What this request costs; `None` as long as nothing was used.
    pub fn cost(&self) -> Option<Cost> {
        let (lane, usage) = (self.service.lane.as_ref()?, self.service.usage.as_ref()?);
        Some(match &lane.price {
            Price::Unknown => Cost::Unknown,
            price @ (Price::Known(_) | Price::Free) => cost(price, usage).map_or(Cost::Unknown, Cost::Known),
        })
    }

    /// What the answer used, and who says so.
    pub fn bill(&mut self, usage: Usage, counted: Counted) {
        (self.service.usage, self.service.counted) = (Some(usage), counted);
    }

    /// Settles the limits, counts and logs. Only the first call does anything.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.settle();
        self.arrival.on_behalf.iter().for_each(|on_behalf| on_behalf.ended(self));
        let latency = self.arrival.at.elapsed();
        self.count(latency);
        if self.ledger.access {
            self.log(latency);
        }
        // Last: a process that drains ends when nothing is in flight, and this line has to be out by then.
        self.held.in_flight = None;
    }

    fn count(&self, latency: Duration) {
        self.ledger.metrics.finished(&Finished {
            operation: self.subject.operation,
            series: self.service.lane.as_ref().map_or(self.ledger.metrics.unrouted(), |lane| &lane.series),
            status: self.outcome.status,
            latency,
            ttft: self.outcome.first_byte.filter(|_| self.subject.stream),
            usage: self.service.usage,
            cost: self.cost(),
            cache: self.service.cache,
        });
    }

    fn job(&self) -> Option<&str> {
        self.arrival.on_behalf.as_ref().map(|on_behalf| &*on_behalf.job).or(self.subject.job.as_deref())
    }

    fn log(&self, latency: Duration) {
        let line = AccessLine {
            since_epoch: self.arrival.wall + latency,
            request_id: &self.arrival.request_id,
            client: self.arrival.client,
            method: self.arrival.method.as_str(),
            path: self.arrival.uri.path(),
            status: self.outcome.status,
            route: self.subject.route.as_deref(),
            server: self.subject.server,
            job: self.job(),
            key: self.subject.key.as_deref(),
            tenant: self.subject.tenant.as_deref(),
            provider: self.service.provider.as_deref(),
            model_asked: self.subject.model.as_deref(),
            model_served: self.service.model.as_deref(),
            stream: self.subject.stream,
            latency,
            ttft: self.outcome.first_byte,
            usage: self.service.usage,
            heard: self.service.heard,
            cost: self.cost(),
            cache: self.service.cache.map(CacheResult::word),
            attempts: &self.service.attempts,
            error: self.outcome.error,
        };
        access::write(&line, self.ledger.format, &self.ledger.sink);
    }
}

/// Streams that are cut when the process ends never reach the logging phase; this does.
impl Drop for Record {
    fn drop(&mut self) {
        if !self.closed {
            self.outcome.error.get_or_insert("aborted");
        }
        self.close();
    }
}
