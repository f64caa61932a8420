//! Counters of quotas go on where the ledger says they stood: after a start, and when an account gets a new quota.
//!
//! A rolling window began with the first use after the one before it, so its start is found by walking through the
//! entries that are kept; for end users it is taken to be their first use within one window's length.

use crate::clock;
use crate::clock::Moment;
use crate::config::Bounds;
use crate::config::Period;
use crate::config::Quota;
use crate::config::Unit;
use crate::config::Window;
use crate::gateway::parts::Parts;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::stand;
use crate::server::ledger::drain;
use crate::server::ledger::drain::Step;
use crate::state::Account;
use crate::state::Claim;
use crate::state::Whose;
use crate::state::window::opened;
use crate::store::AccountColumn;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Used;
use crate::tenants::credentials::Credentials;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// End users whose counters are found again; no more are counted anyway.
const MOST_USERS: u32 = 50_000;
/// Windows that are walked through for the start of a rolling one: more than entries are kept for by default.
const MOST_STEPS: usize = 400;

/// What has been counted already, so that nothing is asked for twice.
#[derive(Default)]
pub struct Recount {
    done: HashSet<(String, Unit, Period, Window)>,
    /// Those whose accounts were all looked at.
    complete: Option<Arc<Credentials>>,
}

/// Takes in what processes before this one have left in the spool, so that the ledger is complete.
///
/// # Errors
/// [`StoreError`]; the drain goes on with it later.
pub async fn take_in(parts: &Parts, store: &Store) -> Result<(), StoreError> {
    let spool = &parts.ledger.spool;
    // A folder that cannot be read is told of by the drain.
    if spool.adopt().is_ok() {
        while drain::step(spool, store, clock::now()).await? == Step::Taken {}
    }
    Ok(())
}

impl Recount {
    /// Whether there are keys in force that were not looked at.
    pub fn is_due(&self, parts: &Parts) -> bool {
        let in_force = parts.credentials.load();
        self.complete.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &in_force))
    }

    /// Raises all counters that were not looked at before to what the ledger knows.
    ///
    /// # Errors
    /// [`StoreError`]; those that were reached are raised, the others come with the next call.
    pub async fn bring(&mut self, parts: &Parts, store: &Store) -> Result<(), StoreError> {
        let (in_force, now) = (parts.credentials.load_full(), clock::moment());
        for (columns, id, claim) in accounts(&in_force, &parts.snapshot.load()) {
            for quota in self.fresh(&id, &claim.bounds) {
                if let Some(start) = start(store, &columns, &quota, now.wall).await? {
                    let used = used(store, &columns, start).await?;
                    seed(parts, &claim.account, &quota, start, used, now);
                }
                self.done(&id, &quota);
            }
        }
        if let Some(bounds) = &in_force.per_user {
            self.bring_users(parts, store, bounds, now).await?;
        }
        self.complete = Some(in_force);
        Ok(())
    }

    async fn bring_users(
        &mut self,
        parts: &Parts,
        store: &Store,
        bounds: &Bounds,
        now: Moment,
    ) -> Result<(), StoreError> {
        for quota in self.fresh(EVERY_USER, bounds) {
            let since = match quota.window {
                Window::Calendar => opened(quota.period, quota.window, now.wall).start,
                Window::Rolling => now.wall.saturating_sub(length(&quota)),
            };
            for user in store.users(clock::millis(since), MOST_USERS).await? {
                let start = match quota.window {
                    Window::Calendar => since,
                    Window::Rolling => Duration::from_millis(user.first_ms),
                };
                let scope = if user.tenant.is_empty() { &user.key } else { &user.tenant };
                let account = parts.state.account_of_user(&stand::account_of(scope, &user.user));
                seed(parts, &account, &quota, start, user.used, now);
            }
            self.done(EVERY_USER, &quota);
        }
        Ok(())
    }

    /// Quotas of an account that were not counted yet, each counter once.
    fn fresh(&self, id: &str, bounds: &Bounds) -> Vec<Quota> {
        let mut fresh: Vec<Quota> = Vec::new();
        for quota in &bounds.quotas {
            let known = self.done.contains(&mark(id, quota));
            if !known && !fresh.iter().any(|other| other.counts_with(quota)) {
                fresh.push(*quota);
            }
        }
        fresh
    }

    fn done(&mut self, id: &str, quota: &Quota) {
        self.done.insert(mark(id, quota));
    }
}

