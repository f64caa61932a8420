//! What is old is removed, a little at a time, so that nobody waits long for a lock.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::values::to_stored;

/// Entries of one slice: some ten milliseconds.
const SLICE: u64 = 1000;

/// Rows that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub entries: u64,
    pub hours: u64,
}

impl Store {
    /// Removes entries and hourly sums from before these times. Sums of days stay.
    ///
    /// An entry brought again after it was removed would be counted again: what is retained has to be longer than
    /// any outage.
    pub async fn retain(&self, entries_before_ms: u64, hours_before_ms: u64) -> Result<Removed, StoreError> {
        let entries = "DELETE FROM entries WHERE id IN \
                       (SELECT id FROM entries WHERE at < $1 ORDER BY at LIMIT $2)";
        // All rows of one hour are a slice.
        let hours = "DELETE FROM hours WHERE at = (SELECT MIN(at) FROM hours) AND at < $1 AND $2 > 0";
        Ok(Removed {
            entries: self.remove(entries, entries_before_ms).await?,
            hours: self.remove(hours, hours_before_ms).await?,
        })
    }

    async fn remove(&self, slice: &'static str, before_ms: u64) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let query = sqlx::query(slice).bind(to_stored(before_ms)).bind(to_stored(SLICE));
            let rows =
                in_time(async { Ok(query.execute(self.pools.writer()).await?.rows_affected()) }).await?;
            removed += rows;
            if rows == 0 {
                return Ok(removed);
            }
        }
    }
}
