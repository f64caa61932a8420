//! From a model name to an ordered plan of targets, and what to do when one of them fails.
//!
//! Everything here is pure: the state of the providers comes in as a [`Fleet`], chance as dice.

mod builtin;
pub mod judge;
mod link;
pub mod plan;
pub mod spellings;
mod strategy;
pub mod table;
#[cfg(test)]
mod tests;
mod unknown;

use crate::config::Strategy;
use std::sync::Arc;

pub use crate::health::Standing;
pub use judge::{Blame, Circumstances, Fault, KeyEffect, Verdict, blame, judge};
pub use plan::{Candidate, draw_plan};
pub use spellings::Spellings;
pub use table::Table;
pub use unknown::UnknownModel;

/// What is known of the providers at this moment, by their index in the configuration.
pub trait Fleet {
    /// Whether it may be asked for this model.
    fn standing(&self, provider: usize, model: &str) -> Standing;

    /// Whether the provider's models endpoint listed this id.
    fn lists(&self, provider: usize, model: &str) -> bool;
}

/// What a name means: one model of one provider, or a group.
#[derive(Clone, Debug)]
pub struct Route {
    /// `false` keeps a request where it is sent first; set it so for `X-Failover: off` and its like.
    pub failover: bool,
    /// The group that was named, if it was one.
    pub group: Option<Arc<str>>,
    meaning: Meaning,
    chain: Arc<[link::Link]>,
}

#[derive(Clone, Debug)]
enum Meaning {
    Model {
        provider: usize,
        model: Arc<str>,
        /// No provider was named, so weights may spread the request over all that offer the model.
        spread: bool,
    },
    Group {
        strategy: Strategy,
        /// In the order of the group, each target once.
        members: Arc<[Member]>,
    },
}

#[derive(Clone, Debug)]
struct Member {
    provider: usize,
    model: Arc<str>,
    weight: u32,
}
