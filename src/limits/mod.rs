//! Limits: what a key and an address may use, taken before the call and corrected after it.

pub mod ip;
#[cfg(test)]
mod tests;

use crate::clock;
use crate::config::KeyLimits;
use crate::state::{Account, Left, Limited, State};
use std::sync::Arc;
use std::time::Instant;

pub use ip::IpLimit;

/// Holds room in every limit of a key until settled. Dropping it unsettled gives all the tokens back;
/// one way or the other it stops counting as concurrent exactly once.
///
/// The request itself stays counted even if it came to nothing: a client that breaks off every
/// request would otherwise be free of the limit.
#[derive(Debug)]
pub struct Reservation {
    state: Arc<State>,
    account: Arc<Account>,
    /// As they were on entry.
    limits: KeyLimits,
    tokens: u64,
}

impl Reservation {
    /// Takes one request and one of the concurrent ones. What is left is of the requests;
    /// `None` where they have no limit.
    pub async fn enter(
        state: &Arc<State>,
        account: &Arc<Account>,
        limits: &KeyLimits,
        now: Instant,
    ) -> Result<(Reservation, Option<Left>), Limited> {
        let left = state.enter(account, limits, now).await?;
        let (state, account, limits) = (state.clone(), account.clone(), *limits);
        Ok((Reservation { state, account, limits, tokens: 0 }, left))
    }

    /// Takes an estimate of tokens. One larger than the whole limit passes only while the limit is untouched.
    pub async fn reserve_tokens(&mut self, tokens: u64, now: Instant) -> Result<Option<Left>, Limited> {
        let left = self.state.reserve_tokens(&self.account, &self.limits, tokens, now).await?;
        self.tokens = self.tokens.saturating_add(tokens);
        Ok(left)
    }

    /// Corrects the tokens to what was really used, and ends the reservation.
    pub fn settle(mut self, used: u64, now: Instant) {
        self.correct(used, || now);
    }

    fn correct(&mut self, used: u64, now: impl FnOnce() -> Instant) {
        let reserved = std::mem::take(&mut self.tokens);
        if reserved != used {
            self.state.settle_tokens(&self.account, &self.limits, reserved, used, now());
        }
    }
}

impl Drop for Reservation {
    /// After settling there are no tokens left to give back.
    fn drop(&mut self) {
        self.correct(0, clock::now);
        self.state.leave(&self.account);
    }
}
