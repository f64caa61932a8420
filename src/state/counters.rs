//! The counters of one account: what its bounds are counted in. Time is an argument, and nothing waits here.

use crate::clock::Moment;
use crate::config::{Bounds, Quota, Rate, Rates, Unit};
use crate::state::bucket::{Bucket, Left};
use crate::state::claim::{Hold, Need, Whose};
use crate::state::verdict::{Short, Soft, Standing, Taken, Which};
use crate::state::window::Tally;
use std::time::Duration;

/// Made when a limit is first met, in the order of the bounds; a reload that changes those keeps the levels.
#[derive(Debug, Default)]
pub struct Counters {
    pub(in crate::state) requests: Vec<Bucket>,
    pub(in crate::state) tokens: Vec<Bucket>,
    pub(in crate::state) quotas: Vec<Counter>,
    pub(in crate::state) tie: Tie,
}

/// How these counters go together with those of other processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tie {
    /// Of the shared store when it last knew all that is counted here.
    pub epoch: u32,
    /// Whether that is still so: then it has to be told of every change.
    pub told: bool,
    /// Requests that hold one of the places that are limited.
    pub held: u32,
    pub places: Places,
    /// What of that the store was told.
    pub places_told: Places,
    /// When something was counted here last, since the epoch.
    pub at: Duration,
}

/// What the shared store is told of places: counts since it was told that only grow, so that a message that
/// comes late, twice or never does no harm to the next one. It counts itself what it granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Taken without asking.
    pub own: u64,
    pub left: u64,
}

/// What was used of all quotas of one unit, period and window.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// Any of them; its amount means nothing here.
    pub of: Quota,
    pub tally: Tally,
    /// The part of it that no shared store knows of.
    pub untold: i64,
    /// Whether the store may know less than the rest of it, and has to be told of all.
    pub raise: bool,
}

impl Counter {
    fn change(&mut self, change: impl FnOnce(&mut Tally)) {
        let before = self.tally.used;
        change(&mut self.tally);
        let more = i128::from(self.tally.used) - i128::from(before);
        self.untold = self.untold.saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
    }
}

impl Counters {
    /// Whether one more request would fit; for the moment at which nothing else is known of it.
    pub fn look(&mut self, bounds: &Bounds, now: Moment) -> Result<(), Short> {
        check_rates(&mut self.requests, &bounds.requests, 1, now, Which::Requests)?;
        // Where the store is shared, others may have given back what was used up when it was last seen.
        let known = !self.tie.told;
        let mut of_requests = bounds.quotas.iter().filter(|quota| known && quota.unit == Unit::Requests);
        of_requests.try_for_each(|quota| self.check_quota(quota, &Need::REQUEST, now))
    }

    /// Whether all of this fits. A cost above a whole rate fits while that is untouched, one above a quota never.
    pub fn check(&mut self, bounds: &Bounds, need: &Need, now: Moment) -> Result<(), Short> {
        check_rates(&mut self.requests, &bounds.requests, need.requests, now, Which::Requests)?;
        check_rates(&mut self.tokens, &bounds.tokens, need.tokens, now, Which::Tokens)?;
        bounds.quotas.iter().try_for_each(|quota| self.check_quota(quota, need, now))
    }

    /// Takes what was found to fit in the same moment, and notes what is left.
    pub fn deduct(&mut self, bounds: &Bounds, need: &Need, now: Moment, whose: Whose, taken: &mut Taken) {
        self.tie.at = now.wall;
        for (unit, buckets, rates, cost) in [
            (Unit::Requests, &mut self.requests, &bounds.requests, need.requests),
            (Unit::Tokens, &mut self.tokens, &bounds.tokens, need.tokens),
        ] {
            for (bucket, rate) in buckets.iter_mut().zip(rates.iter()) {
                taken.note(unit, bucket.deduct(rate, cost));
                if self.tie.told {
                    bucket.note(rate, 0, cost.min(rate.amount.max(1)));
                }
            }
        }
        for quota in &bounds.quotas {
            self.counter(quota, now.wall);
        }
        for counter in &mut self.quotas {
            let used = of_unit(need, counter.of.unit);
            counter.change(|tally| tally.used = tally.used.saturating_add(used));
        }
        for quota in &bounds.quotas {
            self.tell(quota, now, whose, taken);
        }
    }

