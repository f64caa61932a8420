//! Failover over real sockets, beyond the matrix of first faults: streams that break, keys, connections,
//! bodies, limits of patience, and who is asked first.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod after_first_byte;
mod allowances;
mod bodies;
mod connections;
mod early_answers;
mod http2;
mod keys;
mod patience;
mod replicas;
mod secure;
mod strategies;
#[path = "../support/mod.rs"]
mod support;
