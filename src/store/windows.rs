//! When accounts were used: where windows of quotas began that are counted on after a restart.

use crate::store::AccountColumn;
use crate::store::Store;
use crate::store::Used;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::sums::total;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;

/// Entries that count against quotas.
const USED: &str = "cache NOT IN ('hit', 'semantic') AND NOT (status = 429 AND attempts = 0)";

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
    /// The first use of a key, a tenant or a model at `since_ms` or later, as far as entries are kept; in milliseconds
    /// since 1970. Hits of the cache and what a limit refused are no use.
    pub async fn first_use(&self, account: &AccountColumn, since_ms: u64) -> Result<Option<u64>, StoreError> {
        let (column, name) = match account {
            AccountColumn::Key(id) => ("key_id", id),
            // The index leaves out entries without a tenant.
            AccountColumn::Tenant(id) => ("tenant <> '' AND tenant", id),
            AccountColumn::Model(name) => ("model_asked", name),
            AccountColumn::User { user, .. } => ("end_user <> '' AND end_user", user),
        };
        let text = format!(
            "SELECT MIN(at) AS first FROM entries \
             WHERE {column} = $1 AND at >= $2 AND {USED}"
        );
        in_time(async {
            let query = sqlx::query(AssertSqlSafe(text)).bind(bounded(name)).bind(to_stored(since_ms));
            Columns(&query.fetch_one(self.pools.reader()).await?).maybe_number("first")
        })
        .await
    }

    /// What end users have used since then, at most so many of them: those with the newest use first.
    pub async fn users(&self, since_ms: u64, most: u32) -> Result<Vec<UserUse>, StoreError> {
        let [requests, input, output, cost] = ["requests", "input", "output", "cost"].map(total);
        let text = format!(
            "SELECT end_user, tenant, key_id, MIN(at) AS first, {requests} AS requests, {input} AS input, \
             {output} AS output, {cost} AS cost FROM (SELECT end_user, tenant, at, input, output, cost, \
             CASE WHEN tenant = '' THEN key_id ELSE '' END AS key_id, \
             CASE WHEN kind = 'request' THEN 1 ELSE 0 END AS requests FROM entries \
             WHERE end_user <> '' AND at >= $1 AND {USED}) AS uses \
             GROUP BY end_user, tenant, key_id ORDER BY MAX(at) DESC LIMIT $2"
        );
        in_time(async {
            let query = sqlx::query(AssertSqlSafe(text)).bind(to_stored(since_ms)).bind(i64::from(most));
            let rows = query.fetch_all(self.pools.reader()).await?;
            rows.iter().map(|row| user(&Columns(row))).collect()
        })
        .await
    }
}

fn user(row: &Columns<'_>) -> Result<UserUse, StoreError> {
    let tokens = row.number("input")?.saturating_add(row.number("output")?);
    let used = Used { requests: row.number("requests")?, tokens, cost: row.number("cost")? };
    Ok(UserUse {
        user: row.text("end_user")?,
        tenant: row.text("tenant")?,
        key: row.text("key_id")?,
        first_ms: row.number("first")?,
        used,
    })
}
