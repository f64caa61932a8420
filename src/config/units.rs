//! Durations, sizes, rates and numbers as people write them.
//!
//! Each reader's error says what the value must be, so that the caller can go on with `, found …`.

use crate::config::Period;
use crate::config::Rate;
use crate::config::Window;
use std::time::Duration;

/// Longer waits are a mistake, and would overflow a clock one day.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Nothing is kept for longer, unless it is kept for ever.
const OLDEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a size without a limit means: more than memory can hold.
pub const UNLIMITED: usize = isize::MAX as usize;

/// `30s`, `5m`, `1h`, `2d`, `250ms`; a plain number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration = span(text)?;
    (duration <= LONGEST).then_some(duration).ok_or_else(|| "must be 365 days or less".to_owned())
}

/// How old something may become: as a [`duration`], of a day or more; `off` is `None`.
pub fn age_or_off(text: &str) -> Result<Option<Duration>, String> {
    match or_off(text, span)? {
        Some(age) if !(DAY..=OLDEST).contains(&age) => {
            Err("must be a day or more, and 36500 days or less".to_owned())
        }
        age => Ok(age),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let must = || "must be a duration such as `30s`, `5m` or `250ms`".to_owned();
    let (amount, unit) = amount_and_unit(text).ok_or_else(must)?;
    let unit = match unit {
        "ms" => Duration::from_millis(1),
        "" | "s" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(must()),
    };
    // Whatever does not fit is longer than anything may be.
    Ok(u32::try_from(amount).ok().and_then(|amount| unit.checked_mul(amount)).unwrap_or(Duration::MAX))
}

/// A [`duration`] longer than nothing.
pub fn some_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be more than 0".to_owned()),
        some => Ok(some),
    }
}

/// A [`duration`]; `off` and 0 are `None`.
pub fn duration_or_off(text: &str) -> Result<Option<Duration>, String> {
    or_off(text, duration).map(|duration| duration.filter(|d| !d.is_zero()))
}

/// A word of letters, digits, `-`, `_` and `.`, as in the name of a region or a version.
pub fn label(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    fits.then(|| text.to_owned())
        .ok_or_else(|| "must be of letters, digits, `-`, `_` and `.` only".to_owned())
}

/// `32MiB`, `1GB`, `64KiB`; a plain number is bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let must = || "must be a size such as `64KiB`, `32MiB` or `1GB`".to_owned();
    let (amount, unit) = amount_and_unit(text).ok_or_else(must)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(must()),
    };
    match amount.checked_mul(unit).filter(|bytes| *bytes <= UNLIMITED as u64) {
        Some(0) => Err("must be more than 0".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("must be a size that fits into memory".to_owned()),
    }
}

/// A [`size`] of something held in memory.
pub fn memory_size(text: &str) -> Result<usize, String> {
    usize::try_from(size(text)?).map_err(|_| "must be a size that fits into memory".to_owned())
}

/// A [`memory_size`]; `off` is [`UNLIMITED`].
pub fn memory_size_or_off(text: &str) -> Result<usize, String> {
    or_off(text, memory_size).map(|size| size.unwrap_or(UNLIMITED))
}

/// `60/min`, `10/s`, `1000/h`, `5/day`.
pub fn rate(text: &str) -> Result<Rate, String> {
    let must = || "must be a rate such as `60/min`, `10/s`, `1000/h` or `5/day`".to_owned();
    let (amount, per) = text.split_once('/').ok_or_else(must)?;
    let amount = digits(amount.trim()).ok_or_else(must)?;
    let per = match per.trim() {
        "s" | "sec" | "second" => SECOND,
        "m" | "min" | "minute" => MINUTE,
        "h" | "hour" => HOUR,
        "d" | "day" => DAY,
        _ => return Err(must()),
    };
    match amount {
        0 => Err("must be more than 0 (`off` lifts the limit)".to_owned()),
        amount => Ok(Rate { amount, per }),
    }
}

/// A [`rate`]; `off` is `None`.
pub fn rate_or_off(text: &str) -> Result<Option<Rate>, String> {
    or_off(text, rate)
}

