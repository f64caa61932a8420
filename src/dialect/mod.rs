//! Wire formats, both directions.

pub mod usage;