    /// Corrects what was taken to what was used. Of requests a rate gives none back: a client that breaks
    /// off every request would otherwise be free of it.
    pub fn settle(&mut self, bounds: &Bounds, hold: &Hold, used: &Need, now: Moment) {
        let more = used.requests.saturating_sub(hold.need.requests);
        let told = self.tie.told;
        self.tie.at = now.wall;
        settle_rates(&mut self.requests, &bounds.requests, (0, more, told), now);
        settle_rates(&mut self.tokens, &bounds.tokens, (hold.need.tokens, used.tokens, told), now);
        let at = if hold.need == Need::NOTHING { now.wall } else { hold.at };
        for quota in &bounds.quotas {
            self.counter(quota, now.wall);
        }
        for counter in &mut self.quotas {
            let unit = counter.of.unit;
            let (taken, used) = (of_unit(&hold.need, unit), of_unit(used, unit));
            counter.change(|tally| tally.settle(taken, used, at));
        }
    }

    /// Raises a quota's counter to what is known from elsewhere, if that is of the window that runs.
    pub fn seed(&mut self, quota: &Quota, start: Duration, used: u64, now: Duration) {
        let mut known = Tally { start, used };
        known.roll(quota.period, quota.window, now);
        self.tie.at = now;
        let Counter { tally, raise, .. } = self.counter(quota, now);
        *raise = true;
        match tally.used {
            // Nothing was used yet: a rolling window has begun where it is known to have begun.
            0 => *tally = known,
            _ => tally.used = tally.used.max(known.used),
        }
    }

    /// How every limit stands; takes nothing.
    pub fn standing(&mut self, bounds: &Bounds, now: Moment, whose: Whose) -> Vec<Standing> {
        let mut all = Vec::new();
        let rate = |which, left: Left| {
            let used = left.limit.saturating_sub(left.remaining);
            Standing { whose, which, soft: false, limit: left.limit, used, reset: left.reset }
        };
        for (bucket, of) in
            met(&mut self.requests, &bounds.requests, now).iter_mut().zip(bounds.requests.iter())
        {
            all.push(rate(Which::Requests(of), bucket.look(of, now.mono)));
        }
        for (bucket, of) in met(&mut self.tokens, &bounds.tokens, now).iter_mut().zip(bounds.tokens.iter()) {
            all.push(rate(Which::Tokens(of), bucket.look(of, now.mono)));
        }
        for quota in &bounds.quotas {
            let tally = self.seen(quota, now.wall);
            let reset = resets(quota, &tally, now);
            let which = Which::Quota(quota.unit, quota.period);
            all.push(Standing {
                whose,
                which,
                soft: quota.soft,
                limit: quota.amount,
                used: tally.used,
                reset,
            });
        }
        all
    }

    fn check_quota(&self, quota: &Quota, need: &Need, now: Moment) -> Result<(), Short> {
        let tally = self.seen(quota, now.wall);
        let needed = of_unit(need, quota.unit);
        match tally.used.checked_add(needed) {
            _ if quota.soft || needed == 0 => Ok(()),
            Some(used) if used <= quota.amount => Ok(()),
            Some(_) | None => Err(Short::of_quota(quota, tally.used, resets(quota, &tally, now))),
        }
    }

