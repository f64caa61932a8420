//! What Redis has to be told behind a request's back: what was given back, charged and left, and what it forgot.

use crate::clock;
use crate::clock::Moment;
use crate::config::{Bounds, Quota, Unit};
use crate::state::Account;
use crate::state::claim::{Claim, Hold, Need};
use crate::state::memory::{counts, has_place};
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
    /// Of the link when the change was made.
    pub epoch: u32,
    /// Places that were taken (more than 0) or left.
    pub places: i32,
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
    pub fn taken(claim: &Claim, epoch: u32, need: Need, now: Moment) -> Change {
        let places = i32::from(has_place(&claim.bounds, &need) > 0);
        let (bounds, hold) = (claim.bounds.clone(), Hold { need: Need::NOTHING, at: now.wall });
        let what = What::Settle { bounds, hold, used: need, now };
        Change { account: claim.account.clone(), epoch, places, what }
    }

    /// What of an account Redis was not told so far.
    pub fn untold(account: &Arc<Account>, epoch: u32, untold: Untold) -> Change {
        let places = i32::try_from(untold.places).unwrap_or(i32::MAX);
        Change { account: account.clone(), epoch, places, what: What::Known(untold.quotas) }
    }

    /// What became of a request on one of its accounts.
    pub fn settled(claim: &Claim, epoch: u32, hold: &Hold, used: Need, now: Moment) -> Change {
        let places = if has_place(&claim.bounds, &hold.need) > 0 { -1 } else { 0 };
        let what = match hold.need == used || !counts(&claim.bounds) {
            true => What::Places,
            false => What::Settle { bounds: claim.bounds.clone(), hold: *hold, used, now },
        };
        Change { account: claim.account.clone(), epoch, places, what }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.places == 0
            && match &self.what {
                What::Places => true,
                What::Known(known) => known.is_empty(),
                What::Settle { .. } => false,
            }
    }

    /// Writes its part of the arguments; its places only into the epoch they are of.
    pub fn write(&self, epoch: u32, now: Duration, arguments: &mut Arguments) {
        let places = if self.epoch == epoch { self.places } else { 0 };
        let now = match &self.what {
            What::Settle { now, .. } => now.wall,
            What::Places | What::Known(_) => now,
        };
        arguments.add(clock::millis(now)).add(places).add(clock::millis(LIFE_OF_PLACES));
        match &self.what {
            What::Places => drop(arguments.add(0).add(0)),
            What::Settle { bounds, hold, used, now } => settle(bounds, hold, used, *now, arguments),
            What::Known(known) => raise(known, arguments),
        }
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