/// So much per day or month, and of which window, if it says so.
pub type Amount = (u64, Period, Option<Window>);

/// `1000/day`, `5/month`, or `5/month rolling`.
fn quota<T>(
    text: &str,
    amount: fn(&str) -> Option<T>,
    example: &str,
) -> Result<(T, Period, Option<Window>), String> {
    let must = || format!("must be such as `{example}/day`, `{example}/month` or `{example}/month rolling`");
    let (number, rest) = text.split_once('/').ok_or_else(must)?;
    let number = amount(number.trim()).ok_or_else(must)?;
    let (period, window) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let period = match period {
        "d" | "day" => Period::Day,
        "month" => Period::Month,
        _ => return Err(must()),
    };
    let window = match window.trim() {
        "" => None,
        word => Some(window_word(word).map_err(|_| must())?),
    };
    Ok((number, period, window))
}

/// `1000/day`, `5000000/month`.
pub fn amount_per_period(text: &str) -> Result<Amount, String> {
    some_amount(quota(text, digits, "1000")?)
}

/// `5/day`, `0.25/month`: US dollars, read into nano-dollars without ever being a float.
pub fn money_per_period(text: &str) -> Result<Amount, String> {
    some_amount(quota(text, nano_dollars, "2.50")?)
}

fn some_amount<T>(read: (u64, Period, T)) -> Result<(u64, Period, T), String> {
    match read.0 {
        0 => Err("must be more than 0 (`off` lifts the limit)".to_owned()),
        _ => Ok(read),
    }
}

/// `rolling` or `calendar`.
pub fn window_word(text: &str) -> Result<Window, String> {
    word(&[("rolling", Window::Rolling), ("calendar", Window::Calendar)])(text)
}

/// Decimal dollars with nine decimals at most.
fn nano_dollars(text: &str) -> Option<u64> {
    let (dollars, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if decimals.is_empty() || decimals.len() > 9 || dollars.is_empty() {
        return None;
    }
    let nanos = digits(&format!("{decimals:0<9}"))?;
    digits(dollars)?.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// A whole number of 0 or more.
pub fn count(text: &str) -> Result<u32, String> {
    match text.replace('_', "").parse::<i128>() {
        Ok(number) if number < 0 => Err("must be 0 or more".to_owned()),
        Ok(number) => u32::try_from(number).map_err(|_| format!("must be {} or less", u32::MAX)),
        Err(_) => Err("must be a whole number".to_owned()),
    }
}

/// A whole number of 1 or more.
pub fn some_count(text: &str) -> Result<u32, String> {
    match count(text) {
        Ok(0) => Err("must be 1 or more".to_owned()),
        read => read,
    }
}

/// A [`some_count`]; `off` is `None`.
pub fn count_or_off(text: &str) -> Result<Option<u32>, String> {
    or_off(text, some_count)
}

/// A weight; several are added up, so one must stay far from the largest number.
pub fn weight(text: &str) -> Result<u32, String> {
    match count(text)? {
        weight if weight <= 1_000_000 => Ok(weight),
        _ => Err("must be 1000000 or less".to_owned()),
    }
}

/// `true` or `false`; `on`, `off`, `yes` and `no` do as well.
pub fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" => Ok(true),
        "false" | "off" | "no" => Ok(false),
        _ => Err("must be `true` or `false`".to_owned()),
    }
}

/// One of a few words, each with what it stands for.
pub fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&str) -> Result<T, String> {
    move |text| match words.iter().find(|(word, _)| *word == text) {
        Some((_, meaning)) => Ok(*meaning),
        None => Err(format!("must be {}", either(words.iter().map(|(word, _)| *word)))),
    }
}

/// `` `a`, `b` or `c` ``
pub fn either<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match quoted.pop() {
        Some(last) if !quoted.is_empty() => format!("{} or {last}", quoted.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}

/// `off`, or what `read` makes of it.
pub fn or_off<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match text {
        "off" => Ok(None),
        _ => read(text).map(Some),
    }
}

