//! What is old leaves the store.

use crate::clock;
use crate::gateway::parts::Parts;
use crate::store::Store;
use std::time::Duration;
use tracing::info;
use tracing::warn;

const HOURLY: Duration = Duration::from_secs(60 * 60);
/// A start has other things to do.
const FIRST: Duration = Duration::from_secs(60);

/// Removes what is older than the configuration in force says, once an hour.
pub async fn keep_tidy(parts: &Parts, store: &Store) {
    tokio::time::sleep(FIRST).await;
    loop {
        let keep = parts.snapshot.load().config.ledger;
        match store.retain(before(keep.entries), before(keep.hours)).await {
            Ok(removed) if removed.entries + removed.hours > 0 => {
                info!(entries = removed.entries, hours = removed.hours, "old entries of the ledger removed");
            }
            Ok(_) => {}
            Err(cause) => warn!(%cause, "old entries of the ledger could not be removed"),
        }
        tokio::time::sleep(HOURLY).await;
    }
}

/// The time, in milliseconds since 1970, before which nothing is kept.
fn before(age: Option<Duration>) -> u64 {
    let since = age.map_or(Duration::ZERO, |age| clock::since_epoch().saturating_sub(age));
    clock::millis(since)
}
