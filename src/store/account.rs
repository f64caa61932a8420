//! What one account has used: where counters of quotas begin after a restart.

use crate::store::Store;
use crate::store::aggregates::HOUR;
use crate::store::entry::Entry;
use crate::store::entry::Kind;
use crate::store::error::StoreError;
use crate::store::page;
use crate::store::pools::in_time;
use crate::store::sums::total;
use crate::store::values::Columns;
use crate::store::values::MOST;
use crate::store::values::bounded;
use crate::store::values::cut;
use crate::store::values::to_stored;
use crate::store::walk::Wanted;
use sqlx::AssertSqlSafe;
use std::ops::AddAssign;
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
    /// Whole hours come from the aggregates, so that a busy month is read fast, and after old entries have been
    /// removed; the rest from the pages. End users have no hours.
    pub async fn used(
        &self,
        account: &AccountColumn,
        since_ms: u64,
        until_ms: u64,
    ) -> Result<Used, StoreError> {
        let times = since_ms.min(until_ms)..until_ms;
        let Some((condition, name)) = hours_of(account) else {
            return self.used_in_pages(account, times).await;
        };
        let whole = whole_hours(&times);
        let mut used = self.used_in_pages(account, times.start..whole.start).await?;
        used += self.used_in_pages(account, whole.end..times.end).await?;
        used += self.used_in_hours(condition, name, whole).await?;
        Ok(used)
    }

    async fn used_in_hours(
        &self,
        condition: &str,
        name: &str,
        hours: Range<u64>,
    ) -> Result<Used, StoreError> {
        let [requests, input, output, cost] =
            ["(requests - hits - refused)", "input", "output", "cost"].map(total);
        let text = format!(
            "SELECT {requests} AS requests, {input} AS input, {output} AS output, {cost} AS cost \
             FROM hours WHERE {condition} AND at >= $2 AND at < $3"
        );
        let query = sqlx::query(AssertSqlSafe(text))
            .bind(bounded(name))
            .bind(to_stored(hours.start))
            .bind(to_stored(hours.end));
        in_time(async {
            let row = query.fetch_one(self.pools.reader()).await?;
            let row = Columns(&row);
            let tokens = row.number("input")?.saturating_add(row.number("output")?).min(MOST);
            Ok(Used { requests: row.number("requests")?, tokens, cost: row.number("cost")? })
        })
        .await
    }

    async fn used_in_pages(&self, account: &AccountColumn, times: Range<u64>) -> Result<Used, StoreError> {
        let mut used = Used::default();
        let mut walk = self.walk(account.narrowed(Wanted::within(&times)));
        while let Some(packed) = walk.next().await? {
            for entry in page::entries(&packed.unpack()?) {
                let entry = entry?;
                if times.contains(&entry.at) && account.is_of(&entry) {
                    used += Used::of(&entry);
                }
            }
        }
        Ok(used)
    }
}

impl AccountColumn {
    /// Whether the entry counts for this account.
    pub(super) fn is_of(&self, entry: &Entry<&str>) -> bool {
        match self {
            AccountColumn::Key(id) => cut(id) == entry.key,
            AccountColumn::Tenant(id) => !id.is_empty() && cut(id) == entry.tenant,
            AccountColumn::Model(name) => cut(name) == entry.known_model(),
            AccountColumn::User { user, tenant, key } => {
                !user.is_empty()
                    && cut(user) == entry.end_user
                    && tenant.as_ref().is_none_or(|tenant| cut(tenant) == entry.tenant)
                    && key.as_ref().is_none_or(|key| cut(key) == entry.key)
            }
        }
    }

    /// Without pages that have nothing for this account.
    pub(super) fn narrowed(&self, wanted: Wanted) -> Wanted {
        match self {
            AccountColumn::Key(id) => Wanted { key: Some(id.clone()), ..wanted },
            AccountColumn::Tenant(id) => Wanted { tenant: Some(id.clone()), ..wanted },
            AccountColumn::Model(_) => wanted,
            AccountColumn::User { tenant, key, .. } => {
                Wanted { tenant: tenant.clone(), key: key.clone(), with_users: true, ..wanted }
            }
        }
    }
}

impl Used {
    pub(super) fn of(entry: &Entry<&str>) -> Used {
        Used {
            requests: u64::from(entry.kind == Kind::Request && entry.is_use()),
            tokens: entry.input.saturating_add(entry.output).min(MOST),
            cost: entry.cost.min(MOST),
        }
    }
}

impl AddAssign for Used {
    fn add_assign(&mut self, other: Used) {
        let sum = |one: u64, other: u64| one.saturating_add(other).min(MOST);
        *self = Used {
            requests: sum(self.requests, other.requests),
            tokens: sum(self.tokens, other.tokens),
            cost: sum(self.cost, other.cost),
        };
    }
}

/// Which rows of the hours an account has, and the name that is to be `$1`. End users have none.
pub(super) fn hours_of(account: &AccountColumn) -> Option<(&'static str, &str)> {
    match account {
        AccountColumn::Key(id) => Some(("key_id = $1", id)),
        AccountColumn::Tenant(id) => Some(("tenant = $1 AND tenant <> ''", id)),
        AccountColumn::Model(name) => Some(("model_asked = $1 AND model_asked <> ''", name)),
        AccountColumn::User { .. } => None,
    }
}

/// The hours that lie wholly within; empty at the start if there is none.
pub(super) fn whole_hours(times: &Range<u64>) -> Range<u64> {
    let start = times.start.div_ceil(HOUR).saturating_mul(HOUR);
    let end = times.end / HOUR * HOUR;
    if start < end { start..end } else { times.start..times.start }
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
