//! Wire formats, both directions.

pub mod openai;
pub mod usage;