    pub(in crate::state) fn tell(&mut self, quota: &Quota, now: Moment, whose: Whose, taken: &mut Taken) {
        let tally = self.counter(quota, now.wall).tally;
        let resets = resets(quota, &tally, now);
        // Another request may have opened the window after this one's clock was read.
        taken.hold.at = taken.hold.at.max(tally.start);
        // What this request reserves is an estimate; nobody is warned of that.
        let before = tally.used.saturating_sub(of_unit(&taken.hold.need, quota.unit));
        if !quota.soft {
            let remaining = quota.amount.saturating_sub(tally.used);
            taken.note(quota.unit, Left { limit: quota.amount, remaining, reset: resets });
        } else if before >= quota.amount && taken.soft.is_none() {
            taken.soft = Some(Soft { whose, quota: *quota, used: before, resets });
        }
    }

    /// What a quota's counter reads now. A look opens no window: a rolling one begins with its first use.
    fn seen(&self, quota: &Quota, now: Duration) -> Tally {
        let known = self.quotas.iter().find(|counter| counter.of.counts_with(quota));
        let none = || Tally::none(quota.period, quota.window, now);
        let mut tally = known.map_or_else(none, |counter| counter.tally);
        tally.roll(quota.period, quota.window, now);
        tally
    }

    /// The counter of a quota in the window that runs; soft and hard ones share it.
    pub(in crate::state) fn counter(&mut self, quota: &Quota, now: Duration) -> &mut Counter {
        let known = self.quotas.iter().position(|counter| counter.of.counts_with(quota));
        let index = known.unwrap_or_else(|| {
            let tally = Tally::none(quota.period, quota.window, now);
            self.quotas.push(Counter { of: *quota, tally, untold: 0, raise: false });
            self.quotas.len() - 1
        });
        let counter = &mut self.quotas[index];
        let start = counter.tally.start;
        counter.tally.roll(quota.period, quota.window, now);
        if counter.tally.start != start {
            (counter.untold, counter.raise) = (0, false);
        }
        counter
    }
}

/// What a need is in a unit.
pub fn of_unit(need: &Need, unit: Unit) -> u64 {
    match unit {
        Unit::Requests => need.requests,
        Unit::Tokens => need.tokens,
        Unit::Cost => need.cost.0,
    }
}

fn resets(quota: &Quota, tally: &Tally, now: Moment) -> Duration {
    tally.end(quota.period, quota.window).saturating_sub(now.wall)
}

/// The buckets of these rates, full ones for those that are new.
pub(in crate::state) fn met<'a>(
    buckets: &'a mut Vec<Bucket>,
    rates: &Rates,
    now: Moment,
) -> &'a mut [Bucket] {
    let fits = buckets.len() == rates.iter().count()
        && buckets.iter().zip(rates.iter()).all(|(bucket, rate)| bucket.counts(rate));
    if !fits {
        // A reload may have put a rate before others, or taken one out.
        let of = |rate| buckets.iter().find(|bucket| bucket.counts(rate)).copied();
        *buckets = rates.iter().map(|rate| of(rate).unwrap_or(Bucket::full(rate, now.mono))).collect();
    }
    buckets
}

fn check_rates(
    buckets: &mut Vec<Bucket>,
    rates: &Rates,
    cost: u64,
    now: Moment,
    which: fn(Rate) -> Which,
) -> Result<(), Short> {
    for (bucket, rate) in met(buckets, rates, now).iter_mut().zip(rates.iter()) {
        match cost {
            // What needs nothing is not held up by a debt.
            0 => bucket.refill(rate, now.mono),
            _ => bucket.check(rate, cost, now.mono).map_err(|wait| Short::of_rate(which(rate), wait))?,
        }
    }
    Ok(())
}

fn settle_rates(
    buckets: &mut Vec<Bucket>,
    rates: &Rates,
    (reserved, used, told): (u64, u64, bool),
    now: Moment,
) {
    if reserved != used {
        for (bucket, rate) in met(buckets, rates, now).iter_mut().zip(rates.iter()) {
            bucket.settle(rate, reserved, used, now.mono);
            if told {
                bucket.note(rate, reserved, used);
            }
        }
    }
}
