//! The ledger as it is in the store.

use std::path::Path;
use std::time::Duration;
use std::time::Instant;
use tollgate::config::StoreUrl;
use tollgate::store::EntriesPage;
use tollgate::store::Entry;
use tollgate::store::Store;

/// Longest wait for entries.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

pub struct Books(Store);

impl Books {
    /// Of a gateway with SQLite.
    pub async fn open(file: &Path) -> Books {
        Books::at(&StoreUrl::Sqlite(file.to_owned())).await
    }

    pub async fn at(url: &StoreUrl) -> Books {
        Books(Store::open(url).await.expect("no store"))
    }

    /// All entries, in the order they were made, once there are so many; panics where there are more.
    pub async fn entries(&self, count: usize) -> Vec<Entry> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let late = Instant::now() > deadline;
            let entries = self.all().await;
            assert!(entries.len() <= count, "{} instead of {count}: {entries:?}", entries.len());
            if entries.len() == count {
                return entries;
            }
            assert!(!late, "{} of {count} entries came: {entries:?}", entries.len());
            tokio::time::sleep(POLL).await;
        }
    }

    /// All entries there are now.
    pub async fn all(&self) -> Vec<Entry> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = EntriesPage {
                tenant: None,
                key: None,
                since_ms: 0,
                until_ms: i64::MAX as u64,
                after,
                limit: 1000,
            };
            let entries = self.0.entries(&page).await.expect("the store is away");
            let Some(last) = entries.last() else { break };
            after = Some((last.at, last.id));
            all.extend(entries);
        }
        all.sort_by_key(|entry| entry.id);
        all
    }
}
