//! The accounts of this process, found by their ids.

use crate::state::Account;
use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Accounts whose names callers choose, half of them in each generation. Beyond it those that were not asked for
/// longest are forgotten, and begin anew: who makes up names without end is bounded by its key, not by them.
pub const MOST_PASSING: usize = 100_000;

/// Every account that was ever asked for, and the passing ones of late.
#[derive(Debug, Default)]
pub struct Accounts {
    lasting: Mutex<Known>,
    passing: Mutex<Generations>,
}

type Known = HashMap<Box<str>, Arc<Account>>;

#[derive(Debug, Default)]
struct Generations {
    young: Known,
    old: Known,
}

impl Accounts {
    /// The account of a key or whatever else its owner named; it outlives every reload.
    pub fn lasting(&self, id: &str, make: impl FnOnce() -> Account) -> Arc<Account> {
        let mut known = held(&self.lasting);
        if let Some(account) = known.get(id) {
            return account.clone();
        }
        known.entry(id.into()).or_insert_with(|| Arc::new(make())).clone()
    }

    /// The account of a name that a caller chose.
    pub fn passing(&self, id: &str, make: impl FnOnce() -> Account) -> Arc<Account> {
        held(&self.passing).find(id, MOST_PASSING / 2, make)
    }

    pub fn all(&self) -> Vec<Arc<Account>> {
        let lasting: Vec<_> = held(&self.lasting).values().cloned().collect();
        let passing = held(&self.passing);
        lasting.into_iter().chain(passing.young.values().chain(passing.old.values()).cloned()).collect()
    }
}

impl Generations {
    fn find(&mut self, id: &str, most: usize, make: impl FnOnce() -> Account) -> Arc<Account> {
        if let Some(account) = self.young.get(id) {
            return account.clone();
        }
        let account = self.old.remove(id).unwrap_or_else(|| Arc::new(make()));
        if self.young.len() >= most {
            self.age();
        }
        self.young.insert(id.into(), account.clone());
        account
    }

    /// What is in use is never forgotten: its requests under way would not be counted any more.
    fn age(&mut self) {
        let forgotten = mem::replace(&mut self.old, mem::take(&mut self.young));
        self.young = forgotten.into_iter().filter(|(_, account)| Arc::strong_count(account) > 1).collect();
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_again_by_its_id() {
        let accounts = Accounts::default();
        let app = accounts.lasting("app", Account::default);
        assert!(Arc::ptr_eq(&app, &accounts.lasting("app", Account::default)));
        assert!(!Arc::ptr_eq(&app, &accounts.lasting("other", Account::default)));
        assert!(!Arc::ptr_eq(&app, &accounts.passing("app", Account::default)));
    }

    #[test]
    fn of_names_without_end_the_late_ones_and_those_in_use_are_known() {
        let mut generations = Generations::default();
        let busy = generations.find("busy", 10, Account::default);
        let idle = Arc::downgrade(&generations.find("idle", 10, Account::default));
        for name in 0..1000 {
            generations.find(&format!("name {name}"), 10, Account::default);
        }
        assert!(Arc::ptr_eq(&busy, &generations.find("busy", 10, Account::default)));
        assert!(idle.upgrade().is_none(), "nobody asked for it");
        let late = generations.find("name 999", 10, Account::default);
        assert!(Arc::ptr_eq(&late, &generations.find("name 999", 10, Account::default)));
        assert!(generations.young.len() + generations.old.len() <= 20);
    }
}
