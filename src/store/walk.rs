//! A walk through the pages in the order of time, one at a time in memory.

use crate::store::Store;
use crate::store::aggregates::HOUR;
use crate::store::error::StoreError;
use crate::store::page;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::VecDeque;
use std::ops::Range;

/// Packed pages fetched at once: a hundred KiB each where there is much to do, and few entries where there is not.
const FETCHED: u32 = 16;

/// Which pages are wanted. Entries of others are in them too.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub since_ms: u64,
    /// Just before this.
    pub until_ms: u64,
    pub tenant: Option<String>,
    pub key: Option<String>,
    /// Only where an end user is named.
    pub with_users: bool,
    /// Else the newest.
    pub oldest_first: bool,
}

impl Wanted {
    pub fn within(times: &Range<u64>) -> Wanted {
        Wanted { since_ms: times.start, until_ms: times.end, ..Wanted::default() }
    }
}

pub(super) struct Walk<'s> {
    store: &'s Store,
    wanted: Wanted,
    fetched: VecDeque<Packed>,
    /// The last one that was fetched.
    last: Option<Place>,
    at_its_end: bool,
}

/// Where a page stands among all others.
struct Place {
    last_ms: u64,
    spool: String,
    upto: u64,
    first_ms: u64,
}

/// A page as it is stored.
pub(super) struct Packed {
    pub first_ms: u64,
    pub last_ms: u64,
    body: Vec<u8>,
}

impl Packed {
    pub fn unpack(&self) -> Result<Vec<u8>, StoreError> {
        page::unpack(&self.body)
    }
}

impl Store {
    pub(super) fn walk(&self, wanted: Wanted) -> Walk<'_> {
        let at_its_end = wanted.since_ms >= wanted.until_ms;
        Walk { store: self, wanted, fetched: VecDeque::new(), last: None, at_its_end }
    }
}

impl Walk<'_> {
    /// From here on nothing is wanted of this time, or behind it.
    pub fn ends_before(&mut self, until_ms: u64) {
        self.wanted.until_ms = until_ms;
        self.fetched.retain(|packed| packed.first_ms < until_ms);
    }

    /// The next page: of all that were not shown the one that ends last, or first.
    pub async fn next(&mut self) -> Result<Option<Packed>, StoreError> {
        if self.fetched.is_empty() && !self.at_its_end {
            self.fetch().await?;
        }
        // A page takes a millisecond; others want to go on too.
        tokio::task::yield_now().await;
        Ok(self.fetched.pop_front())
    }

    async fn fetch(&mut self) -> Result<(), StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(self.text()))
            .bind(to_stored(self.wanted.since_ms))
            .bind(to_stored(self.wanted.until_ms))
            // No page reaches from one hour into the next.
            .bind(to_stored(self.wanted.until_ms.div_ceil(HOUR).saturating_mul(HOUR)))
            .bind(i64::from(FETCHED));
        for name in [&self.wanted.tenant, &self.wanted.key].into_iter().flatten() {
            query = query.bind(page::pattern(name));
        }
        if let Some(Place { last_ms, spool, upto, first_ms }) = &self.last {
            query = query.bind(to_stored(*last_ms)).bind(spool.as_str());
            query = query.bind(to_stored(*upto)).bind(to_stored(*first_ms));
        }
        let rows = in_time(async { Ok(query.fetch_all(self.store.pools.reader()).await?) }).await?;
        self.at_its_end = rows.len() < FETCHED as usize;
        for row in &rows {
            let (packed, place) = read(row)?;
            self.last = Some(place);
            self.fetched.push_back(packed);
        }
        Ok(())
    }

    /// Places are counted in the order in which [`Walk::fetch`] binds them.
    fn text(&self) -> String {
        let (mut places, mut more) = (5.., String::new());
        let (order, behind) = if self.wanted.oldest_first { ("ASC", ">") } else { ("DESC", "<") };
        let mut place = || places.next().unwrap_or_default();
        for (column, name) in [("tenants", &self.wanted.tenant), ("keys", &self.wanted.key)] {
            if name.is_some() {
                more += &format!(" AND ({column} IS NULL OR {column} LIKE ${} ESCAPE '\\')", place());
            }
        }
        if self.last.is_some() {
            let four = [place(), place(), place(), place()].map(|place| format!("${place}")).join(", ");
            more += &format!(" AND (last_ms, spool, upto, first_ms) {behind} ({four})");
        }
        if self.wanted.with_users {
            more += " AND has_users = 1";
        }
        format!(
            "SELECT spool, upto, first_ms, last_ms, body FROM pages \
             WHERE last_ms >= $1 AND first_ms < $2 AND last_ms < $3{more} \
             ORDER BY last_ms {order}, spool {order}, upto {order}, first_ms {order} LIMIT $4"
        )
    }
}

fn read(row: &AnyRow) -> Result<(Packed, Place), StoreError> {
    let row = Columns(row);
    let (first_ms, last_ms) = (row.number("first_ms")?, row.number("last_ms")?);
    let place = Place { last_ms, spool: row.text("spool")?, upto: row.number("upto")?, first_ms };
    Ok((Packed { first_ms, last_ms, body: row.bytes("body")? }, place))
}
