//! How choices are put in order. A new strategy is one file here and one line below.

mod priority;
mod weighted;

use crate::config::Strategy;
use crate::routing::plan::Choice;

/// Puts choices, given in the order of their group, into the order in which they are tried.
pub(super) type Ordering = fn(&mut [Choice], &mut dyn rand::Rng);

pub(super) fn order(strategy: Strategy) -> Ordering {
    match strategy {
        Strategy::Priority => priority::order,
        Strategy::Weighted => weighted::order,
    }
}
