//! `server` and `data_dir`: how the process runs.

use crate::config::environment::Variables;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Worker threads. Default: the number of cores.
    pub threads: usize,
    /// How long requests are still taken after a shutdown signal, while readiness says no. Default 0.
    pub notice: Duration,
    /// How long live streams may go on after that. Default 60 s.
    pub grace: Duration,
    /// From the first byte of a request to the end of its head. Default 10 s.
    pub head_timeout: Duration,
    /// The whole request body. Default 60 s.
    pub body_timeout: Duration,
    /// Between two requests of one connection. Default 120 s.
    pub idle_timeout: Duration,
    /// One write to a client that does not read. Default 60 s.
    pub write_timeout: Duration,
    /// Idle connections to providers that are kept, all together. Default 256.
    pub upstream_idle: usize,
}

/// More worker threads than any machine has cores.
const MOST_THREADS: u32 = 1024;

pub fn read(root: &Section<'_>) -> ServerSettings {
    let section = root.section("server", &shapes::SERVER);
    let seconds =
        |name, default| section.optional(name, units::some_duration).unwrap_or(Duration::from_secs(default));
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    ServerSettings {
        threads: section.optional("threads", threads).unwrap_or_else(cores),
        notice: section.optional("notice", units::duration).unwrap_or(Duration::ZERO),
        grace: section.optional("grace", units::duration).unwrap_or(Duration::from_secs(60)),
        head_timeout: seconds("head_timeout", 10),
        body_timeout: seconds("body_timeout", 60),
        // Many HTTP clients keep idle connections for up to 90 s; they should be the ones to close.
        idle_timeout: seconds("idle_timeout", 120),
        write_timeout: seconds("write_timeout", 60),
        upstream_idle: section.optional("upstream_idle", units::count).map_or(256, |idle| idle as usize),
    }
}

/// `GATEWAY_DATA_DIR`, else `data_dir`, else ./data.
pub fn data_dir(root: &Section<'_>, variables: &Variables<'_>) -> PathBuf {
    let path = |text: &str| Ok(PathBuf::from(text));
    let written = root.optional("data_dir", path);
    variables.optional("GATEWAY_DATA_DIR", path).or(written).unwrap_or_else(|| PathBuf::from("./data"))
}

fn threads(text: &str) -> Result<usize, String> {
    match units::some_count(text)? {
        threads if threads <= MOST_THREADS => Ok(threads as usize),
        _ => Err(format!("must be {MOST_THREADS} or less")),
    }
}
