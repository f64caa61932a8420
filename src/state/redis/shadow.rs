//! What a replica knows of counters that live in Redis: its own part of the rates, the last it saw of the quotas, and
//! what of both Redis was not told yet.

use crate::clock::Moment;
use crate::config::{Bounds, Quota, Rate, Unit};
use crate::state::bucket::Bucket;
use crate::state::claim::{Need, Whose};
use crate::state::counters::{Counter, Counters, Places, met, of_unit};
use crate::state::redis::change::{Known, Untold};
use crate::state::redis::lane::Told;
use crate::state::redis::wire;
use crate::state::redis::wire::{Item, Reading};
use crate::state::verdict::Taken;
use crate::state::window;
use crate::state::window::Tally;
use std::mem;
use std::time::Duration;

impl Counters {
    /// Does here what the script has done there, and notes what is left there.
    pub fn follow(
        &mut self,
        claim: (&Bounds, Whose),
        need: &Need,
        now: Moment,
        readings: &mut impl Iterator<Item = Reading>,
        taken: &mut Taken,
    ) {
        let (bounds, whose) = claim;
        for (item, reading) in wire::items(bounds).iter().zip(readings) {
            match item {
                Item::Bucket(unit, rate) => taken.note(*unit, wire::left(*rate, reading)),
                Item::Window(quota, _) => self.counter(quota, now.wall).learn(reading),
            }
        }
        self.charge(bounds, need, now);
        for quota in &bounds.quotas {
            self.tell(quota, now, whose, taken);
        }
    }

    /// Takes from the rates whether it is there or not.
    fn charge(&mut self, bounds: &Bounds, need: &Need, now: Moment) {
        for (buckets, rates, cost) in [
            (&mut self.requests, &bounds.requests, need.requests),
            (&mut self.tokens, &bounds.tokens, need.tokens),
        ] {
            for (bucket, rate) in met(buckets, rates, now).iter_mut().zip(rates.iter()) {
                bucket.settle(rate, 0, cost.min(rate.amount), now.mono);
            }
        }
    }

    /// Begins to tell Redis of every change, in this epoch of the link; whether there is something to tell.
    pub fn tie(&mut self, epoch: u32, now: Moment) -> bool {
        if self.tie.epoch == epoch {
            return false;
        }
        (self.tie.epoch, self.tie.told, self.tie.at) = (epoch, true, now.wall);
        self.tie.places = Places { own: u64::from(self.tie.held), left: 0 };
        self.tie.places_told = Places::default();
        // Rates are not told what was counted while nobody asked.
        self.requests.iter_mut().chain(&mut self.tokens).for_each(|bucket| bucket.untold = 0);
        for at in 0..self.quotas.len() {
            let of = self.quotas[at].of;
            let counter = self.counter(&of, now.wall);
            counter.raise = counter.tally.used > 0 || counter.untold != 0;
        }
        self.tie.held > 0 || self.quotas.iter().any(|counter| counter.raise)
    }

    /// All that is to be told; from now on it is.
    pub fn untold(&mut self) -> Untold {
        let places = self.tie.places;
        let news = mem::replace(&mut self.tie.places_told, places) != places;
        let rate = |unit, bucket: &mut Bucket| match mem::take(&mut bucket.untold) {
            0 => None,
            untold => Some((unit, bucket.rate(), untold)),
        };
        let requests = self.requests.iter_mut().filter_map(|bucket| rate(Unit::Requests, bucket));
        let tokens = self.tokens.iter_mut().filter_map(|bucket| rate(Unit::Tokens, bucket));
        Untold {
            at: self.tie.at,
            places: news.then_some(places),
            rates: requests.chain(tokens).collect(),
            quotas: self.quotas.iter_mut().filter_map(Counter::untold).collect(),
        }
    }

    /// What of a rate goes along with the next question.
    pub fn untold_of_rate(&mut self, unit: Unit, rate: Rate) -> i64 {
        let buckets = match unit {
            Unit::Requests => &mut self.requests,
            Unit::Tokens => &mut self.tokens,
            Unit::Cost => return 0,
        };
        buckets
            .iter_mut()
            .find(|bucket| bucket.counts(rate))
            .map_or(0, |bucket| mem::take(&mut bucket.untold))
    }

    /// What of a quota goes along, and the start of its window: of that in which it was used, or of one that opens now.
    pub fn untold_of_quota(&mut self, quota: &Quota, now: Duration) -> (Duration, i64) {
        let opened = window::opened(quota.period, quota.window, now).start;
        if !self.quotas.iter().any(|counter| counter.of.counts_with(quota) && counter.untold != 0) {
            return (opened, 0);
        }
        match self.counter(quota, now) {
            counter if counter.raise || counter.untold == 0 => (opened, 0),
            counter => (counter.tally.start, mem::take(&mut counter.untold)),
        }
    }

    /// Gives back what Redis took for a request that did not wait. Where the request was counted here instead, that is
    /// of quotas; rates are not told of it.
    pub fn give_back(&mut self, bounds: &Bounds, need: &Need, now: Duration, counted_here: bool) {
        self.tie.at = now;
        for item in wire::items(bounds) {
            match item {
                Item::Window(quota, _) => {
                    let back = i64::try_from(of_unit(need, quota.unit)).unwrap_or(i64::MAX);
                    let counter = self.counter(&quota, now);
                    counter.untold = counter.untold.saturating_sub(back);
                }
                // A rate gives no request back.
                Item::Bucket(Unit::Tokens, rate) if !counted_here && self.tie.told => {
                    let bucket = self.tokens.iter_mut().find(|bucket| bucket.counts(rate));
                    bucket.into_iter().for_each(|bucket| bucket.note(rate, need.tokens, 0));
                }
                Item::Bucket(Unit::Requests | Unit::Tokens | Unit::Cost, _) => {}
            }
        }
    }

    /// Remembers what did not arrive, to be told again.
    pub fn keep(&mut self, told: &Told) {
        let counter = self.counter(&told.quota, told.start);
        if counter.tally.start <= told.start {
            counter.untold = counter.untold.saturating_add(told.amount);
        }
    }
}

impl Counter {
    fn untold(&mut self) -> Option<Known> {
        let (untold, raise) = (mem::take(&mut self.untold), mem::take(&mut self.raise));
        let base = self.tally.used.saturating_add_signed(untold.saturating_neg());
        let known = Known { quota: self.of, start: self.tally.start, base: raise.then_some(base), untold };
        (raise || untold != 0).then_some(known)
    }

    /// What Redis has, and what it was not told.
    fn learn(&mut self, reading: Reading) {
        let start = wire::duration(reading.mark);
        if self.tally.start < start {
            (self.untold, self.raise) = (0, false);
        }
        let known = if self.raise { self.tally.used } else { 0 };
        let used = (reading.value as u64).saturating_add_signed(self.untold).max(known);
        self.tally = Tally { start, used };
    }
}