/// No account has this id: those of all end users together.
const EVERY_USER: &str = "users";

fn mark(id: &str, quota: &Quota) -> (String, Unit, Period, Window) {
    (id.to_owned(), quota.unit, quota.period, quota.window)
}

/// Every account that has quotas, with what the ledger calls it: a model by all its names.
fn accounts(in_force: &Credentials, snapshot: &Snapshot) -> Vec<(Vec<AccountColumn>, String, Claim)> {
    let mut all = Vec::new();
    for credential in in_force.all() {
        let own = AccountColumn::Key(credential.id.to_string());
        let claim = credential.claims.iter().find(|claim| claim.whose == Whose::Key);
        all.extend(claim.map(|claim| (vec![own], format!("key {}", credential.id), claim.clone())));
        if let Some(tenant) = &credential.tenant {
            let column = AccountColumn::Tenant(tenant.id.to_string());
            all.push((vec![column], format!("tenant {}", tenant.id), tenant.claim.clone()));
        }
    }
    for (name, claim) in &in_force.models {
        let names = snapshot.spellings.of_limited(name, &snapshot.table);
        let columns = names.into_iter().map(AccountColumn::Model).collect();
        all.push((columns, format!("model {name}"), claim.clone()));
    }
    all.retain(|(_, _, claim)| !claim.bounds.quotas.is_empty());
    all
}

/// When the window that runs began, since the epoch; `None` if it was not used yet.
async fn start(
    store: &Store,
    columns: &[AccountColumn],
    quota: &Quota,
    now: Duration,
) -> Result<Option<Duration>, StoreError> {
    if quota.window == Window::Calendar {
        return Ok(Some(opened(quota.period, quota.window, now).start));
    }
    let mut from = now.saturating_sub(length(quota) * MOST_STEPS as u32);
    for _ in 0..MOST_STEPS {
        let Some(first) = first_use(store, columns, from).await? else { return Ok(None) };
        let window = opened(quota.period, quota.window, Duration::from_millis(first));
        if window.end > now {
            return Ok(Some(window.start));
        }
        from = window.end;
    }
    Ok(None)
}

/// In milliseconds since the epoch, by whatever name.
async fn first_use(
    store: &Store,
    columns: &[AccountColumn],
    since: Duration,
) -> Result<Option<u64>, StoreError> {
    let mut first = None;
    for column in columns {
        let by_name = store.first_use(column, clock::millis(since)).await?;
        first = first.into_iter().chain(by_name).min();
    }
    Ok(first)
}

async fn used(store: &Store, columns: &[AccountColumn], since: Duration) -> Result<Used, StoreError> {
    let mut all = Used::default();
    for column in columns {
        let used = store.used(column, clock::millis(since), u64::MAX).await?;
        all.requests = all.requests.saturating_add(used.requests);
        all.tokens = all.tokens.saturating_add(used.tokens);
        all.cost = all.cost.saturating_add(used.cost);
    }
    Ok(all)
}

fn length(quota: &Quota) -> Duration {
    let window = opened(quota.period, Window::Rolling, Duration::ZERO);
    window.end - window.start
}

fn seed(parts: &Parts, account: &Arc<Account>, quota: &Quota, start: Duration, used: Used, now: Moment) {
    let used = match quota.unit {
        Unit::Requests => used.requests,
        Unit::Tokens => used.tokens,
        Unit::Cost => used.cost,
    };
    if used > 0 {
        parts.state.seed(account, quota, start, used, now);
    }
}
