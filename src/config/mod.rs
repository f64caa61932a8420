//! YAML and environment → one checked, immutable configuration.

pub mod model;

pub use model::*;
