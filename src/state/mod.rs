//! Shared counters and cache bytes: where they live, and what is the same wherever that is.

pub mod bucket;
pub mod bytes;
pub mod memory;

use crate::config::KeyLimits;
use crate::state::memory::Memory;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use bucket::Left;
pub use memory::Account;

/// The store of all counters. Its calls are async where another store would have to be asked.
#[derive(Debug)]
pub enum State {
    /// In this process alone: with several replicas every limit holds for each of them.
    Memory(Memory),
}

/// A refusal by a limit of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub which: Which,
    pub limit: u64,
    pub remaining: u64,
    /// The same request may pass after this long, if nothing else comes in between.
    pub retry_after: Duration,
    /// Until the whole limit is there again.
    pub reset: Duration,
}

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Requests,
    Tokens,
    Concurrent,
}

impl State {
    pub fn memory() -> State {
        State::Memory(Memory::default())
    }

    /// The account of a key, made when it is first asked for; it outlives every reload.
    pub fn account(&self, id: &str) -> Arc<Account> {
        match self {
            State::Memory(memory) => memory.account(id),
        }
    }

    /// Takes one request and one of the concurrent ones, or neither. What is left is of the requests.
    pub async fn enter(
        &self,
        account: &Arc<Account>,
        limits: &KeyLimits,
        now: Instant,
    ) -> Result<Option<Left>, Limited> {
        match self {
            State::Memory(_) => account.enter(limits, now),
        }
    }

    /// Takes an estimate of tokens. One larger than the whole limit passes only while the limit is untouched.
    pub async fn reserve_tokens(
        &self,
        account: &Arc<Account>,
        limits: &KeyLimits,
        tokens: u64,
        now: Instant,
    ) -> Result<Option<Left>, Limited> {
        match self {
            State::Memory(_) => account.reserve_tokens(limits, tokens, now),
        }
    }

    /// Gives back one of the concurrent requests. The request itself stays counted.
    pub fn leave(&self, account: &Arc<Account>) {
        match self {
            State::Memory(_) => account.leave(),
        }
    }

    /// Corrects an estimate to what was really used; the difference is given back or charged.
    pub fn settle_tokens(
        &self,
        account: &Arc<Account>,
        limits: &KeyLimits,
        reserved: u64,
        used: u64,
        now: Instant,
    ) {
        match self {
            State::Memory(_) => account.settle_tokens(limits, reserved, used, now),
        }
    }
}
