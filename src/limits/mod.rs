//! Limits: what whoever is counted may use, taken before the call and corrected after it.

pub mod ip;
#[cfg(test)]
mod tests;

use crate::clock;
use crate::clock::Moment;
use crate::money::Money;
use crate::state::{Claim, Claims, Hold, Limited, Need, State, Taken};
use std::sync::Arc;

pub use ip::IpLimit;

/// What a growing answer takes at once is this part of what it holds.
const STEPS: u64 = 8;

/// Holds room in every limit a request stands under until settled. Dropping it unsettled gives all back but the
/// request itself: a client that breaks off every request would otherwise be free of the limit. One way or the
/// other it stops counting as concurrent exactly once.
#[derive(Debug)]
pub struct Reservation {
    state: Arc<State>,
    claims: Claims,
    stage: Stage,
    used: Option<(Need, Moment)>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Holds places only.
    Entered,
    /// A limit said no, so nothing is held, and nothing will be charged.
    Refused,
    Taken(Hold),
}

impl Reservation {
    /// Takes one of the concurrent requests of every claim.
    pub fn enter(state: &Arc<State>, claims: Claims, now: Moment) -> Result<Reservation, Limited> {
        state.enter(&claims, now)?;
        Ok(Reservation { state: state.clone(), claims, stage: Stage::Entered, used: None })
    }

    /// Adds an account that is known only now, as that of a model, and takes a place there.
    pub fn join(&mut self, claim: Claim, now: Moment) -> Result<(), Limited> {
        let entered = self.state.enter(&Claims::of(claim.clone()), now);
        match entered {
            Ok(()) => self.claims = std::mem::take(&mut self.claims).and(claim),
            Err(_) => self.stage = Stage::Refused,
        }
        entered
    }

    /// Whether one of its accounts has an amount of money that may not be passed.
    pub fn has_hard_budget(&self) -> bool {
        self.claims.iter().any(|claim| claim.bounds.has_hard_budget())
    }

    /// Whether one of its accounts cuts streams where its money ends.
    pub fn cuts_streams(&self) -> bool {
        self.claims.iter().any(|claim| claim.bounds.cuts_streams())
    }

    /// Takes what is missing for an answer that has come to `cost`, so that others see it used up while it is. Where an
    /// account that does not cut streams has no more, nothing is taken, as if nobody had asked.
    ///
    /// # Errors
    /// An account that cuts streams has no more.
    pub async fn follow(&mut self, cost: Money, now: Moment) -> Result<(), Limited> {
        let held = match self.stage {
            Stage::Taken(hold) => hold.need.cost,
            Stage::Entered | Stage::Refused => Money::ZERO,
        };
        let missing = cost.0.saturating_sub(held.0);
        if missing == 0 {
            return Ok(());
        }
        // In steps where there is room: it may take a call to take some.
        let step = missing.max(held.0 / STEPS);
        if self.take(Need { cost: Money(step), ..Need::NOTHING }, now).await.is_ok() {
            return Ok(());
        }
        let missing = Need { cost: Money(missing), ..Need::NOTHING };
        let Err(limited) = self.take(missing, now).await else { return Ok(()) };
        let cutting = self.claims.iter().filter(|claim| claim.bounds.cuts_streams()).cloned();
        let cutting = cutting.fold(Claims::default(), Claims::and);
        match cutting.iter().any(|claim| claim.whose == limited.whose) {
            true => Err(limited),
            // One of those may be behind the one that said no.
            false => self.state.look(&cutting, missing, now),
        }
    }

    /// Takes what a request may need from all rates and quotas of all claims, or from none.
    /// When more is taken later, the request itself has been counted.
    pub async fn take(&mut self, mut need: Need, now: Moment) -> Result<Taken, Limited> {
        let before = match self.stage {
            Stage::Taken(hold) => Some(hold),
            Stage::Entered | Stage::Refused => None,
        };
        need.requests = need.requests.saturating_sub(before.map_or(0, |hold| hold.need.requests));
        let taken = self.state.take(&self.claims, need, now).await;
        self.stage = match (&taken, before) {
            (Ok(taken), Some(before)) => Stage::Taken(before.and(taken.hold)),
            (Ok(taken), None) => Stage::Taken(taken.hold),
            (Err(_), Some(before)) => Stage::Taken(before),
            (Err(_), None) => Stage::Refused,
        };
        taken
    }

    /// Corrects what was taken to what was really used, and ends the reservation.
    pub fn settle(mut self, used: Need, now: Moment) {
        self.used = Some((used, now));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let hold = match self.stage {
            Stage::Entered => Hold::default(),
            Stage::Taken(hold) => hold,
            Stage::Refused => return self.state.leave(&self.claims),
        };
        let (used, now) = self.used.unwrap_or_else(|| (Need::REQUEST, clock::moment()));
        self.state.settle(&self.claims, &hold, used, now);
    }
}
