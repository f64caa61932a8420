//! Limits: what whoever is counted may use, taken before the call and corrected after it.

pub mod ip;
#[cfg(test)]
mod tests;

use crate::clock;
use crate::clock::Moment;
use crate::state::{Claim, Claims, Hold, Limited, Need, State, Taken};
use std::sync::Arc;

pub use ip::IpLimit;

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
