//! Counters in this process: what is taken is taken under the locks of all accounts of a request together.

#[cfg(test)]
mod tests;

use crate::clock::Moment;
use crate::config::Bounds;
use crate::state::claim::{Claim, Claims, Hold, Need, Whose};
use crate::state::counters::Counters;
use crate::state::redis::Distant;
use crate::state::verdict::{Limited, Short, Taken};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is counted of one key, tenant, model, end user or address.
#[derive(Debug, Default)]
pub struct Account {
    /// Requests under way. Only read and raised under the lock where a limit on them holds.
    in_flight: AtomicU32,
    counters: Mutex<Counters>,
    /// Where others count it too.
    distant: Option<Distant>,
}

impl Account {
    /// An account that is counted by others as well.
    pub(super) fn shared(distant: Distant) -> Account {
        Account { distant: Some(distant), ..Account::default() }
    }

    pub(super) fn distant(&self) -> Option<&Distant> {
        self.distant.as_ref()
    }

    /// Arithmetic leaves no half change behind, so a poisoned lock is as good as any.
    pub(super) fn counters(&self) -> MutexGuard<'_, Counters> {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(distant) = &self.distant {
            counters.tie.told = counters.tie.epoch == distant.epoch();
        }
        counters
    }

    fn leave(&self) {
        let fewer = |in_flight: u32| in_flight.checked_sub(1);
        // An error says that nobody was there.
        let _ = self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }
}

/// Takes a place among the requests under way of every claim, if there is one and no limit on requests is
/// known to be used up; else none.
pub fn enter(claims: &Claims, now: Moment) -> Result<(), Limited> {
    let mut locked = Locked::of(claims, |bounds| bounds.concurrent.is_some() || limits_requests(bounds));
    for (claim, counters) in locked.each(claims) {
        let in_flight = claim.account.in_flight.load(Ordering::Relaxed);
        if let Some(most) = claim.bounds.concurrent.filter(|most| in_flight >= *most) {
            return Err(Short::too_many(most).of(claim.whose));
        }
        counters.look(&claim.bounds, now).map_err(|short| short.of(claim.whose))?;
    }
    claims.iter().for_each(|claim| _ = claim.account.in_flight.fetch_add(1, Ordering::Relaxed));
    Ok(())
}

/// Gives the places back.
pub fn leave(claims: &Claims) {
    claims.iter().for_each(|claim| claim.account.leave());
}

/// Whether every rate and quota of every claim has room.
pub fn look(claims: &Claims, need: &Need, now: Moment) -> Result<(), Limited> {
    let mut locked = Locked::of(claims, counts);
    for (claim, counters) in locked.each(claims) {
        counters.check(&claim.bounds, need, now).map_err(|short| short.of(claim.whose))?;
    }
    Ok(())
}

/// Takes from every rate and quota of every claim, or from none.
pub fn take(claims: &Claims, need: &Need, now: Moment) -> Result<Taken, Limited> {
    let mut locked = Locked::of(claims, |bounds| counts(bounds) || bounds.concurrent.is_some());
    for (claim, counters) in locked.each(claims) {
        counters.check(&claim.bounds, need, now).map_err(|short| short.of(claim.whose))?;
    }
    let mut taken = Taken { hold: Hold { need: *need, at: now.wall }, ..Taken::default() };
    for (claim, counters) in locked.each(claims) {
        counters.deduct(&claim.bounds, need, now, claim.whose, &mut taken);
        if claim.account.distant.is_some() {
            let place = has_place(&claim.bounds, need);
            counters.tie.held += place;
            counters.tie.places.own += u64::from(place);
        }
    }
    Ok(taken)
}

/// Corrects what was taken of one claim to what was used, and gives its place back. Says whether others have to be
/// told of it.
pub fn settle(claim: &Claim, hold: &Hold, used: &Need, now: Moment) -> bool {
    let (bounds, account) = (&claim.bounds, &claim.account);
    let (settles, place) = (hold.need != *used && counts(bounds), has_place(bounds, &hold.need));
    let mut told = false;
    if settles || (place > 0 && account.distant.is_some()) {
        let mut counters = account.counters();
        if settles {
            counters.settle(bounds, hold, used, now);
        }
        counters.tie.held = counters.tie.held.saturating_sub(place);
        counters.tie.places.left += u64::from(place);
        told = counters.tie.told;
    }
    account.leave();
    told
}

/// Whether what was taken holds one of the places that are limited: it does by its request.
pub fn has_place(bounds: &Bounds, need: &Need) -> u32 {
    u32::from(bounds.concurrent.is_some() && need.requests > 0)
}

/// Whether anything but places is counted.
pub fn counts(bounds: &Bounds) -> bool {
    !(bounds.requests.is_empty() && bounds.tokens.is_empty() && bounds.quotas.is_empty())
}

fn limits_requests(bounds: &Bounds) -> bool {
    !bounds.requests.is_empty() || !bounds.quotas.is_empty()
}

/// The locks of some accounts of a request, taken in the order of its claims: all at once, so that of many requests
/// exactly as many pass as may, however their limits are stacked.
struct Locked<'a>([Option<MutexGuard<'a, Counters>>; Whose::ALL]);

impl<'a> Locked<'a> {
    fn of(claims: &'a Claims, counted: fn(&Bounds) -> bool) -> Locked<'a> {
        Locked(claims.places().each_ref().map(|claim| {
            let claim = claim.as_ref().filter(|claim| counted(&claim.bounds))?;
            Some(claim.account.counters())
        }))
    }

    fn each<'b>(&'b mut self, claims: &'b Claims) -> impl Iterator<Item = (&'b Claim, &'b mut Counters)> {
        let pairs = claims.places().iter().zip(&mut self.0);
        pairs.filter_map(|(claim, locked)| Some((claim.as_ref()?, &mut **locked.as_mut()?)))
    }
}
