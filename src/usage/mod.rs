//! What a request used and what it cost, and how that is written down.

pub mod estimate;
pub mod pricing;
pub mod spool;

pub use pricing::estimate_cost;
