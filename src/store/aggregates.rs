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
use crate::store::values::MOST;
use crate::store::values::cut;
use crate::store::values::to_stored;
use foldhash::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

pub(super) const HOUR: u64 = 3_600_000;
pub(super) const DAY: u64 = 86_400_000;

/// Of both tables; hours have two more.
const DIMENSIONS: [&str; 5] = ["at", "tenant", "key_id", "provider", "model"];
const MODEL_ASKED: &str = "model_asked";
/// The first use in the hour, which may have none.
const FIRST: &str = "first_ms";

/// What sums are kept by. Its order is the order in which rows are locked: two writers never wait for each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Bucket<T> {
    at: u64,
    tenant: T,
    key: T,
    provider: T,
    model: T,
    /// Empty in days.
    model_asked: T,
}

/// As it is stored.
type Bounded<'e> = Bucket<Cow<'e, str>>;

#[derive(Clone, Copy, Default)]
struct Row {
    sums: Sums,
    first_ms: Option<u64>,
}

/// One table of sums.
#[derive(Debug)]
pub(super) struct Table {
    insert: Bulk,
}

/// What a batch adds to the tables, in the order of [`tables`].
pub(super) struct Gathered<'e>([Vec<(Bounded<'e>, Row)>; 2]);

pub(super) fn tables(flavour: Flavour) -> [Table; 2] {
    let days: Vec<&str> = DIMENSIONS.into_iter().chain(SUMS).collect();
    let of_hours: Vec<&str> = DIMENSIONS.into_iter().chain([MODEL_ASKED]).collect();
    let hours: Vec<&str> = of_hours.iter().copied().chain(SUMS).chain([FIRST]).collect();
    [
        Table { insert: Bulk::new(flavour, "hours", &hours, &add_to("hours", &of_hours, Some(FIRST))) },
        Table { insert: Bulk::new(flavour, "days", &days, &add_to("days", &DIMENSIONS, None)) },
    ]
}

/// Adds what a batch came to.
pub(super) async fn add(tx: &mut Tx, tables: &[Table; 2], rows: &Gathered<'_>) -> Result<(), StoreError> {
    for (table, (rows, is_hours)) in tables.iter().zip(rows.0.iter().zip([true, false])) {
        for rows in rows.chunks(ROWS) {
            let query =
                rows.iter().fold(table.insert.of(rows.len()), |query, row| bind(query, row, is_hours));
            query.execute(&mut **tx).await?;
        }
    }
    Ok(())
}

pub(super) fn gathered<T: AsRef<str>>(entries: &[Entry<T>]) -> Gathered<'_> {
    let mut found: HashMap<Bucket<&str>, Row> = HashMap::default();
    for entry in entries {
        let first_ms = entry.is_use().then_some(entry.at.min(MOST));
        *found.entry(Bucket::of(entry)).or_default() += Row { sums: Sums::of(entry), first_ms };
    }
    let (mut hours, mut days) = (BTreeMap::<Bounded<'_>, Row>::new(), BTreeMap::<Bounded<'_>, Row>::new());
    for (bucket, row) in found {
        let hour = bucket.bounded();
        *days.entry(hour.of_day()).or_default() += row;
        *hours.entry(hour).or_default() += row;
    }
    Gathered([hours, days].map(|rows| rows.into_iter().collect()))
}

impl AddAssign for Row {
    fn add_assign(&mut self, other: Row) {
        self.sums += other.sums;
        self.first_ms = [self.first_ms, other.first_ms].into_iter().flatten().min();
    }
}

impl<'e> Bucket<&'e str> {
    fn of<T: AsRef<str>>(entry: &'e Entry<T>) -> Bucket<&'e str> {
        // A name that nobody answered to is the caller's choice: there may be any number of them.
        let model = match entry.model_served.as_ref() {
            "" if entry.is_hit() => entry.model_asked.as_ref(),
            served => served,
        };
        let at = entry.at.min(MOST);
        Bucket {
            at: at - at % HOUR,
            tenant: entry.tenant.as_ref(),
            key: entry.key.as_ref(),
            provider: entry.provider.as_ref(),
            model,
            model_asked: entry.known_model(),
        }
    }

    /// Two that differ may become one.
    fn bounded(self) -> Bounded<'e> {
        Bucket {
            at: self.at,
            tenant: cut(self.tenant),
            key: cut(self.key),
            provider: cut(self.provider),
            model: cut(self.model),
            model_asked: cut(self.model_asked),
        }
    }
}

impl Bounded<'_> {
    fn of_day(&self) -> Self {
        Bucket { at: self.at - self.at % DAY, model_asked: Cow::Borrowed(""), ..self.clone() }
    }
}

fn bind(query: Bound, (bucket, row): &(Bounded<'_>, Row), is_hours: bool) -> Bound {
    let mut query = query
        .bind(to_stored(bucket.at))
        .bind(bucket.tenant.to_string())
        .bind(bucket.key.to_string())
        .bind(bucket.provider.to_string())
        .bind(bucket.model.to_string());
    if is_hours {
        query = query.bind(bucket.model_asked.to_string());
    }
    let query = row.sums.numbers().into_iter().fold(query, |query, number| query.bind(to_stored(number)));
    if is_hours { query.bind(row.first_ms.map(to_stored)) } else { query }
}

/// A sum that would be too large stays at the largest: SQLite would make a fraction of it, PostgreSQL refuse it.
fn add_to(table: &str, dimensions: &[&str], first: Option<&str>) -> String {
    let most = i64::MAX;
    let add = SUMS.map(|sum| {
        format!(
            "{sum} = CASE WHEN {table}.{sum} > {most} - excluded.{sum} THEN {most} \
             ELSE {table}.{sum} + excluded.{sum} END"
        )
    });
    let earlier = first.map(|first| {
        format!(
            "{first} = CASE WHEN {table}.{first} IS NULL OR excluded.{first} < {table}.{first} \
             THEN excluded.{first} ELSE {table}.{first} END"
        )
    });
    let set: Vec<String> = add.into_iter().chain(earlier).collect();
    format!("ON CONFLICT ({}) DO UPDATE SET {}", dimensions.join(", "), set.join(", "))
}
