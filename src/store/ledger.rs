//! How entries come in: each exactly once, however often it is brought.

use crate::store::Store;
use crate::store::aggregates;
use crate::store::bulk::Bulk;
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::page::Outline;
use crate::store::page::by_hour;
use crate::store::page::pack;
use crate::store::pools::Flavour;
use crate::store::pools::Tx;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::to_stored;
use std::ops::Range;

const COLUMNS: [&str; 9] =
    ["spool", "upto", "first_ms", "last_ms", "count", "has_users", "tenants", "keys", "body"];

/// Statements of [`Store::append`].
#[derive(Debug)]
pub(super) struct Inserts {
    page: Bulk,
    sums: [aggregates::Table; 2],
}

impl Inserts {
    pub fn new(flavour: Flavour) -> Inserts {
        let page = Bulk::new(flavour, "pages", &COLUMNS, "");
        Inserts { page, sums: aggregates::tables(flavour) }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    Taken,
    /// The spool is not taken in up to where the batch begins, but further or less far: nothing has changed.
    Elsewhere,
}

impl Store {
    /// Takes in the entries that stand in these bytes of a spool, adds them to the aggregates, and remembers how far
    /// the spool is taken in. All of it or nothing.
    ///
    /// A spool goes on where it was left: of two that bring the same bytes one comes too late, and so does a batch
    /// whose answer was lost. [`Store::drained`] tells where to go on.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was taken in, or all of it and only the answer was lost.
    pub async fn append<T: AsRef<str>>(
        &self,
        spool: &str,
        bytes: Range<u64>,
        entries: &[Entry<T>],
    ) -> Result<Brought, StoreError> {
        let pages = by_hour(entries).into_values().map(|entries| {
            let (count, outline) = (entries.len() as u64, Outline::of(&entries));
            Ok((count, outline, pack(&entries)?))
        });
        let pages = pages.collect::<Result<Vec<_>, StoreError>>()?;
        let sums = aggregates::gathered(entries);
        in_time(async {
            let mut tx = self.pools.begin().await?;
            if !advance(&mut tx, spool, &bytes).await? {
                return Ok(Brought::Elsewhere);
            }
            for page in pages {
                insert(&mut tx, &self.inserts.page, (spool, bytes.end), page).await?;
            }
            aggregates::add(&mut tx, &self.inserts.sums, &sums).await?;
            tx.commit().await?;
            Ok(Brought::Taken)
        })
        .await
    }

    /// Up to which byte a spool is taken in; 0 for one that is not known.
    pub async fn drained(&self, spool: &str) -> Result<u64, StoreError> {
        in_time(async {
            let query = sqlx::query(DRAINED).bind(spool);
            Columns(&query.fetch_one(self.pools.reader()).await?).number("upto")
        })
        .await
    }

    /// To be called once a spool is taken in whole and its file is gone. Should the file come back, its pages tell how
    /// far it was taken in, as long as they are there.
    pub async fn forget_spool(&self, spool: &str) -> Result<(), StoreError> {
        in_time(async {
            let delete = sqlx::query("DELETE FROM spools WHERE name = $1").bind(spool);
            delete.execute(self.pools.writer()).await?;
            Ok(())
        })
        .await
    }
}

/// Where nothing says how far, the last page does.
const DRAINED: &str = "SELECT COALESCE((SELECT upto FROM spools WHERE name = $1), \
                       (SELECT MAX(upto) FROM pages WHERE spool = $1), 0) AS upto";

/// The first time, or after it was forgotten.
const BEGIN: &str = "INSERT INTO spools (name, upto) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) \
                     WHERE COALESCE((SELECT MAX(upto) FROM pages WHERE spool = $1), 0) = $3 \
                     ON CONFLICT (name) DO NOTHING";

/// Whether the spool stood where these bytes begin. Who drains the same spool waits here, and comes too late then.
async fn advance(tx: &mut Tx, spool: &str, bytes: &Range<u64>) -> Result<bool, StoreError> {
    for text in ["UPDATE spools SET upto = $2 WHERE name = $1 AND upto = $3", BEGIN] {
        let query = sqlx::query(text).bind(spool).bind(to_stored(bytes.end)).bind(to_stored(bytes.start));
        if query.execute(&mut **tx).await?.rows_affected() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn insert(
    tx: &mut Tx,
    into: &Bulk,
    (spool, upto): (&str, u64),
    (count, outline, body): (u64, Outline, Vec<u8>),
) -> Result<(), StoreError> {
    let query = into
        .of(1)
        .bind(spool.to_owned())
        .bind(to_stored(upto))
        .bind(to_stored(outline.first_ms))
        .bind(to_stored(outline.last_ms))
        .bind(to_stored(count))
        .bind(i64::from(outline.has_users))
        .bind(outline.tenants)
        .bind(outline.keys)
        .bind(body);
    query.execute(&mut **tx).await?;
    Ok(())
}
