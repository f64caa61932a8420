//! Shared counters and cache bytes: where they live, and what is the same wherever that is.

pub mod accounts;
pub mod bucket;
pub mod bytes;
pub mod claim;
pub mod counters;
pub mod memory;
pub mod verdict;
pub mod window;

use crate::clock::Moment;
use crate::config::Quota;
use crate::state::accounts::Accounts;
use std::sync::Arc;
use std::time::Duration;

pub use bucket::Left;
pub use claim::{Claim, Claims, Hold, Need, Whose};
pub use memory::Account;
pub use verdict::{Limited, Soft, Standing, Taken, Which};

/// The store of all counters.
#[derive(Debug, Default)]
pub struct State {
    accounts: Accounts,
}

impl State {
    /// In this process alone: with several replicas every limit holds for each of them.
    pub fn memory() -> State {
        State::default()
    }

    /// The account of a key, a tenant or a model, made when it is first asked for; it outlives every reload.
    /// Two kinds of things must not have the same id.
    pub fn account(&self, id: &str) -> Arc<Account> {
        self.accounts.lasting(id, Account::default)
    }

    /// The account of an end user. Callers choose their names, so of those
    /// that were not asked for of late only [`accounts::MOST_PASSING`] are remembered.
    pub fn account_of_user(&self, id: &str) -> Arc<Account> {
        self.accounts.passing(id, Account::default)
    }

    /// Takes a place among the requests under way of every claim, or of none; and looks
    /// whether a limit on requests is known to be used up. At once, and in this process.
    pub fn enter(&self, claims: &Claims, now: Moment) -> Result<(), Limited> {
        memory::enter(claims, now)
    }

    /// Takes from all rates and quotas of all claims, or from none.
    pub async fn take(&self, claims: &Claims, need: Need, now: Moment) -> Result<Taken, Limited> {
        memory::take(claims, &need, now)
    }

    /// As [`State::take`], but at once, as far as this process knows: for what nobody may wait for.
    pub fn take_here(&self, claims: &Claims, need: Need, now: Moment) -> Result<Taken, Limited> {
        memory::take(claims, &need, now)
    }

    /// Whether so much could be taken now, as far as this process knows.
    pub fn look(&self, claims: &Claims, need: Need, now: Moment) -> Result<(), Limited> {
        memory::look(claims, &need, now)
    }

    /// Corrects what was taken to what was used; the difference is given back or charged. Never waits.
    pub fn settle(&self, claims: &Claims, hold: &Hold, used: Need, now: Moment) {
        if hold.need != used {
            memory::settle(claims, hold, &used, now);
        }
    }

    /// Gives back the places that were entered.
    pub fn leave(&self, claims: &Claims) {
        memory::leave(claims);
    }

    /// Raises the counter of a quota to what is known from elsewhere, as from the ledger after a start;
    /// without effect when that window is over. `start` is since the epoch.
    pub fn seed(&self, account: &Account, quota: &Quota, start: Duration, used: u64, now: Moment) {
        account.counters().seed(quota, start, used, now.wall);
    }

    /// How every limit of these claims stands, as far as this process knows. Takes nothing.
    pub fn standing(&self, claims: &Claims, now: Moment) -> Vec<Standing> {
        let each = |claim: &Claim| claim.account.counters().standing(&claim.bounds, now, claim.whose);
        claims.iter().flat_map(each).collect()
    }
}
