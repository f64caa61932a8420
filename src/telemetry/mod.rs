//! Log lines and metrics.

pub mod access;
pub mod decimal;
mod escape;
pub mod metrics;
pub mod sink;
pub mod stamp;

use crate::clock;
use crate::config::LogFormat;
use crate::telemetry::sink::Sink;
use crate::telemetry::stamp::Stamp;
use std::fmt;
use std::io;
use std::io::IsTerminal;
use tracing::Subscriber;
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
    let colours = io::stderr().is_terminal();
    if subscriber(format, level, sink, colours).try_init().is_err() {
        tracing::debug!("logging was set up before");
    }
}

fn subscriber(
    format: LogFormat,
    level: &str,
    sink: Sink,
    colours: bool,
) -> Box<dyn Subscriber + Send + Sync> {
    let filtered = tracing_subscriber::registry().with(filter(level));
    let lines = tracing_subscriber::fmt::layer().with_timer(Utc).with_writer(sink);
    match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(filtered.with(lines))
        }
        LogFormat::Text => Box::new(filtered.with(lines.with_ansi(colours))),
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

    fn logged(format: LogFormat, report: impl FnOnce()) -> String {
        let (mut reader, writer) = io::pipe().unwrap();
        tracing::subscriber::with_default(
            subscriber(format, "info", Sink::writing_to(writer), false),
            report,
        );
        io::read_to_string(&mut reader).unwrap()
    }

    #[test]
    fn an_event_is_one_json_object_with_its_fields() {
        let line = logged(LogFormat::Json, || tracing::info!(provider = "groq", status = "unhealthy"));
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&event["level"], &event["provider"]), (&"INFO".into(), &"groq".into()), "{line}");
        assert_eq!(event["timestamp"].as_str().map(str::len), Some(24), "{line}");
    }

    #[test]
    fn a_displayed_field_reads_as_plain_text() {
        let line = logged(LogFormat::Text, || tracing::warn!(status = %"unhealthy", "provider left"));
        assert!(
            line.ends_with(" WARN tollgate::telemetry::tests: provider left status=unhealthy\n"),
            "{line}"
        );
    }

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
