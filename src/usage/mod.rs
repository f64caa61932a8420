//! What a request used and what it cost.

pub mod estimate;
pub mod pricing;
