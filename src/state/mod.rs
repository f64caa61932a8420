//! Shared counters and cache bytes.
