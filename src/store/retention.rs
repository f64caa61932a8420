//! What is old is removed, a little at a time, so that nobody waits long for a lock.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::to_stored;

/// Pages of one slice: some ten milliseconds.
const SLICE: u64 = 50;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub entries: u64,
    /// Rows.
    pub hours: u64,
}

impl Store {
    /// Removes pages all of whose entries are from before this time, and hourly sums. Sums of days stay.
    ///
    /// A file of the spool that comes back after its pages were removed is counted again.
    pub async fn retain(&self, entries_before_ms: u64, hours_before_ms: u64) -> Result<Removed, StoreError> {
        let pages = "DELETE FROM pages WHERE (spool, upto, first_ms) IN \
                     (SELECT spool, upto, first_ms FROM pages WHERE last_ms < $1 ORDER BY last_ms LIMIT $2) \
                     RETURNING count AS removed";
        // All rows of one hour are a slice.
        let hours = "DELETE FROM hours WHERE at = (SELECT MIN(at) FROM hours) AND at < $1 AND $2 > 0 \
                     RETURNING 1 AS removed";
        Ok(Removed {
            entries: self.remove(pages, entries_before_ms).await?,
            hours: self.remove(hours, hours_before_ms).await?,
        })
    }

    /// How much went, as the statement tells for each row.
    async fn remove(&self, slice: &'static str, before_ms: u64) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let query = sqlx::query(slice).bind(to_stored(before_ms)).bind(to_stored(SLICE));
            let rows = in_time(async { Ok(query.fetch_all(self.pools.writer()).await?) }).await?;
            if rows.is_empty() {
                return Ok(removed);
            }
            for row in &rows {
                removed += Columns(row).number("removed")?;
            }
        }
    }
}
