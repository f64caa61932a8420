//! Times as people write them: a date, a date with a time (UTC), or a duration from now.

use crate::config;
use time::Date;
use time::Month;
use time::OffsetDateTime;

const MUST: &str =
    "must be a date such as `2027-01-31`, a time such as `2027-01-31T12:00:00Z`, or a duration such as `90d`";

/// A time to come, in milliseconds since 1970.
///
/// # Errors
/// What it must be.
pub fn future(text: &str, now_ms: u64) -> Result<u64, String> {
    match duration_ms(text) {
        Some(duration) => Ok(now_ms.saturating_add(duration)),
        None => written(text).ok_or_else(|| MUST.to_owned()),
    }
}

/// A time that has been, in milliseconds since 1970; a duration is that long ago.
///
/// # Errors
/// What it must be.
pub fn past(text: &str, now_ms: u64) -> Result<u64, String> {
    match duration_ms(text) {
        Some(duration) => Ok(now_ms.saturating_sub(duration)),
        None if text == "now" => Ok(now_ms),
        None => written(text).ok_or_else(|| MUST.to_owned()),
    }
}

/// `2027-01-31T12:00:00Z`; milliseconds where there are any.
pub fn shown(ms: u64) -> String {
    let Some(time) = date_time(ms) else { return String::new() };
    let (date, seconds) = (day_of(time), (time.hour(), time.minute(), time.second()));
    let fraction = match ms % 1000 {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!("{date}T{:02}:{:02}:{:02}{fraction}Z", seconds.0, seconds.1, seconds.2)
}

/// `2027-01-31`
pub fn day(ms: u64) -> String {
    date_time(ms).map(day_of).unwrap_or_default()
}

fn date_time(ms: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(i64::try_from(ms / 1000).ok()?).ok()
}

fn day_of(time: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

/// A duration has a unit: a plain number could be anything.
fn duration_ms(text: &str) -> Option<u64> {
    let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
    let duration = has_unit.then(|| config::read_duration(text).ok()).flatten()?;
    u64::try_from(duration.as_millis()).ok()
}

fn written(text: &str) -> Option<u64> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let (hour, minute, second) = match rest {
        "" => (0, 0, 0),
        rest => clock_time(rest.strip_prefix(['T', 't', ' '])?.strip_suffix(['Z', 'z'])?)?,
    };
    let date = calendar(date)?.with_hms(hour, minute, second).ok()?.assume_utc();
    u64::try_from(date.unix_timestamp()).ok()?.checked_mul(1000)
}

fn calendar(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-')?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

fn clock_time(text: &str) -> Option<(u8, u8, u8)> {
    let whole = text.split('.').next()?;
    let [hour, minute, second] = numbers(whole, ':')?;
    Some((u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?))
}

fn numbers(text: &str, between: char) -> Option<[u16; 3]> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    let parts: Option<Vec<u16>> = text.split(between).map(digits).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in [
            ("1970-01-02", 86_400_000),
            ("1970-01-01T00:00:01Z", 1000),
            ("2024-02-29t12:00:00z", 1_709_208_000_000),
            ("1970-01-01T00:00:01.500Z", 1000),
        ] {
            assert_eq!(future(text, 5), Ok(ms), "{text}");
        }
        assert_eq!((future("1d", 5), past("1s", 1500)), (Ok(86_400_005), Ok(500)));
        for text in [
            "",
            "5",
            "tomorrow",
            "2023-02-29",
            "2023-1-1",
            "2023-01-01T25:00:00Z",
            "2023-01-01T00:00:00",
            "1969-01-01",
            "ü2345678901",
        ] {
            assert!(future(text, 5).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_as_it_is_read() {
        assert_eq!(shown(1_709_208_000_000), "2024-02-29T12:00:00Z");
        assert_eq!(shown(1_001), "1970-01-01T00:00:01.001Z");
        assert_eq!(day(1_709_208_000_000), "2024-02-29");
    }
}
