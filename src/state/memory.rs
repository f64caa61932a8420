//! Counters in this process.

use crate::config::{KeyLimits, Rate};
use crate::state::bucket::{Bucket, Left};
use crate::state::{Limited, Which};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a caller over its concurrent limit is told to wait: nobody knows when one of its requests ends.
const UNTIL_ONE_ENDS: Duration = Duration::from_secs(1);

/// Every account that was ever asked for, by the id of its key.
#[derive(Debug, Default)]
pub struct Memory {
    accounts: Mutex<HashMap<String, Arc<Account>>>,
}

/// The buckets of one key and its requests in flight.
///
/// One lock for all, so that of many requests at once exactly as many pass as may; it is held for
/// some arithmetic only.
#[derive(Debug, Default)]
pub struct Account {
    counters: Mutex<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    in_flight: u32,
}

impl Memory {
    pub(super) fn account(&self, id: &str) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(id) {
            return account.clone();
        }
        accounts.entry(id.to_owned()).or_default().clone()
    }
}

impl Account {
    pub(super) fn enter(&self, limits: &KeyLimits, now: Instant) -> Result<Option<Left>, Limited> {
        let mut counters = self.counters();
        if let Some(most) = limits.concurrent.filter(|most| counters.in_flight >= *most) {
            return Err(too_many(most));
        }
        let left = take(&mut counters.requests, limits.requests, 1, now, Which::Requests)?;
        counters.in_flight += 1;
        Ok(left)
    }

    pub(super) fn reserve_tokens(
        &self,
        limits: &KeyLimits,
        tokens: u64,
        now: Instant,
    ) -> Result<Option<Left>, Limited> {
        take(&mut self.counters().tokens, limits.tokens, tokens, now, Which::Tokens)
    }

    pub(super) fn leave(&self) {
        let mut counters = self.counters();
        counters.in_flight = counters.in_flight.saturating_sub(1);
    }

    pub(super) fn settle_tokens(&self, limits: &KeyLimits, reserved: u64, used: u64, now: Instant) {
        if let Some(rate) = limits.tokens {
            let mut counters = self.counters();
            let bucket = counters.tokens.get_or_insert_with(|| Bucket::full(rate, now));
            bucket.settle(rate, reserved, used, now);
        }
    }

    /// Arithmetic leaves no half change behind, so a poisoned lock is as good as any.
    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes from a bucket, which is made full when its limit is first met. No limit, no bucket.
fn take(
    bucket: &mut Option<Bucket>,
    rate: Option<Rate>,
    cost: u64,
    now: Instant,
    which: Which,
) -> Result<Option<Left>, Limited> {
    let Some(rate) = rate else { return Ok(None) };
    let bucket = bucket.get_or_insert_with(|| Bucket::full(rate, now));
    bucket.take(rate, cost, now).map(Some).map_err(|wait| Limited {
        which,
        limit: wait.left.limit,
        remaining: wait.left.remaining,
        retry_after: wait.retry_after,
        reset: wait.left.reset,
    })
}

fn too_many(most: u32) -> Limited {
    Limited {
        which: Which::Concurrent,
        limit: u64::from(most),
        remaining: 0,
        retry_after: UNTIL_ONE_ENDS,
        reset: UNTIL_ONE_ENDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_minute(amount: u64) -> Option<Rate> {
        Some(Rate { amount, per: Duration::from_secs(60) })
    }

    #[test]
    fn an_account_is_found_again_by_its_id() {
        let memory = Memory::default();
        let app = memory.account("app");
        assert!(Arc::ptr_eq(&app, &memory.account("app")));
        assert!(!Arc::ptr_eq(&app, &memory.account("other")));
    }

    #[test]
    fn without_limits_everything_passes_and_is_still_counted() {
        let (account, now) = (Account::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(account.enter(&KeyLimits::default(), now), Ok(None));
        }
        let limits = KeyLimits { concurrent: Some(3), ..KeyLimits::default() };
        let limited = account.enter(&limits, now).expect_err("a reload set a limit that is met already");
        assert_eq!((limited.which, limited.limit), (Which::Concurrent, 3));
        account.leave();
        assert!(account.enter(&limits, now).is_ok());
    }

    #[test]
    fn a_request_refused_for_its_company_costs_none_of_the_requests() {
        let (account, now) = (Account::default(), Instant::now());
        let limits = KeyLimits { requests: per_minute(2), concurrent: Some(1), ..KeyLimits::default() };
        account.enter(&limits, now).expect("room");
        account.enter(&limits, now).expect_err("one is in flight");
        account.leave();
        assert_eq!(account.enter(&limits, now).expect("room").map(|left| left.remaining), Some(0));
    }

    #[test]
    fn a_request_over_its_rate_is_not_in_flight() {
        let (account, now) = (Account::default(), Instant::now());
        let limits = KeyLimits { requests: per_minute(1), concurrent: Some(2), ..KeyLimits::default() };
        account.enter(&limits, now).expect("room");
        for _ in 0..5 {
            let limited = account.enter(&limits, now).expect_err("one a minute");
            assert_eq!((limited.which, limited.retry_after), (Which::Requests, Duration::from_secs(60)));
        }
    }

    #[test]
    fn tokens_are_their_own_limit() {
        let (account, now) = (Account::default(), Instant::now());
        let limits = KeyLimits { tokens: per_minute(100), ..KeyLimits::default() };
        let left = account.reserve_tokens(&limits, 80, now).expect("room");
        assert_eq!(left.map(|left| left.remaining), Some(20));
        let limited = account.reserve_tokens(&limits, 30, now).expect_err("20 are left");
        assert_eq!((limited.which, limited.retry_after), (Which::Tokens, Duration::from_secs(6)));
        account.settle_tokens(&limits, 80, 10, now);
        assert!(account.reserve_tokens(&limits, 30, now).is_ok());
    }
}
