//! How entries come in: each exactly once, however often it is brought.

use crate::store::Store;
use crate::store::aggregates;
use crate::store::bulk::Bulk;
use crate::store::bulk::ROWS;
use crate::store::columns;
use crate::store::columns::COLUMNS;
use crate::store::entry::Entry;
use crate::store::entry::EntryId;
use crate::store::error::StoreError;
use crate::store::pools::Flavour;
use crate::store::pools::Tx;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::to_stored;
use std::collections::BTreeMap;
use std::collections::HashSet;

/// Statements of [`Store::append`].
#[derive(Debug)]
pub(super) struct Inserts {
    entries: Bulk,
    sums: [aggregates::Table; 2],
}

impl Inserts {
    pub fn new(flavour: Flavour) -> Inserts {
        let entries = Bulk::new(flavour, "entries", &COLUMNS, "ON CONFLICT (id) DO NOTHING RETURNING id");
        Inserts { entries, sums: aggregates::tables(flavour) }
    }
}

impl Store {
    /// Takes in entries, adds those that are new to the aggregates, and remembers that the spool is taken in up to
    /// the byte `upto` (never less than before). All of it or nothing.
    ///
    /// Entries that are there already change nothing, so a batch whose answer was lost is brought again.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was taken in, or all of it and only the answer was lost.
    pub async fn append(&self, spool: &str, upto: u64, entries: &[Entry]) -> Result<(), StoreError> {
        in_time(async {
            let mut tx = self.pools.begin().await?;
            advance(&mut tx, spool, upto).await?;
            let fresh = insert(&mut tx, &self.inserts.entries, entries).await?;
            aggregates::add(&mut tx, &self.inserts.sums, &fresh).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Up to which byte a spool is taken in; 0 for one that is not known.
    pub async fn drained(&self, spool: &str) -> Result<u64, StoreError> {
        in_time(async {
            let query = sqlx::query("SELECT upto FROM spools WHERE name = $1").bind(spool);
            let row = query.fetch_optional(self.pools.reader()).await?;
            row.map_or(Ok(0), |row| Columns(&row).number("upto"))
        })
        .await
    }

    /// To be called once a spool is taken in whole and its file is gone.
    pub async fn forget_spool(&self, spool: &str) -> Result<(), StoreError> {
        in_time(async {
            let delete = sqlx::query("DELETE FROM spools WHERE name = $1").bind(spool);
            delete.execute(self.pools.writer()).await?;
            Ok(())
        })
        .await
    }
}

/// First of all: who drains the same spool waits here, and not in the middle.
async fn advance(tx: &mut Tx, spool: &str, upto: u64) -> Result<(), StoreError> {
    let text = "INSERT INTO spools (name, upto) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
                SET upto = CASE WHEN excluded.upto > spools.upto THEN excluded.upto ELSE spools.upto END";
    sqlx::query(text).bind(spool).bind(to_stored(upto)).execute(&mut **tx).await?;
    Ok(())
}

/// The entries that were not there yet.
async fn insert<'e>(tx: &mut Tx, into: &Bulk, entries: &'e [Entry]) -> Result<Vec<&'e Entry>, StoreError> {
    // In one order for everybody: two that bring the same entries never wait for each other.
    let by_id: BTreeMap<EntryId, &Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let entries: Vec<&Entry> = by_id.into_values().collect();
    let mut fresh = Vec::with_capacity(entries.len());
    for chunk in entries.chunks(ROWS) {
        fresh.extend(insert_rows(tx, into, chunk).await?);
    }
    Ok(fresh)
}

async fn insert_rows<'e>(
    tx: &mut Tx,
    into: &Bulk,
    entries: &[&'e Entry],
) -> Result<Vec<&'e Entry>, StoreError> {
    let query = entries.iter().fold(into.of(entries.len()), |query, entry| columns::bind(query, entry));
    let rows = query.fetch_all(&mut **tx).await?;
    if rows.len() == entries.len() {
        return Ok(entries.to_vec());
    }
    let ids: Result<HashSet<EntryId>, _> =
        rows.iter().map(|row| Columns(row).parsed("id", |text| text.parse().ok())).collect();
    let ids = ids?;
    Ok(entries.iter().copied().filter(|entry| ids.contains(&entry.id)).collect())
}
