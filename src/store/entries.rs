//! Entries, page by page, the newest first.

use crate::store::Store;
use crate::store::columns;
use crate::store::columns::COLUMNS;
use crate::store::entry::Entry;
use crate::store::entry::EntryId;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;

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
        let (last_at, last_id) = match page.after {
            Some((at, id)) => (at, id.to_string()),
            // Sorts behind every id.
            None => (page.until_ms, "~".to_owned()),
        };
        let names: Vec<(&str, &String)> = [("tenant", &page.tenant), ("key_id", &page.key)]
            .into_iter()
            .filter_map(|(column, name)| Some((column, name.as_ref()?)))
            .collect();
        let query = sqlx::query(AssertSqlSafe(text(&names)))
            .bind(to_stored(page.since_ms))
            .bind(to_stored(page.until_ms))
            .bind(to_stored(last_at))
            .bind(last_id)
            .bind(i64::from(page.limit.min(MOST)));
        let query = names.into_iter().fold(query, |query, (_, name)| query.bind(bounded(name)));
        in_time(async {
            let rows = query.fetch_all(self.pools.reader()).await?;
            rows.iter().map(columns::read).collect()
        })
        .await
    }
}

fn text(names: &[(&str, &String)]) -> String {
    let conditions = names.iter().enumerate().map(|(index, (column, name))| {
        // The index leaves out entries without a tenant; it is used when the query does so too.
        let indexed = if *column == "tenant" && !name.is_empty() { " AND tenant <> ''" } else { "" };
        format!(" AND {column} = ${}{indexed}", index + 6)
    });
    format!(
        "SELECT {} FROM entries WHERE at >= $1 AND at < $2 AND (at, id) < ($3, $4){} \
         ORDER BY at DESC, id DESC LIMIT $5",
        COLUMNS.join(", "),
        conditions.collect::<String>()
    )
}
