//! What a request used comes off its limits and goes into the ledger, before the last byte of its answer goes out: a
//! client may ask again as soon as it has that, and what has been answered is never lost.

use crate::clock;
use crate::dialect::usage::Usage;
use crate::gateway::entry;
use crate::gateway::itinerary::Stop;
use crate::gateway::record::Record;
use crate::gateway::vendor::Vendor;
use crate::money::Money;
use crate::state::Need;
use crate::telemetry::access::Cost;
use crate::telemetry::metrics::CacheResult;
use crate::turns;
use crate::usage::pricing::cost;

impl Record {
    /// Writes down a call that cost `usage` and did not answer. Its note must be the last of the attempts.
    pub fn lost_on(&mut self, target: (&Vendor, &Stop), usage: Usage) {
        let cost = cost(&target.0.lane(&target.1.model).price, &usage).unwrap_or_default();
        self.service.lost.tokens += usage.total();
        self.service.lost.cost += cost;
        if let Some(charge) = self.held.charge.take() {
            charge.answered(usage.total());
        }
        let spool = &self.ledger.spool;
        entry::of_attempt(self, spool.next_id(), target, usage).iter().for_each(|entry| spool.append(entry));
    }

    /// Gives back what was not used, and the place among the key's requests under way, and writes the request into
    /// the ledger.
    pub fn settle(&mut self) {
        self.settle_in_memory();
        self.write_entry();
    }

    /// As [`Record::settle`], together with whatever else is answered in this moment: their entries take one write.
    pub async fn settle_with_others(&mut self) {
        self.settle_in_memory();
        turns::together().await;
        self.write_entry();
    }

    /// Who has no entry does not touch the disk.
    fn write_entry(&mut self) {
        if std::mem::take(&mut self.holds_entry) {
            self.ledger.spool.write_held();
        }
    }

    /// All but the write.
    fn settle_in_memory(&mut self) {
        if let Some(charge) = self.held.charge.take() {
            charge.answered(self.service.usage.map_or(0, |usage| usage.total()));
        }
        // Who pays nothing has no line in the ledger.
        let is_new = !std::mem::replace(&mut self.written, true) && self.subject.payer.is_some();
        let reservation = self.held.reservation.take();
        if !is_new && reservation.is_none() {
            return;
        }
        let now = clock::now();
        if is_new {
            let spool = &self.ledger.spool;
            let entry = entry::of_request(self, spool.next_id(), now);
            entry.iter().for_each(|entry| spool.hold(entry));
            self.holds_entry = entry.is_some();
        }
        if let Some(reservation) = reservation {
            reservation.settle(self.consumed(), self.arrival.moment().at(now));
        }
    }

    /// What counts against quotas: an answer from the cache does not.
    fn consumed(&self) -> Need {
        let cost = match self.cost() {
            Some(Cost::Known(money)) => money,
            Some(Cost::Unknown) | None => Money::ZERO,
        };
        let hit = self.service.cache == Some(CacheResult::Hit);
        let (tokens, lost) = (self.service.usage.map_or(0, |u| u.total()), self.service.lost);
        Need { requests: u64::from(!hit), tokens: tokens + lost.tokens, cost: cost + lost.cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;
    use crate::dialect::operation::Operation as Asked;
    use crate::gateway::record::Arrival;
    use crate::gateway::record::Ledger;
    use crate::state::Claim;
    use crate::state::State;
    use crate::state::Whose;
    use crate::telemetry::metrics::Metrics;
    use crate::telemetry::metrics::Operation;
    use crate::telemetry::sink::Sink;
    use crate::tenants::credential::Credential;
    use crate::tenants::credential::Rights;
    use crate::usage::spool::Spool;
    use futures_util::FutureExt;
    use http::Method;
    use http::Uri;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    fn ledger(folder: &Path) -> Arc<Ledger> {
        let metrics = Arc::new(Metrics::new());
        let spool = Spool::open(folder.to_owned(), 7, metrics.ledger()).unwrap();
        Arc::new(Ledger { metrics, sink: Sink::start(), spool, format: LogFormat::Json, access: false })
    }

    fn record(ledger: &Arc<Ledger>) -> Record {
        let arrival = Arrival {
            at: clock::now(),
            wall: Duration::ZERO,
            request_id: "req_1".to_owned(),
            client: None,
            method: Method::POST,
            uri: Uri::from_static("/v1/chat/completions"),
            on_behalf: None,
        };
        let own = Claim { whose: Whose::Key, account: State::memory().account("k"), bounds: Arc::default() };
        let mut record = Record::new(ledger.clone(), arrival);
        record.subject.operation = Operation::Asked(Asked::ChatCompletions);
        record.subject.payer = Some(Arc::new(Credential::new("key_1", "app", None, Rights::default(), own)));
        record
    }

    /// Bytes in the file, and in memory.
    fn written(ledger: &Ledger) -> (u64, u64) {
        let (_, file) = ledger.spool.files();
        (file.len(), ledger.spool.backlog() - file.len())
    }

    #[tokio::test]
    async fn those_who_settle_together_are_written_before_any_of_them_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(folder.path());
        let (mut one, mut two) = (record(&ledger), record(&ledger));
        let (mut first, mut second) =
            (Box::pin(one.settle_with_others()), Box::pin(two.settle_with_others()));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        let (nothing, both) = written(&ledger);
        assert!(nothing == 0 && both > 0, "{nothing} {both}");
        first.await;
        assert_eq!(written(&ledger), (both, 0));
        second.await;
        assert_eq!(written(&ledger), (both, 0));
    }

    #[tokio::test]
    async fn who_leaves_while_the_others_come_is_written_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(folder.path());
        let mut record = record(&ledger);
        assert!(record.settle_with_others().now_or_never().is_none());
        let (nothing, held) = written(&ledger);
        assert!(nothing == 0 && held > 0, "{nothing} {held}");
        drop(record);
        assert_eq!(written(&ledger), (held, 0));
    }
}
