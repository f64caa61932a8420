//! `jobs`: requests that are answered later.

use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Run at once by this process. Default 10.
    pub concurrency: u32,
    /// How long an answer can be fetched. Default 1 h.
    pub keep: Duration,
    /// Largest body of a request that waits, in bytes. Default 10 MiB.
    pub body: usize,
    /// Longest a job may run. Default 10 min.
    pub timeout: Duration,
    /// How often a job whose connection broke is run again. Default 0.
    pub retries: u32,
    /// Default 30 s.
    pub retry_delay: Duration,
    /// Jobs that are kept at once, done or not. Default 10,000.
    pub most: u32,
}

/// Reads `jobs`.
pub fn read(root: &Section<'_>) -> Jobs {
    let section = root.section("jobs", &shapes::JOBS);
    let span =
        |name, seconds| section.optional(name, units::some_duration).unwrap_or(Duration::from_secs(seconds));
    Jobs {
        concurrency: section.optional("concurrency", units::some_count).unwrap_or(10),
        keep: span("keep", 3600),
        body: section.optional("body", units::memory_size).unwrap_or(10 << 20),
        timeout: span("timeout", 600),
        retries: section.optional("retries", units::count).unwrap_or(0),
        retry_delay: section.optional("retry_delay", units::duration).unwrap_or(Duration::from_secs(30)),
        most: section.optional("most", units::some_count).unwrap_or(10_000),
    }
}
