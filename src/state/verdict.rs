//! What the limits say to a request: room, and how much is left; or no, and which one it was.

use crate::config::{Period, Quota, Rate, Unit};
use crate::state::bucket::{Left, Wait};
use crate::state::claim::{Hold, Whose};
use std::time::Duration;

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Requests(Rate),
    Tokens(Rate),
    Concurrent,
    Quota(Unit, Period),
}

/// A refusal. Nothing was taken anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub whose: Whose,
    pub which: Which,
    /// Requests, tokens or nano-dollars, as is `remaining`.
    pub limit: u64,
    pub remaining: u64,
    /// The same request may pass after this long, if nothing else comes in between.
    pub retry_after: Duration,
    /// Until the whole limit is there again.
    pub reset: Duration,
}

/// Room was taken in every limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of the limit on requests that has the least left; `None` where there is none.
    pub requests: Option<Left>,
    pub tokens: Option<Left>,
    /// A soft budget that is passed; of several, the first in the order of [`Whose`].
    pub soft: Option<Soft>,
    pub hold: Hold,
}

/// A budget or quota that warns, and is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soft {
    pub whose: Whose,
    pub quota: Quota,
    pub used: u64,
    pub resets: Duration,
}

/// How one limit stands, for whoever shows limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub whose: Whose,
    pub which: Which,
    pub soft: bool,
    pub limit: u64,
    /// Of a rate: what is missing until it is full.
    pub used: u64,
    pub reset: Duration,
}

/// A refusal by one account, which does not know whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Short {
    pub which: Which,
    pub limit: u64,
    pub remaining: u64,
    pub retry_after: Duration,
    pub reset: Duration,
}

impl Short {
    /// What a caller over its concurrent limit is told to wait: nobody knows when one of its requests ends.
    const UNTIL_ONE_ENDS: Duration = Duration::from_secs(1);

    pub fn of_rate(which: Which, wait: Wait) -> Short {
        let Wait { retry_after, left: Left { limit, remaining, reset } } = wait;
        Short { which, limit, remaining, retry_after, reset }
    }

    pub fn of_quota(quota: &Quota, used: u64, resets: Duration) -> Short {
        Short {
            which: Which::Quota(quota.unit, quota.period),
            limit: quota.amount,
            remaining: quota.amount.saturating_sub(used),
            retry_after: resets,
            reset: resets,
        }
    }

    pub fn too_many(most: u32) -> Short {
        Short {
            which: Which::Concurrent,
            limit: u64::from(most),
            remaining: 0,
            retry_after: Short::UNTIL_ONE_ENDS,
            reset: Short::UNTIL_ONE_ENDS,
        }
    }

    pub fn of(self, whose: Whose) -> Limited {
        let Short { which, limit, remaining, retry_after, reset } = self;
        Limited { whose, which, limit, remaining, retry_after, reset }
    }
}

impl Taken {
    /// Notes what a limit on `unit` has left, if it is less than what is known of others.
    pub fn note(&mut self, unit: Unit, left: Left) {
        let tightest = match unit {
            Unit::Requests => &mut self.requests,
            Unit::Tokens => &mut self.tokens,
            // Nobody is told what is left of a budget.
            Unit::Cost => return,
        };
        if tightest.is_none_or(|least| left.remaining < least.remaining) {
            *tightest = Some(left);
        }
    }
}
