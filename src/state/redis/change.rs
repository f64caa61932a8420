//! What Redis has to be told behind a request's back: what was given back, charged and left, and what it forgot.

use crate::clock;
use crate::clock::Moment;
use crate::config::{Bounds, Quota, Unit};
use crate::state::Account;
use crate::state::claim::{Claim, Hold, Need};
use crate::state::counters::Places;
use crate::state::memory::{counts, has_place};
use crate::state::redis::Distant;
use crate::state::redis::script::Arguments;
use crate::state::redis::shadow::Untold;
use crate::state::redis::wire;
use crate::state::redis::wire::Item;
use crate::state::window;
use std::sync::Arc;
use std::time::Duration;

/// How long places are remembered without a sign of life of any replica that holds one.
pub const LIFE_OF_PLACES: Duration = Duration::from_secs(120);

/// One account's change.
#[derive(Debug)]
pub struct Change {
    pub account: Arc<Account>,
    /// Whether places were taken or left; how many there are is read when it is told.
    pub places: bool,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    Places,
    Settle { bounds: Arc<Bounds>, hold: Hold, used: Need, now: Moment },
    Known(Vec<Known>),
}

/// A quota's counter as a replica knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub quota: Quota,
    pub start: Duration,
    /// What others were told of already, or told us.
    pub base: u64,
    /// What was counted since, and comes on top.
    pub untold: i64,
}

impl Change {
    /// What a request took.
    pub fn taken(claim: &Claim, need: Need, now: Moment) -> Change {
        let places = has_place(&claim.bounds, &need) > 0;
        let (bounds, hold) = (claim.bounds.clone(), Hold { need: Need::NOTHING, at: now.wall });
        Change {
            account: claim.account.clone(),
            places,
            what: What::Settle { bounds, hold, used: need, now },
        }
    }

    /// What of an account Redis was not told so far.
    pub fn untold(account: &Arc<Account>, untold: Untold) -> Change {
        Change { account: account.clone(), places: untold.places, what: What::Known(untold.quotas) }
    }

    /// The places of an account, once more.
    pub fn places(account: &Arc<Account>) -> Change {
        Change { account: account.clone(), places: true, what: What::Places }
    }

    /// What became of a request on one of its accounts.
    pub fn settled(claim: &Claim, hold: &Hold, used: Need, now: Moment) -> Change {
        let places = has_place(&claim.bounds, &hold.need) > 0;
        let what = match hold.need == used || !counts(&claim.bounds) {
            true => What::Places,
            false => What::Settle { bounds: claim.bounds.clone(), hold: *hold, used, now },
        };
        Change { account: claim.account.clone(), places, what }
    }

    /// What Redis took for a request that did not wait for its answer. Where the request was counted here instead,
    /// Redis is told of its quotas, but of no rate.
    pub fn taken_twice(claim: &Claim, need: Need, now: Moment, counted_here: bool) -> Change {
        let bounds = match counted_here {
            true => Arc::new(Bounds { quotas: claim.bounds.quotas.clone(), ..Bounds::default() }),
            false => claim.bounds.clone(),
        };
        let (hold, used) = (Hold { need, at: now.wall }, Need::NOTHING);
        let what = What::Settle { bounds, hold, used, now };
        Change { account: claim.account.clone(), places: has_place(&claim.bounds, &need) > 0, what }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        !self.places
            && match &self.what {
                What::Places => true,
                What::Known(known) => known.is_empty(),
                What::Settle { .. } => false,
            }
    }

    /// Writes its part of the arguments.
    pub fn write(&self, epoch: u32, now: Duration, arguments: &mut Arguments) {
        let now = match &self.what {
            What::Settle { now, .. } => now.wall,
            What::Places | What::Known(_) => now,
        };
        arguments.add(clock::millis(now));
        match self.account.distant().filter(|_| self.places).and_then(|distant| self.told(distant, epoch)) {
            Some((number, places)) => {
                arguments.add(number).add(places.own).add(places.left).add(clock::millis(LIFE_OF_PLACES))
            }
            None => arguments.add(-1),
        };
        match &self.what {
            What::Places => drop(arguments.add(0).add(0)),
            What::Settle { bounds, hold, used, now } => settle(bounds, hold, used, *now, arguments),
            What::Known(known) => raise(known, arguments),
        }
    }

    /// The account's number and places, unless they are counted for another epoch.
    fn told(&self, distant: &Distant, epoch: u32) -> Option<(u32, Places)> {
        let tie = self.account.counters().tie;
        (tie.epoch == epoch).then_some((distant.number, tie.places))
    }
}

fn settle(bounds: &Bounds, hold: &Hold, used: &Need, now: Moment, arguments: &mut Arguments) {
    let items = wire::items(bounds);
    arguments.add(wire::life(bounds)).add(items.len());
    let at = if hold.need == Need::NOTHING { now.wall } else { hold.at };
    for item in &items {
        let (mut taken, mut spent) = (item.cost(&hold.need), item.cost(used));
        if let Item::Bucket(Unit::Requests, _) = item {
            // A rate gives no request back.
            (taken, spent) = (0, spent.saturating_sub(taken));
        }
        item.write(now.wall, arguments);
        arguments.add(taken).add(spent).add(clock::millis(at));
    }
}

fn raise(known: &[Known], arguments: &mut Arguments) {
    let quotas = known.iter().map(|known| known.quota).collect();
    arguments.add(wire::life(&Bounds { quotas, ..Bounds::default() })).add(known.len());
    for Known { quota, start, base, untold } in known {
        let span = window::opened(quota.period, quota.window, *start);
        arguments.add(wire::field(quota)).add("k").add(clock::millis(span.start));
        arguments.add(wire::length(quota, span)).add(0).add(*base).add(*untold).add(0);
    }
}
