//! Sums by hour and by day, kept with every entry that comes in.

use crate::store::bulk::Bound;
use crate::store::bulk::Bulk;
use crate::store::bulk::ROWS;
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::pools::Flavour;
use crate::store::pools::Tx;
use crate::store::sums::SUMS;
use crate::store::sums::Sums;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use std::collections::BTreeMap;

pub(super) const HOUR: u64 = 3_600_000;
pub(super) const DAY: u64 = 86_400_000;

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

/// One table of sums.
#[derive(Debug)]
pub(super) struct Table {
    /// Milliseconds that one row covers.
    width: u64,
    insert: Bulk,
}

pub(super) fn tables(flavour: Flavour) -> [Table; 2] {
    let columns: Vec<&str> = DIMENSIONS.into_iter().chain(SUMS).collect();
    [("hours", HOUR), ("days", DAY)].map(|(name, width)| {
        let insert = Bulk::new(flavour, name, &columns, &add_to(name));
        Table { width, insert }
    })
}

/// Adds entries, each of which must be new.
pub(super) async fn add(tx: &mut Tx, tables: &[Table], entries: &[&Entry]) -> Result<(), StoreError> {
    for table in tables {
        let buckets: Vec<_> = gathered(entries, table.width).into_iter().collect();
        for rows in buckets.chunks(ROWS) {
            let query = rows.iter().fold(table.insert.of(rows.len()), bind);
            query.execute(&mut **tx).await?;
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
        // A name that nobody answered to is the caller's choice: there may be any number of them.
        let model = match entry.model_served.as_str() {
            "" if entry.is_hit() => &entry.model_asked,
            served => served,
        };
        Bucket {
            at: entry.at - entry.at % width,
            tenant: bounded(&entry.tenant),
            key: bounded(&entry.key),
            provider: bounded(&entry.provider),
            model: bounded(model),
        }
    }
}

fn bind(query: Bound, (bucket, sums): &(Bucket, Sums)) -> Bound {
    let query = query
        .bind(to_stored(bucket.at))
        .bind(bucket.tenant.as_str())
        .bind(bucket.key.as_str())
        .bind(bucket.provider.as_str())
        .bind(bucket.model.as_str());
    sums.numbers().into_iter().fold(query, |query, number| query.bind(to_stored(number)))
}

/// A sum that would be too large stays at the largest: SQLite would make a fraction of it, PostgreSQL refuse it.
fn add_to(table: &str) -> String {
    let most = i64::MAX;
    let add = SUMS.map(|sum| {
        format!(
            "{sum} = CASE WHEN {table}.{sum} > {most} - excluded.{sum} THEN {most} \
             ELSE {table}.{sum} + excluded.{sum} END"
        )
    });
    format!("ON CONFLICT ({}) DO UPDATE SET {}", DIMENSIONS.join(", "), add.join(", "))
}
