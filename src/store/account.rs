//! What one account has used: where counters of quotas begin after a restart.

use crate::store::Store;
use crate::store::aggregates::HOUR;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::sums::total;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use std::ops::Range;

/// Whose entries are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountColumn {
    /// By id.
    Key(String),
    /// By id.
    Tenant(String),
    /// An end user's name means something only to the tenant or the key that sent it.
    User { user: String, tenant: Option<String>, key: Option<String> },
    /// By the public name that was asked for.
    Model(String),
}

/// What counts against quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Without those that a cache answered or a limit refused.
    pub requests: u64,
    /// Of prompts and answers.
    pub tokens: u64,
    /// Nano-dollars.
    pub cost: u64,
}

impl Store {
    /// What was used from `since_ms` until just before `until_ms`.
    ///
    /// For keys and tenants whole hours come from the aggregates, so that a busy month is read fast, and
    /// after old entries have been removed.
    pub async fn used(
        &self,
        account: &AccountColumn,
        since_ms: u64,
        until_ms: u64,
    ) -> Result<Used, StoreError> {
        let times = since_ms.min(until_ms)..until_ms;
        let (text, names) = match account {
            AccountColumn::Key(id) => (of_both("key_id = $5"), vec![id]),
            AccountColumn::Tenant(id) => (of_both("tenant = $5 AND tenant <> ''"), vec![id]),
            AccountColumn::User { user, tenant, key } => of_user(user, tenant.as_ref(), key.as_ref()),
            AccountColumn::Model(name) => (of_entries("model_asked = $5"), vec![name]),
        };
        let whole = whole_hours(&times);
        let bounds = [times.start, times.end, whole.start, whole.end];
        in_time(self.sum_up(text, bounds, names)).await
    }

    async fn sum_up(&self, text: String, bounds: [u64; 4], names: Vec<&String>) -> Result<Used, StoreError> {
        let query = sqlx::query(AssertSqlSafe(text));
        let query = bounds.into_iter().fold(query, |query, bound| query.bind(to_stored(bound)));
        let query = names.into_iter().fold(query, |query, name| query.bind(bounded(name)));
        let row = query.fetch_one(self.pools.reader()).await?;
        let row = Columns(&row);
        Ok(Used {
            requests: row.number("requests")?,
            tokens: row.number("tokens")?,
            cost: row.number("cost")?,
        })
    }
}

/// The hours that lie wholly within; empty at the start if there is none.
fn whole_hours(times: &Range<u64>) -> Range<u64> {
    let start = times.start.div_ceil(HOUR).saturating_mul(HOUR);
    let end = times.end / HOUR * HOUR;
    if start < end { start..end } else { times.start..times.start }
}

fn of_user<'a>(
    user: &'a String,
    tenant: Option<&'a String>,
    key: Option<&'a String>,
) -> (String, Vec<&'a String>) {
    let mut names = vec![user];
    // The index leaves out entries without a user; it is used when the query does so too.
    let mut condition = "end_user = $5 AND end_user <> ''".to_owned();
    for (column, name) in [("tenant", tenant), ("key_id", key)] {
        if let Some(name) = name {
            names.push(name);
            condition += &format!(" AND {column} = ${}", 4 + names.len());
        }
    }
    (of_entries(&condition), names)
}

const ENTRIES: &str = "SELECT CASE WHEN kind = 'request' AND cache NOT IN ('hit', 'semantic') \
                       AND NOT (status = 429 AND attempts = 0) THEN 1 ELSE 0 END AS requests, \
                       input, output, cost FROM entries";

/// Sums of entries alone. All four bounds are bound, so all are named.
fn of_entries(condition: &str) -> String {
    summed(&format!("{ENTRIES} WHERE {condition} AND at >= $1 AND at < $2 AND $3 <= $4"))
}

/// Sums of whole hours, and of the entries before and behind them; read at once, so that none moves in between.
fn of_both(condition: &str) -> String {
    summed(&format!(
        "SELECT requests - hits - refused AS requests, input, output, cost FROM hours \
         WHERE {condition} AND at >= $3 AND at < $4 \
         UNION ALL {ENTRIES} WHERE {condition} AND at >= $1 AND at < $3 \
         UNION ALL {ENTRIES} WHERE {condition} AND at >= $4 AND at < $2"
    ))
}

fn summed(rows: &str) -> String {
    let [requests, input, output, cost] = ["requests", "input", "output", "cost"].map(total);
    let most = i64::MAX;
    format!(
        "SELECT requests, cost, CASE WHEN input > {most} - output THEN {most} ELSE input + output END AS tokens \
         FROM (SELECT {requests} AS requests, {input} AS input, {output} AS output, {cost} AS cost \
         FROM ({rows}) AS used) AS sums"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hours_are_taken_from_the_aggregates() {
        for (times, whole) in [
            (0..HOUR, 0..HOUR),
            (1..2 * HOUR, HOUR..2 * HOUR),
            (1..2 * HOUR + 1, HOUR..2 * HOUR),
            (5..9, 5..5),
            (HOUR - 1..HOUR + 1, HOUR - 1..HOUR - 1),
            (7..u64::MAX, HOUR..u64::MAX / HOUR * HOUR),
        ] {
            assert_eq!(whole_hours(&times), whole, "{times:?}");
        }
    }
}
