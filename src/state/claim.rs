//! What a request stands in: the accounts it is counted on, and what it needs of each.

use crate::config::Bounds;
use crate::money::Money;
use crate::state::Account;
use std::sync::Arc;
use std::time::Duration;

/// Whose account it is, in the order in which accounts are locked and limits are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Address,
    Key,
    Tenant,
    Model,
    User,
}

impl Whose {
    /// How many accounts a request stands in at most.
    pub const ALL: usize = 5;

    /// For metrics and the log.
    pub fn word(self) -> &'static str {
        match self {
            Whose::Address => "address",
            Whose::Key => "key",
            Whose::Tenant => "tenant",
            Whose::Model => "model",
            Whose::User => "user",
        }
    }
}

/// An account that a request stands in, with the bounds that held when it came.
#[derive(Clone, Debug)]
pub struct Claim {
    pub whose: Whose,
    pub account: Arc<Account>,
    pub bounds: Arc<Bounds>,
}

/// All claims of a request: one of each kind at most, always in the same order, so that two requests
/// never wait for each other's locks.
#[derive(Clone, Debug, Default)]
pub struct Claims([Option<Claim>; Whose::ALL]);

impl Claims {
    pub fn of(claim: Claim) -> Claims {
        Claims::default().and(claim)
    }

    /// These and one more, which takes the place of one of the same kind.
    pub fn and(mut self, claim: Claim) -> Claims {
        let place = claim.whose as usize;
        self.0[place] = Some(claim);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.iter().flatten()
    }

    /// By kind; as many as there are kinds.
    pub(super) fn places(&self) -> &[Option<Claim>; Whose::ALL] {
        &self.0
    }
}

/// What one request needs, or used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub requests: u64,
    pub tokens: u64,
    pub cost: Money,
}

impl Need {
    pub const NOTHING: Need = Need { requests: 0, tokens: 0, cost: Money::ZERO };
    /// A request that is answered here: it costs nothing else.
    pub const REQUEST: Need = Need { requests: 1, ..Need::NOTHING };
}

/// What has been taken, and when: a quota is corrected only in the window it was taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    pub need: Need,
    /// Since the epoch.
    pub at: Duration,
}

impl Hold {
    /// Both as one, taken when this one was.
    pub fn and(self, more: Hold) -> Hold {
        let (one, other) = (self.need, more.need);
        let need = Need {
            requests: one.requests.saturating_add(other.requests),
            tokens: one.tokens.saturating_add(other.tokens),
            cost: one.cost + other.cost,
        };
        Hold { need, at: self.at }
    }
}
