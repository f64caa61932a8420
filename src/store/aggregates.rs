//! Sums by hour and by day, kept with every entry that comes in.

use crate::store::columns::Bound;
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::pools::Tx;
use crate::store::sums::SUMS;
use crate::store::sums::Sums;
use crate::store::values::bounded;
use crate::store::values::places;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(super) const HOUR: u64 = 3_600_000;
pub(super) const DAY: u64 = 86_400_000;

/// Rows of one statement, which is prepared once; more are not faster.
const ROWS: usize = 32;

const DIMENSIONS: [&str; 5] = ["at", "tenant", "key_id", "provider", "model"];

/// What sums are kept by. Its order is the order in which rows are locked: two writers never wait for each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Bucket {
    at: u64,
    tenant: String,
    key: String,
    provider: String,
    model: String,
}

/// Adds entries, each of which must be new.
pub(super) async fn add(tx: &mut Tx, entries: &[&Entry]) -> Result<(), StoreError> {
    static HOURS: LazyLock<String> = LazyLock::new(|| upsert("hours", ROWS));
    static DAYS: LazyLock<String> = LazyLock::new(|| upsert("days", ROWS));
    for (table, full, width) in [("hours", &HOURS, HOUR), ("days", &DAYS, DAY)] {
        let buckets: Vec<_> = gathered(entries, width).into_iter().collect();
        for chunk in buckets.chunks(ROWS) {
            let query = match chunk.len() {
                ROWS => sqlx::query(full.as_str()),
                rows => sqlx::query(AssertSqlSafe(upsert(table, rows))).persistent(false),
            };
            add_rows(tx, query, chunk).await?;
        }
    }
    Ok(())
}

fn gathered(entries: &[&Entry], width: u64) -> BTreeMap<Bucket, Sums> {
    let mut buckets: BTreeMap<Bucket, Sums> = BTreeMap::new();
    for entry in entries {
        *buckets.entry(Bucket::of(entry, width)).or_default() += Sums::of(entry);
    }
    buckets
}

impl Bucket {
    fn of(entry: &Entry, width: u64) -> Bucket {
        // Of a request that no provider answered only the name is known that it asked for.
        let model = if entry.model_served.is_empty() { &entry.model_asked } else { &entry.model_served };
        Bucket {
            at: entry.at - entry.at % width,
            tenant: bounded(&entry.tenant),
            key: bounded(&entry.key),
            provider: bounded(&entry.provider),
            model: bounded(model),
        }
    }
}

async fn add_rows(tx: &mut Tx, mut query: Bound<'_>, rows: &[(Bucket, Sums)]) -> Result<(), StoreError> {
    for (bucket, sums) in rows {
        query = query
            .bind(to_stored(bucket.at))
            .bind(bucket.tenant.as_str())
            .bind(bucket.key.as_str())
            .bind(bucket.provider.as_str())
            .bind(bucket.model.as_str());
        query = sums.numbers().into_iter().fold(query, |query, number| query.bind(to_stored(number)));
    }
    query.execute(&mut **tx).await?;
    Ok(())
}

/// A sum that would be too large stays at the largest: SQLite would make a fraction of it, PostgreSQL refuse it.
fn upsert(table: &str, rows: usize) -> String {
    let most = i64::MAX;
    let add = SUMS.map(|sum| {
        format!(
            "{sum} = CASE WHEN {table}.{sum} > {most} - excluded.{sum} THEN {most} \
             ELSE {table}.{sum} + excluded.{sum} END"
        )
    });
    format!(
        "INSERT INTO {table} ({dimensions}, {sums}) VALUES {places} \
         ON CONFLICT ({dimensions}) DO UPDATE SET {add}",
        dimensions = DIMENSIONS.join(", "),
        sums = SUMS.join(", "),
        places = places(rows, DIMENSIONS.len() + SUMS.len()),
        add = add.join(", "),
    )
}
