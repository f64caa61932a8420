//! When accounts were used: where windows of quotas began that are counted on after a restart.

use crate::store::AccountColumn;
use crate::store::Store;
use crate::store::Used;
use crate::store::account::hours_of;
use crate::store::account::whole_hours;
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::page;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use crate::store::walk::Wanted;
use foldhash::HashMap;
use sqlx::AssertSqlSafe;
use std::cmp::Reverse;

/// What one end user has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserUse {
    pub user: String,
    /// Id; empty for a key without one.
    pub tenant: String,
    /// Id; empty where a tenant is named, whose keys are added up.
    pub key: String,
    /// Milliseconds since 1970.
    pub first_ms: u64,
    pub used: Used,
}

impl Store {
    /// The first use of an account at `since_ms` or later, as far as it is kept; in milliseconds since 1970. Hits of the
    /// cache and what a limit refused are no use.
    pub async fn first_use(&self, account: &AccountColumn, since_ms: u64) -> Result<Option<u64>, StoreError> {
        let times = since_ms..u64::MAX;
        let Some((condition, name)) = hours_of(account) else {
            return self.first_in_pages(account, Wanted::within(&times)).await;
        };
        let whole = whole_hours(&times);
        let cut = since_ms..whole.start;
        let found = self.first_in_pages(account, Wanted::within(&cut)).await?;
        if found.is_some() {
            return Ok(found);
        }
        let text = format!("SELECT MIN(first_ms) AS first FROM hours WHERE {condition} AND at >= $2");
        in_time(async {
            let query = sqlx::query(AssertSqlSafe(text)).bind(bounded(name)).bind(to_stored(whole.start));
            Columns(&query.fetch_one(self.pools.reader()).await?).maybe_number("first")
        })
        .await
    }

    async fn first_in_pages(
        &self,
        account: &AccountColumn,
        wanted: Wanted,
    ) -> Result<Option<u64>, StoreError> {
        let (mut times, mut first) = (wanted.since_ms..wanted.until_ms, None);
        let mut walk = self.walk(account.narrowed(Wanted { oldest_first: true, ..wanted }));
        while let Some(packed) = walk.next().await? {
            for entry in page::entries(&packed.unpack()?) {
                let entry = entry?;
                if times.contains(&entry.at) && entry.is_use() && account.is_of(&entry) {
                    (first, times.end) = (Some(entry.at), entry.at);
                }
            }
            walk.ends_before(times.end);
        }
        Ok(first)
    }

    /// What end users have used since then, at most so many of them (and 100,000): those with the newest use first.
    pub async fn users(&self, since_ms: u64, most: u32) -> Result<Vec<UserUse>, StoreError> {
        let mut users = Users::default();
        let wanted = Wanted { since_ms, until_ms: u64::MAX, with_users: true, ..Wanted::default() };
        let mut walk = self.walk(wanted);
        while let Some(packed) = walk.next().await? {
            for entry in page::entries(&packed.unpack()?) {
                let entry = entry?;
                if entry.at >= since_ms && !entry.end_user.is_empty() && entry.is_use() {
                    users.add(&entry);
                }
            }
        }
        Ok(users.newest(most as usize))
    }
}

/// So many are added up; whoever comes then has not used anything for longer than nearly all of them.
const MOST_KNOWN: usize = 100_000;

/// Users by name, tenant and key.
#[derive(Default)]
struct Users {
    found: HashMap<[String; 3], Uses>,
}

#[derive(Default)]
struct Uses {
    first_ms: u64,
    last_ms: u64,
    used: Used,
}

impl Users {
    fn add(&mut self, entry: &Entry<&str>) {
        let key = if entry.tenant.is_empty() { entry.key } else { "" };
        let name = [entry.end_user, entry.tenant, key].map(str::to_owned);
        if self.found.len() >= MOST_KNOWN && !self.found.contains_key(&name) {
            return;
        }
        let new = || Uses { first_ms: entry.at, last_ms: entry.at, used: Used::default() };
        let uses = self.found.entry(name).or_insert_with(new);
        uses.first_ms = uses.first_ms.min(entry.at);
        uses.last_ms = uses.last_ms.max(entry.at);
        uses.used += Used::of(entry);
    }

    fn newest(self, most: usize) -> Vec<UserUse> {
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_unstable_by_key(|(_, uses)| Reverse(uses.last_ms));
        let row = |([user, tenant, key], uses): ([String; 3], Uses)| UserUse {
            user,
            tenant,
            key,
            first_ms: uses.first_ms,
            used: uses.used,
        };
        found.into_iter().take(most).map(row).collect()
    }
}
