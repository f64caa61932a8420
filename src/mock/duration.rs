//! Durations as people write them: `50ms`, `2s`, `1m`.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serializer;
use serde::de::Error as _;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write a whole number and ms, s or m, such as `50ms`")]
pub struct NotADuration(String);

/// Reads a whole number and its unit.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (amount, unit) = text.split_at(unit);
    let amount: u64 = amount.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(amount)),
        "s" => Ok(Duration::from_secs(amount)),
        "m" => amount.checked_mul(60).map(Duration::from_secs).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

pub fn write(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

pub fn serialize<S: Serializer>(duration: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&write(*duration))
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        assert_eq!(parse("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(parse("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("3m"), Ok(Duration::from_secs(180)));
    }

    #[test]
    fn a_number_without_a_known_unit_is_refused() {
        for bad in ["", "50", "ms", "-1s", "1.5s", "1h", "99999999999999999999s"] {
            assert_eq!(parse(bad), Err(NotADuration(bad.to_owned())));
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let duration = Duration::from_millis(61_005);
        assert_eq!(parse(&write(duration)), Ok(duration));
    }
}
