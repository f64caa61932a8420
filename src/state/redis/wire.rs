//! Bounds, needs and changes as arguments of the scripts, and the answers read back.

use crate::clock;
use crate::config::{Bounds, Period, Quota, Rate, Unit, Window};
use crate::state::bucket::{Left, Wait};
use crate::state::claim::Need;
use crate::state::counters::of_unit;
use crate::state::redis::resp::Command;
use crate::state::verdict::{Short, Which};
use crate::state::window;
use std::time::Duration;

/// A counter in Redis: one field of its account's hash.
pub enum Item {
    Bucket(Unit, Rate),
    /// Any of the quotas that share the counter, and the lowest amount of those that refuse.
    Window(Quota, Option<Quota>),
}

/// What a script read in one counter, or left there.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Level times milliseconds of a bucket; what was used of a window.
    pub value: f64,
    /// Milliseconds since the epoch: of the last look, or the window's start.
    pub mark: f64,
}

/// The counters of these bounds, always in the same order.
pub fn items(bounds: &Bounds) -> Vec<Item> {
    let requests = bounds.requests.iter().map(|rate| Item::Bucket(Unit::Requests, rate));
    let tokens = bounds.tokens.iter().map(|rate| Item::Bucket(Unit::Tokens, rate));
    let mut items: Vec<Item> = requests.chain(tokens).collect();
    let first = items.len();
    for quota in &bounds.quotas {
        let same = |item: &&mut Item| matches!(item, Item::Window(of, _) if of.counts_with(quota));
        match items[first..].iter_mut().find(same) {
            Some(Item::Window(_, hard)) => *hard = lower(*hard, quota),
            Some(Item::Bucket(..)) | None => items.push(Item::Window(*quota, lower(None, quota))),
        }
    }
    items
}

fn lower(hard: Option<Quota>, quota: &Quota) -> Option<Quota> {
    match hard {
        _ if quota.soft => hard,
        Some(hard) if hard.amount <= quota.amount => Some(hard),
        Some(_) | None => Some(*quota),
    }
}

impl Item {
    pub fn cost(&self, need: &Need) -> u64 {
        match self {
            Item::Bucket(unit, _) => of_unit(need, *unit),
            Item::Window(quota, _) => of_unit(need, quota.unit),
        }
    }

    /// Field, kind, x, y and amount, as the scripts call them. `start` is that of the window, since the epoch.
    pub fn write(&self, start: Duration, command: &mut Command) {
        match self {
            Item::Bucket(unit, rate) => {
                let period = period(*rate);
                command.text(&field_of_rate(*unit, period)).text("b");
                command.number(period).number(0).number(rate.amount);
            }
            Item::Window(quota, hard) => {
                let length = length(quota, window::opened(quota.period, quota.window, start));
                command.text(field(quota)).text("w").number(clock::millis(start)).number(length);
                match hard {
                    Some(hard) => command.number(hard.amount),
                    None => command.signed(-1),
                };
            }
        }
    }

    /// Why a cost did not fit.
    pub fn short(&self, cost: u64, reading: Reading, now: Duration) -> Short {
        match self {
            Item::Bucket(unit, rate) => {
                let which = if *unit == Unit::Requests { Which::Requests } else { Which::Tokens };
                let needed = cost.min(rate.amount.max(1)) as f64 * period(*rate) as f64;
                let retry_after = refilled(*rate, needed - reading.value);
                Short::of_rate(which(*rate), Wait { retry_after, left: left(*rate, reading) })
            }
            Item::Window(quota, hard) => {
                let quota = hard.as_ref().unwrap_or(quota);
                Short::of_quota(quota, reading.value as u64, resets(quota, reading, now))
            }
        }
    }
}

/// What a bucket that reads so has left.
pub fn left(rate: Rate, reading: Reading) -> Left {
    let remaining = (reading.value.max(0.0) / period(rate) as f64) as u64;
    let full = rate.amount as f64 * period(rate) as f64;
    Left { limit: rate.amount, remaining, reset: refilled(rate, full - reading.value) }
}

/// How long counters are kept that nobody asks for: until they would read like new ones, and longer for clocks that
/// differ. End users are many, and each may have some.
pub fn life(bounds: &Bounds) -> u64 {
    life_of(bounds.requests.iter().chain(bounds.tokens.iter()), bounds.quotas.iter())
}

/// The same, of these limits.
pub fn life_of<'a>(rates: impl Iterator<Item = Rate>, quotas: impl Iterator<Item = &'a Quota>) -> u64 {
    const SLACK: u64 = 60_000;
    // A debt is of one period at most, and in another one the rate is full again.
    let rates = rates.map(|rate| 2 * period(rate) + SLACK);
    let days = |quota: &Quota| match quota.period {
        Period::Day => 2,
        Period::Month => 32,
    };
    rates.chain(quotas.map(|quota| days(quota) * 86_400_000)).max().unwrap_or(0)
}

pub fn field(quota: &Quota) -> &'static str {
    match (quota.unit, quota.period, quota.window) {
        (Unit::Requests, Period::Day, Window::Rolling) => "r:day:rolling",
        (Unit::Requests, Period::Day, Window::Calendar) => "r:day",
        (Unit::Requests, Period::Month, Window::Rolling) => "r:month:rolling",
        (Unit::Requests, Period::Month, Window::Calendar) => "r:month",
        (Unit::Tokens, Period::Day, Window::Rolling) => "t:day:rolling",
        (Unit::Tokens, Period::Day, Window::Calendar) => "t:day",
        (Unit::Tokens, Period::Month, Window::Rolling) => "t:month:rolling",
        (Unit::Tokens, Period::Month, Window::Calendar) => "t:month",
        (Unit::Cost, Period::Day, Window::Rolling) => "c:day:rolling",
        (Unit::Cost, Period::Day, Window::Calendar) => "c:day",
        (Unit::Cost, Period::Month, Window::Rolling) => "c:month:rolling",
        (Unit::Cost, Period::Month, Window::Calendar) => "c:month",
    }
}

/// The length of a rolling window; 0 for a calendar's, which says by its start which one it is.
pub fn length(quota: &Quota, span: window::Span) -> u64 {
    match quota.window {
        Window::Rolling => clock::millis(span.end - span.start),
        Window::Calendar => 0,
    }
}

pub fn duration(millis: f64) -> Duration {
    Duration::from_millis(millis.max(0.0) as u64)
}

fn field_of_rate(unit: Unit, period: u64) -> String {
    match unit {
        Unit::Requests => format!("r{period}"),
        Unit::Tokens => format!("t{period}"),
        Unit::Cost => format!("c{period}"),
    }
}

fn period(rate: Rate) -> u64 {
    clock::millis(rate.per).max(1)
}

fn refilled(rate: Rate, missing: f64) -> Duration {
    duration((missing / rate.amount.max(1) as f64).ceil())
}

fn resets(quota: &Quota, reading: Reading, now: Duration) -> Duration {
    window::opened(quota.period, quota.window, duration(reading.mark)).end.saturating_sub(now)
}
