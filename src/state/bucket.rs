//! A token bucket: holds an amount, and refills evenly over a period.

#[cfg(test)]
mod tests;

use crate::config::Rate;
use std::time::{Duration, Instant};

/// What a limit has left, for the `X-RateLimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub limit: u64,
    pub remaining: u64,
    /// Until the whole limit is there again.
    pub reset: Duration,
}

/// There is not enough now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Until there is enough for what was asked.
    pub retry_after: Duration,
    pub left: Left,
}

/// Level and time of one limit. The rate is an argument, so a reload that changes it keeps the level.
///
/// The level is counted in whole units times the nanoseconds of the period: then a nanosecond
/// refills exactly `amount`, and nothing is ever rounded, however often it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    level: i128,
    /// The scale of `level`: nanoseconds of the period it was last counted in.
    period: i128,
    at: Instant,
    /// By which it was last counted.
    rate: Rate,
    /// Units given back (or taken, below 0) that a shared store has to be told of.
    pub untold: i64,
}

impl Bucket {
    pub fn full(rate: Rate, now: Instant) -> Bucket {
        Bucket { level: whole(rate), period: period(rate), at: now, rate, untold: 0 }
    }

    /// By which it was last counted.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Whether it is that of a rate with this period.
    pub fn counts(&self, rate: Rate) -> bool {
        self.period == period(rate)
    }

    /// Takes `cost` units. A cost above the amount takes the whole bucket, and so only when it is full:
    /// it could never pass otherwise.
    pub fn take(&mut self, rate: Rate, cost: u64, now: Instant) -> Result<Left, Wait> {
        self.check(rate, cost, now)?;
        Ok(self.deduct(rate, cost))
    }

    /// Whether `cost` units could be taken now.
    pub fn check(&mut self, rate: Rate, cost: u64, now: Instant) -> Result<(), Wait> {
        self.refill(rate, now);
        match held(rate, cost) - self.level {
            missing if missing > 0 => {
                Err(Wait { retry_after: time_for(rate, missing), left: self.left(rate) })
            }
            _ => Ok(()),
        }
    }

    /// Takes what was found to be there in the same moment.
    pub fn deduct(&mut self, rate: Rate, cost: u64) -> Left {
        self.level -= held(rate, cost);
        self.left(rate)
    }

    /// What is left now.
    pub fn look(&mut self, rate: Rate, now: Instant) -> Left {
        self.refill(rate, now);
        self.left(rate)
    }

    /// Corrects what was taken for `reserved` to what was `used`. More than was reserved is charged and
    /// may leave a debt that delays later requests, but never for longer than one period.
    pub fn settle(&mut self, rate: Rate, reserved: u64, used: u64, now: Instant) {
        self.refill(rate, now);
        let used = i128::from(used).saturating_mul(self.period);
        let settled = self.level.saturating_add(held(rate, reserved)).saturating_sub(used);
        self.level = settled.clamp(-whole(rate), whole(rate));
    }

    /// Notes for a shared store what [`Bucket::settle`] changed with the same numbers.
    pub fn note(&mut self, rate: Rate, reserved: u64, used: u64) {
        let back = i128::from(reserved.min(rate.amount.max(1))) - i128::from(used);
        let untold = (i128::from(self.untold) + back).clamp(i64::MIN.into(), i64::MAX.into());
        self.untold = i64::try_from(untold).unwrap_or_default();
    }

    fn left(&self, rate: Rate) -> Left {
        let remaining = u64::try_from(ratio(self.level.max(0), self.period)).unwrap_or(u64::MAX);
        Left { limit: rate.amount, remaining, reset: time_for(rate, whole(rate) - self.level) }
    }

    /// Brings it to now. A clock that goes backwards refills nothing, and takes nothing.
    pub fn refill(&mut self, rate: Rate, now: Instant) {
        self.rate = rate;
        if self.period != period(rate) {
            self.level = self.level / self.period * period(rate);
            self.period = period(rate);
        }
        let elapsed = nanos(now.saturating_duration_since(self.at));
        self.at = self.at.max(now);
        let refilled = self.level.saturating_add(elapsed.saturating_mul(i128::from(rate.amount)));
        self.level = refilled.min(whole(rate));
    }
}

fn whole(rate: Rate) -> i128 {
    i128::from(rate.amount).saturating_mul(period(rate))
}

/// What a cost takes out of the level: at least one unit of an amount of zero, which nothing passes.
fn held(rate: Rate, cost: u64) -> i128 {
    i128::from(cost.min(rate.amount.max(1))).saturating_mul(period(rate))
}

fn period(rate: Rate) -> i128 {
    nanos(rate.per).max(1)
}

fn nanos(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX)
}

/// A division of 64 bits where that is enough, as it nearly always is: one of 128 takes several times as long.
fn ratio(all: i128, part: i128) -> i128 {
    match (u64::try_from(all), u64::try_from(part)) {
        (Ok(all), Ok(part)) if part > 0 => i128::from(all / part),
        _ => all / part,
    }
}

/// How long the refilling of so much of a level takes, rounded up.
fn time_for(rate: Rate, missing: i128) -> Duration {
    let amount = i128::from(rate.amount.max(1));
    let nanos = ratio(missing.max(0).saturating_add(amount - 1), amount);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
