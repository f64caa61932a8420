//! Wire formats, both directions.

pub mod fault;
