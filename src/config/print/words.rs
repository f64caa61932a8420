//! Single values, written so that reading them gives the same again.

use crate::config::Rate;
use crate::config::units::UNLIMITED;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A text in quotes; `$` is doubled so that no variable is looked for.
pub fn quoted(text: &str) -> String {
    // A JSON string is a YAML string.
    Value::from(text.replace('$', "$$")).to_string()
}

pub fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

pub fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

pub fn or_off<T>(value: Option<T>, written: impl Fn(T) -> String) -> String {
    value.map_or("off".to_owned(), written)
}

/// In the largest unit that leaves no rest.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    match units.into_iter().find(|(_, unit)| millis.is_multiple_of(*unit) && (millis > 0 || *unit == 1_000)) {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

/// In the largest unit that leaves no rest.
pub fn size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes.is_multiple_of(*unit)) {
        _ if bytes == UNLIMITED as u64 => "off".to_owned(),
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}

pub fn rate(rate: Rate) -> String {
    let per = match rate.per.as_secs() {
        86_400 => "day",
        3_600 => "h",
        60 => "min",
        _ => "s",
    };
    format!("{}/{per}", rate.amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::units;

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["30s", "10m", "1h", "250ms", "90s", "0s", "48h"] {
            assert_eq!(duration(units::duration(text).unwrap()), text);
        }
        for text in ["64KiB", "32MiB", "3GiB", "1000000000", "1"] {
            assert_eq!(size(units::size(text).unwrap()), text);
        }
        for text in ["60/min", "10/s", "1000/h", "5/day"] {
            assert_eq!(rate(units::rate(text).unwrap()), text);
        }
        assert_eq!(size(units::memory_size_or_off("off").unwrap() as u64), "off");
    }

    #[test]
    fn a_dollar_is_doubled() {
        assert_eq!(quoted("a\"b ${C}"), r#""a\"b $${C}""#);
    }
}
