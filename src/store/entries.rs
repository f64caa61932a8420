//! Entries, page by page, the newest first.

use crate::store::Store;
use crate::store::entry::Entry;
use crate::store::entry::EntryId;
use crate::store::error::StoreError;
use crate::store::page;
use crate::store::values::cut;
use crate::store::walk::Wanted;
use std::collections::BTreeMap;

/// Most entries of a page.
const MOST: u32 = 1000;

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntriesPage {
    pub tenant: Option<String>,
    pub key: Option<String>,
    pub since_ms: u64,
    /// Just before this.
    pub until_ms: u64,
    /// Time and id of the last entry of the page before.
    pub after: Option<(u64, EntryId)>,
    /// 1000 at most.
    pub limit: u32,
}

impl Store {
    /// A page of the ledger, the newest entries first.
    pub async fn entries(&self, page: &EntriesPage) -> Result<Vec<Entry>, StoreError> {
        let mut newest = Newest::new(page);
        let until_ms = page.after.map_or(page.until_ms, |(at, _)| page.until_ms.min(at.saturating_add(1)));
        let (tenant, key) = (page.tenant.clone(), page.key.clone());
        let mut walk =
            self.walk(Wanted { since_ms: page.since_ms, until_ms, tenant, key, ..Wanted::default() });
        while let Some(packed) = walk.next().await? {
            if newest.are_newer_than(packed.last_ms) {
                break;
            }
            for entry in page::entries(&packed.unpack()?) {
                newest.add(&entry?);
            }
        }
        Ok(newest.found.into_values().rev().collect())
    }
}

/// The newest of all entries shown so far that are wanted.
struct Newest<'p> {
    page: &'p EntriesPage,
    limit: usize,
    found: BTreeMap<(u64, EntryId), Entry>,
}

impl Newest<'_> {
    fn new(page: &EntriesPage) -> Newest<'_> {
        Newest { page, limit: page.limit.min(MOST) as usize, found: BTreeMap::new() }
    }

    /// Whether nothing from this time or before it is wanted any more.
    fn are_newer_than(&self, last_ms: u64) -> bool {
        let is_full = self.found.len() >= self.limit;
        is_full && self.found.keys().next().is_none_or(|(oldest, _)| last_ms < *oldest)
    }

    fn add(&mut self, entry: &Entry<&str>) {
        let place = (entry.at, entry.id);
        let is_full = self.found.len() >= self.limit;
        let is_late = is_full && self.found.keys().next().is_none_or(|oldest| place < *oldest);
        if is_late || !self.is_wanted(entry) {
            return;
        }
        self.found.insert(place, entry.owned());
        if self.found.len() > self.limit {
            self.found.pop_first();
        }
    }

    fn is_wanted(&self, entry: &Entry<&str>) -> bool {
        let EntriesPage { tenant, key, since_ms, until_ms, after, .. } = self.page;
        let is_of = |name: &Option<String>, own: &str| name.as_ref().is_none_or(|name| cut(name) == own);
        (*since_ms..*until_ms).contains(&entry.at)
            && after.is_none_or(|after| (entry.at, entry.id) < after)
            && is_of(tenant, entry.tenant)
            && is_of(key, entry.key)
    }
}
