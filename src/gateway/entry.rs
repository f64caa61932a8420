//! A request, and each further call that cost something, as lines of the ledger.

use crate::clock;
use crate::dialect::usage::Usage;
use crate::gateway::itinerary::Stop;
use crate::gateway::record::Record;
use crate::gateway::vendor::Vendor;
use crate::store::Counted;
use crate::store::Entry;
use crate::store::EntryId;
use crate::store::Kind;
use crate::store::PriceState;
use crate::telemetry::metrics::CacheResult;
use crate::telemetry::metrics::Operation;
use crate::usage::pricing::Price;
use crate::usage::pricing::cost;
use std::borrow::Cow;
use std::time::Duration;
use std::time::Instant;

/// Longest word of an entry, in characters. Clients choose some of them, and must not choose their size.
const LONGEST: usize = 200;
/// The status of a call that cost something and did not answer.
const FAILED: u16 = 502;

/// What the request comes to. `None` for what no provider could have been asked, and for whom was not let in.
pub fn of_request(record: &Record, id: EntryId, now: Instant) -> Option<Entry<Cow<'_, str>>> {
    let (service, outcome) = (&record.service, &record.outcome);
    let usage = service.usage.unwrap_or_default();
    let price = service.lane.as_ref().filter(|_| service.usage.is_some()).map(|lane| lane.price);
    let (price, cost) = priced(price, &usage);
    Some(Entry {
        status: outcome.status,
        error: outcome.error.unwrap_or_default().into(),
        provider: word(service.provider.as_deref().unwrap_or_default()),
        model_served: word(service.model.as_deref().unwrap_or_default()),
        counted: if service.usage.is_some() { service.counted } else { Counted::None },
        price,
        cost,
        ttft_us: outcome.first_byte.map(micros),
        cache: service.cache.map_or("", CacheResult::word).into(),
        attempts: u16::try_from(service.attempts.len()).unwrap_or(u16::MAX),
        latency_us: micros(now.saturating_duration_since(record.arrival.at)),
        ..with_usage(common(record, id)?, usage)
    })
}

/// A call of which the provider told what it used, although it did not answer.
pub fn of_attempt<'r>(
    record: &'r Record,
    id: EntryId,
    (vendor, stop): (&'r Vendor, &'r Stop),
    usage: Usage,
) -> Option<Entry<Cow<'r, str>>> {
    let (price, cost) = priced(Some(vendor.lane(&stop.model).price), &usage);
    let note = record.service.attempts.last()?;
    Some(Entry {
        kind: Kind::Attempt,
        status: FAILED,
        error: note.outcome.into(),
        provider: word(&vendor.name),
        model_served: word(&stop.model),
        counted: Counted::Told,
        price,
        cost,
        latency_us: micros(note.took),
        ..with_usage(common(record, id)?, usage)
    })
}

fn common(record: &Record, id: EntryId) -> Option<Entry<Cow<'_, str>>> {
    let Operation::Asked(operation) = record.subject.operation else {
        return None;
    };
    let payer = record.subject.payer.as_ref()?;
    Some(Entry {
        id,
        // Of its arrival: that is when it counted against quotas.
        at: clock::millis(record.arrival.wall),
        request_id: record.arrival.request_id.as_str().into(),
        key: (&*payer.id).into(),
        tenant: payer.tenant.as_ref().map(|tenant| &*tenant.id).unwrap_or_default().into(),
        end_user: record.subject.end_user.as_deref().unwrap_or_default().into(),
        operation: operation.word().into(),
        model_asked: word(record.subject.model.as_deref().unwrap_or_default()),
        stream: record.subject.stream,
        ..Entry::default()
    })
}

fn with_usage<T>(entry: Entry<T>, usage: Usage) -> Entry<T> {
    let Usage { input, cached, cache_write, output, reasoning } = usage;
    Entry { input, cached, cache_write, output, reasoning, ..entry }
}

fn priced(price: Option<Price>, usage: &Usage) -> (PriceState, u64) {
    let state = match price {
        None => return (PriceState::Nothing, 0),
        Some(Price::Known(_)) => PriceState::Known,
        Some(Price::Free) => PriceState::Free,
        Some(Price::Unknown) => PriceState::Unknown,
    };
    (state, price.and_then(|price| cost(&price, usage)).unwrap_or_default().0)
}

/// Without signs that no store takes, and not too long.
fn word(text: &str) -> Cow<'_, str> {
    match text.len() <= LONGEST && !text.bytes().any(|byte| byte.is_ascii_control()) {
        true => text.into(),
        false => text.chars().filter(|sign| !sign.is_control()).take(LONGEST).collect(),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_cut_and_holds_nothing_that_a_store_refuses() {
        assert_eq!(word("gpt-4o"), "gpt-4o");
        assert_eq!(word("a\0b\nc"), "abc");
        assert_eq!(word(&"ü".repeat(300)).chars().count(), LONGEST);
    }

    #[test]
    fn an_unknown_price_is_not_a_price_of_nothing() {
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        assert_eq!(priced(Some(Price::Unknown), &usage), (PriceState::Unknown, 0));
        assert_eq!(priced(Some(Price::Free), &usage), (PriceState::Free, 0));
        assert_eq!(priced(None, &usage), (PriceState::Nothing, 0));
    }
}