fn amount_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (amount, unit) = text.split_at(end);
    Some((digits(amount)?, unit.trim_start()))
}

/// Only digits, and `_` between them: no sign, so that `-5s` is told what a duration is.
fn digits(text: &str) -> Option<u64> {
    let plain = text.replace('_', "");
    plain.bytes().all(|b| b.is_ascii_digit()).then(|| plain.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit() {
        for (text, millis) in
            [("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("250ms", 250), ("300", 300_000), ("0", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "-5s", "5 parsecs", "1.5s", "99999999999999999999s", "4294967295d", "366d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(some_duration("0s").is_err());
        assert_eq!((duration_or_off("off"), duration_or_off("0")), (Ok(None), Ok(None)));
        assert_eq!((age_or_off("off"), age_or_off("400d")), (Ok(None), Ok(Some(400 * DAY))));
        for text in ["0", "23h", "36501d", "x"] {
            assert!(age_or_off(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_every_unit() {
        for (text, bytes) in [
            ("32MiB", 32 << 20),
            ("1GB", 1_000_000_000),
            ("64 KiB", 65_536),
            ("64kb", 64_000),
            ("2MB", 2_000_000),
            ("1gib", 1 << 30),
            ("12B", 12),
            ("1_000", 1_000),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "MiB", "-1MiB", "32 apples", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(memory_size_or_off("off"), Ok(UNLIMITED));
    }

    #[test]
    fn rates_are_read_in_every_unit() {
        for (text, amount, per) in
            [("60/min", 60, MINUTE), ("10/s", 10, SECOND), ("1000 / h", 1000, HOUR), ("5/day", 5, DAY)]
        {
            assert_eq!(rate(text), Ok(Rate { amount, per }), "{text}");
        }
        for text in ["", "60", "/min", "60/", "0/min", "-1/min", "60/fortnight", "off"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!(rate_or_off("off"), Ok(None));
    }

    #[test]
    fn amounts_of_quotas_are_exact() {
        let read = |text| amount_per_period(text).ok();
        assert_eq!(read("1_000/day"), Some((1000, Period::Day, None)));
        assert_eq!(read("5 / month"), Some((5, Period::Month, None)));
        assert_eq!(read("5/month rolling"), Some((5, Period::Month, Some(Window::Rolling))));
        for text in ["5", "5/hour", "0/day", "-1/day", "1.5/day", "5/month sometimes", "5/monthrolling"] {
            assert_eq!(read(text), None, "{text}");
        }
        for (text, nanos) in [
            ("5/day", 5_000_000_000),
            ("0.1/day", 100_000_000),
            ("80.000000001/day", 80_000_000_001),
            ("0.000000001/day", 1),
            ("18446744073.709551615/day", u64::MAX),
        ] {
            assert_eq!(money_per_period(text), Ok((nanos, Period::Day, None)), "{text}");
        }
        for text in [
            "0/day",
            "0.0/day",
            ".5/day",
            "5./day",
            "1.0000000001/day",
            "1e3/day",
            "18446744073.709551616/day",
        ] {
            assert!(money_per_period(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_say_what_they_must_be() {
        assert_eq!((count("10_000"), some_count("1")), (Ok(10_000), Ok(1)));
        assert_eq!(count("-3"), Err("must be 0 or more".to_owned()));
        assert_eq!(count("three"), Err("must be a whole number".to_owned()));
        assert_eq!(count("4294967296"), Err("must be 4294967295 or less".to_owned()));
        assert_eq!(some_count("0"), Err("must be 1 or more".to_owned()));
        assert_eq!(count_or_off("off"), Ok(None));
        assert!(weight("1000001").is_err());
    }

    #[test]
    fn words_are_listed_when_none_fits() {
        let read = word(&[("json", 1), ("text", 2), ("none", 3)]);
        assert_eq!(read("text"), Ok(2));
        assert_eq!(read("xml"), Err("must be `json`, `text` or `none`".to_owned()));
        assert_eq!((switch("on"), switch("No")), (Ok(true), Ok(false)));
        assert!(switch("2").is_err());
    }
}
