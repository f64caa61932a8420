//! Log lines and metrics.

pub mod access;
mod escape;
pub mod metrics;
pub mod sink;
mod stamp;

use crate::clock;
use crate::config::LogFormat;
use crate::telemetry::sink::Sink;
use crate::telemetry::stamp::Stamp;
use std::fmt;
use std::io;
use std::io::IsTerminal;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends what `tracing` and `log` report to `sink`, from `level` (error, warn, info, debug, trace) up.
///
/// The first call counts; a later one changes nothing. Colours only where stderr is a terminal.
pub fn init(format: LogFormat, level: &str, sink: Sink) {
    let filtered = tracing_subscriber::registry().with(filter(level));
    let lines = tracing_subscriber::fmt::layer().with_timer(Utc).with_writer(sink);
    let set = match format {
        LogFormat::Json => filtered
            .with(lines.json().flatten_event(true).with_current_span(false).with_span_list(false))
            .try_init(),
        LogFormat::Text => filtered.with(lines.with_ansi(io::stderr().is_terminal())).try_init(),
    };
    if set.is_err() {
        tracing::debug!("logging was set up before");
    }
}

/// Ours at `level`; libraries only from warn up, or from info up where `level` asks for more than info.
///
/// Their debug lines carry request heads, and with them keys, so no level turns those on.
fn filter(level: &str) -> Targets {
    let ours = level.parse().unwrap_or(LevelFilter::INFO);
    let theirs = if ours > LevelFilter::INFO { LevelFilter::INFO } else { ours.min(LevelFilter::WARN) };
    Targets::new()
        .with_default(theirs)
        .with_target("tollgate", ours)
        // One error line for every client that leaves or sends nonsense, with the query of the request
        // in it; our own line for the request says the same without it.
        .with_target("pingora_proxy", LevelFilter::OFF)
}

/// Puts the same time in front of every line as the access log does.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        line.write_str(Stamp::of(clock::since_epoch()).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_stay_quiet_at_info() {
        let filter = filter("info");
        assert!(filter.would_enable("tollgate::server", &Level::INFO));
        assert!(!filter.would_enable("tollgate::server", &Level::DEBUG));
        assert!(filter.would_enable("pingora_core::services", &Level::WARN));
        assert!(!filter.would_enable("pingora_core::server", &Level::INFO));
    }

    #[test]
    fn no_level_shows_the_request_heads_that_libraries_print() {
        let filter = filter("trace");
        assert!(filter.would_enable("tollgate::gateway", &Level::TRACE));
        for library in ["pingora_core::protocols", "h2::proto", "hyper::proto"] {
            assert!(filter.would_enable(library, &Level::INFO), "{library}");
            assert!(!filter.would_enable(library, &Level::DEBUG), "{library}");
        }
        assert!(!filter.would_enable("pingora_proxy", &Level::ERROR));
    }

    #[test]
    fn a_level_above_warn_silences_libraries_too() {
        assert!(!filter("error").would_enable("h2::proto", &Level::WARN));
        assert!(filter("error").would_enable("h2::proto", &Level::ERROR));
    }
}
