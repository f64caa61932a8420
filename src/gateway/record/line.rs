//! What a closed record leaves: its counts in the metrics and its line in the log.

use crate::gateway::record::Record;
use crate::telemetry::access;
use crate::telemetry::access::AccessLine;
use crate::telemetry::metrics::CacheResult;
use crate::telemetry::metrics::Finished;
use std::time::Duration;

impl Record {
    pub(super) fn count(&self, latency: Duration) {
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

    pub(super) fn log(&self, latency: Duration) {
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
