//! What a replica knows of counters that live in Redis: its own part of the rates, the last it saw of the quotas, and
//! what it counted while Redis was away.

use crate::clock::Moment;
use crate::config::{Bounds, Unit};
use crate::state::claim::{Need, Whose};
use crate::state::counters::{Counters, Places, met};
use crate::state::redis::change::Known;
use crate::state::redis::wire;
use crate::state::redis::wire::{Item, Reading};
use crate::state::verdict::Taken;
use crate::state::window::Tally;
use std::time::Duration;

/// What of an account Redis has not been told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// Whether there are any.
    pub places: bool,
    pub quotas: Vec<Known>,
}

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
                Item::Window(quota, _) => {
                    let counter = self.counter(quota, now.wall);
                    let start = wire::duration(reading.mark);
                    if counter.tally.start != start {
                        counter.untold = 0;
                    }
                    let used = (reading.value as u64).saturating_add_signed(counter.untold);
                    counter.tally = Tally { start, used };
                }
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

    /// Begins to tell Redis of every change, in this epoch of the link; what it was not told so far is returned, once.
    pub fn tie(&mut self, epoch: u32, now: Moment) -> Untold {
        if self.tie.epoch == epoch {
            return Untold::default();
        }
        (self.tie.epoch, self.tie.told) = (epoch, true);
        self.tie.places = Places { own: u64::from(self.tie.held), left: 0 };
        let mut untold = Untold { places: self.tie.held > 0, quotas: Vec::new() };
        for at in 0..self.quotas.len() {
            let of = self.quotas[at].of;
            let counter = self.counter(&of, now.wall);
            let Tally { start, used } = counter.tally;
            let more = std::mem::take(&mut counter.untold);
            if used > 0 || more != 0 {
                let base = i128::from(used) - i128::from(more);
                let base = u64::try_from(base.max(0)).unwrap_or(u64::MAX);
                untold.quotas.push(Known { quota: of, start, base, untold: more });
            }
        }
        untold
    }

    /// Remembers changes that did not arrive, to be told when Redis is back.
    pub fn keep(&mut self, known: &Known) {
        let counter = self.counter(&known.quota, known.start);
        if counter.tally.start <= known.start {
            counter.untold = counter.untold.saturating_add(known.untold);
        }
    }
}

/// What a settled request changed in each quota, as far as Redis was to be told.
pub fn of_settled(bounds: &Bounds, taken: &Need, used: &Need, at: Duration) -> Vec<Known> {
    let known = |item: &Item| match item {
        Item::Bucket(Unit::Requests | Unit::Tokens | Unit::Cost, _) => None,
        Item::Window(quota, _) => {
            let more = i128::from(item.cost(used)) - i128::from(item.cost(taken));
            let untold = i64::try_from(more).unwrap_or(i64::MAX);
            Some(Known { quota: *quota, start: at, base: 0, untold })
        }
    };
    wire::items(bounds).iter().filter_map(known).collect()
}
