//! The audit log, page by page, the newest lines first.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::rows::AuditRow;
use crate::store::values::Columns;
use crate::store::values::to_stored;
use sqlx::any::AnyRow;

/// Most lines of a page.
const MOST: u32 = 1000;

/// Which lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Edition of the last line of the page before.
    pub after: Option<u64>,
    /// 1000 at most.
    pub limit: u32,
}

impl Store {
    /// A page of the audit log, the newest lines first.
    pub async fn audit(&self, page: &AuditPage) -> Result<Vec<AuditRow>, StoreError> {
        let text = "SELECT edition, at, who, action, subject, details FROM audit WHERE edition < $1 \
                    ORDER BY edition DESC LIMIT $2";
        let after = to_stored(page.after.unwrap_or(u64::MAX));
        let query = sqlx::query(text).bind(after).bind(i64::from(page.limit.min(MOST)));
        in_time(async { query.fetch_all(self.pools.reader()).await?.iter().map(read).collect() }).await
    }
}

fn read(row: &AnyRow) -> Result<AuditRow, StoreError> {
    let row = Columns(row);
    Ok(AuditRow {
        edition: row.number("edition")?,
        at_ms: row.number("at")?,
        who: row.text("who")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        details: row.text("details")?,
    })
}
