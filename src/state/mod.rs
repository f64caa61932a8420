//! Shared counters and cache bytes.

pub mod bytes;
