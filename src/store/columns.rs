//! An entry as a row, and back.

use crate::store::bulk::Bound;
use crate::store::entry::Counted;
use crate::store::entry::Entry;
use crate::store::entry::Kind;
use crate::store::entry::PriceState;
use crate::store::error::StoreError;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::any::AnyRow;

/// In the order in which [`bind`] fills them.
pub(super) const COLUMNS: [&str; 26] = [
    "id",
    "kind",
    "at",
    "request_id",
    "tenant",
    "key_id",
    "end_user",
    "operation",
    "provider",
    "model_asked",
    "model_served",
    "stream",
    "status",
    "error",
    "input",
    "cached",
    "cache_write",
    "output",
    "reasoning",
    "counted",
    "cost",
    "price",
    "latency_us",
    "ttft_us",
    "cache",
    "attempts",
];

pub(super) fn bind(query: Bound, entry: &Entry) -> Bound {
    let query = bind_who_and_what(query, entry);
    query
        .bind(i64::from(entry.stream))
        .bind(i64::from(entry.status))
        .bind(bounded(&entry.error))
        .bind(to_stored(entry.input))
        .bind(to_stored(entry.cached))
        .bind(to_stored(entry.cache_write))
        .bind(to_stored(entry.output))
        .bind(to_stored(entry.reasoning))
        .bind(entry.counted.word())
        .bind(to_stored(entry.cost))
        .bind(entry.price.word())
        .bind(to_stored(entry.latency_us))
        .bind(entry.ttft_us.map(to_stored))
        .bind(bounded(&entry.cache))
        .bind(i64::from(entry.attempts))
}

fn bind_who_and_what(query: Bound, entry: &Entry) -> Bound {
    query
        .bind(entry.id.to_string())
        .bind(entry.kind.word())
        .bind(to_stored(entry.at))
        .bind(bounded(&entry.request_id))
        .bind(bounded(&entry.tenant))
        .bind(bounded(&entry.key))
        .bind(bounded(&entry.end_user))
        .bind(bounded(&entry.operation))
        .bind(bounded(&entry.provider))
        .bind(bounded(&entry.model_asked))
        .bind(bounded(&entry.model_served))
}

pub(super) fn read(row: &AnyRow) -> Result<Entry, StoreError> {
    let row = Columns(row);
    let small = |name: &str| Ok::<u16, StoreError>(u16::try_from(row.number(name)?).unwrap_or(u16::MAX));
    Ok(Entry {
        id: row.parsed("id", |text| text.parse().ok())?,
        kind: row.parsed("kind", |text| Kind::ALL.into_iter().find(|kind| kind.word() == text))?,
        at: row.number("at")?,
        request_id: row.text("request_id")?,
        tenant: row.text("tenant")?,
        key: row.text("key_id")?,
        end_user: row.text("end_user")?,
        operation: row.text("operation")?,
        provider: row.text("provider")?,
        model_asked: row.text("model_asked")?,
        model_served: row.text("model_served")?,
        stream: row.flag("stream")?,
        status: small("status")?,
        error: row.text("error")?,
        input: row.number("input")?,
        cached: row.number("cached")?,
        cache_write: row.number("cache_write")?,
        output: row.number("output")?,
        reasoning: row.number("reasoning")?,
        counted: row.parsed("counted", |text| Counted::ALL.into_iter().find(|c| c.word() == text))?,
        cost: row.number("cost")?,
        price: row.parsed("price", |text| PriceState::ALL.into_iter().find(|p| p.word() == text))?,
        latency_us: row.number("latency_us")?,
        ttft_us: row.maybe_number("ttft_us")?,
        cache: row.text("cache")?,
        attempts: small("attempts")?,
    })
}
