//! `log`: how the process tells what it does.

use crate::config::environment::Variables;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub format: LogFormat,
    /// A `tracing` level: error, warn, info, debug, trace.
    pub level: String,
    /// One line per request. Default on.
    pub access: bool,
}

const FORMATS: [(&str, LogFormat); 2] = [("json", LogFormat::Json), ("text", LogFormat::Text)];
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Reads `log`; `GATEWAY_LOG_FORMAT` and `GATEWAY_LOG_LEVEL` go before it.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> Log {
    let section = root.section("log", &shapes::LOG);
    let format = section.optional("format", units::word(&FORMATS));
    let written = section.optional("level", level);
    Log {
        format: variables
            .optional("GATEWAY_LOG_FORMAT", units::word(&FORMATS))
            .or(format)
            .unwrap_or(LogFormat::Json),
        level: variables
            .optional("GATEWAY_LOG_LEVEL", level)
            .or(written)
            .unwrap_or_else(|| "info".to_owned()),
        access: section.optional("access", units::switch).unwrap_or(true),
    }
}

fn level(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    match LEVELS.contains(&lower.as_str()) {
        true => Ok(lower),
        false => Err(format!("must be {}", units::either(LEVELS.into_iter()))),
    }
}
