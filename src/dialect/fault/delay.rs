//! How long a provider wants to be left alone.

use crate::dialect::fault::complaint::{texts, unwrapped};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

/// No wait is longer: what resets later than tomorrow is a quota, and is put aside as one.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What each vendor's `x-ratelimit-remaining-…` and `x-ratelimit-reset-…` may end in.
const BUCKETS: &[&str] =
    &["requests", "tokens", "requests-day", "tokens-day", "requests-minute", "tokens-minute"];

/// What stands between `anthropic-ratelimit-` and `-remaining` or `-reset`.
const ANTHROPIC_BUCKETS: &[&str] = &["requests", "tokens", "input-tokens", "output-tokens"];

/// Smallest `x-ratelimit-reset` that is a moment in milliseconds rather than a number of seconds (year 2001).
const EPOCH_MILLIS: f64 = 1e12;

/// How long to wait before this provider is asked again, as it says itself; at most 24 hours.
///
/// Read in this order: `retry-after-ms`; `retry-after` (seconds or an HTTP date); the reset of every
/// rate limit that has nothing remaining; Google's `RetryInfo` in the body. What is negative or
/// unreadable is passed over. `header` looks up a header by its lower-case name; `since_epoch` is now.
pub fn retry_after(
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
    since_epoch: Duration,
) -> Option<Duration> {
    let delay = header("retry-after-ms")
        .and_then(|millis| number(&millis, 1e-3))
        .or_else(|| header("retry-after").and_then(|text| seconds_or_date(&text, since_epoch)))
        .or_else(|| spent_bucket(header, since_epoch))
        .or_else(|| reset_moment(header("x-ratelimit-remaining"), header("x-ratelimit-reset"), since_epoch))
        .or_else(|| in_body(body, since_epoch));
    delay.map(|delay| delay.min(LONGEST))
}

/// How long nothing remains of some limit, as the head of a good answer says; at most 24 hours, `None` where
/// something remains of each or nothing says when there will be more. Arguments as in [`retry_after`].
pub fn used_up(header: &dyn Fn(&str) -> Option<String>, since_epoch: Duration) -> Option<Duration> {
    let is_spent = |name: &str| header(name).is_some_and(|remaining| remaining.trim() == "0");
    let plain = is_spent("x-ratelimit-remaining").then(|| moment(&header("x-ratelimit-reset")?, since_epoch));
    let named = BUCKETS.iter().map(|bucket| {
        let reset = || moment(&header(&format!("x-ratelimit-reset-{bucket}"))?, since_epoch);
        is_spent(&format!("x-ratelimit-remaining-{bucket}")).then(reset)
    });
    let anthropic = ANTHROPIC_BUCKETS.iter().map(|bucket| {
        let reset = || moment(&header(&format!("anthropic-ratelimit-{bucket}-reset"))?, since_epoch);
        is_spent(&format!("anthropic-ratelimit-{bucket}-remaining")).then(reset)
    });
    let longest = [plain].into_iter().chain(named).chain(anthropic).flatten().flatten().max();
    longest.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST))
}

fn seconds_or_date(text: &str, since_epoch: Duration) -> Option<Duration> {
    if let Some(delay) = number(text, 1.0) {
        return Some(delay);
    }
    let date = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(since_epoch))
}

/// The longest reset among the limits of which nothing remains.
fn spent_bucket(header: &dyn Fn(&str) -> Option<String>, since_epoch: Duration) -> Option<Duration> {
    let resets = BUCKETS.iter().filter_map(|bucket| {
        let remaining = header(&format!("x-ratelimit-remaining-{bucket}"))?;
        let reset = || header(&format!("x-ratelimit-reset-{bucket}"));
        (remaining.trim() == "0").then(reset).flatten().and_then(|text| moment(&text, since_epoch))
    });
    resets.max()
}

/// OpenRouter gives the moment of the reset in milliseconds; others give a span.
fn reset_moment(remaining: Option<String>, reset: Option<String>, since_epoch: Duration) -> Option<Duration> {
    if remaining.is_some_and(|remaining| remaining.trim() != "0") {
        return None;
    }
    moment(&reset?, since_epoch)
}

/// A span from now, or one of two kinds of moments: milliseconds since the epoch, or RFC 3339.
fn moment(text: &str, since_epoch: Duration) -> Option<Duration> {
    match text.trim().parse::<f64>() {
        Ok(moment) if moment >= EPOCH_MILLIS => Some(number(text, 1e-3)?.saturating_sub(since_epoch)),
        _ => span(text).or_else(|| Some(rfc3339(text.trim())?.saturating_sub(since_epoch))),
    }
}

/// `2026-03-01T09:05:00Z`, also with parts of a second and with a zone: the time since the epoch.
fn rfc3339(text: &str) -> Option<Duration> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
    let [year, month, day] = numbers(date, '-')?;
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let (year, day) = (i32::try_from(year).ok()?, u8::try_from(day).ok()?);
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    let (whole, part) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hours, minutes, seconds] = numbers(whole, ':')?;
    let ahead = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign, zone) => {
            let [hours, minutes] = numbers(zone, ':')?;
            let ahead = hours * 3600 + minutes * 60;
            if sign == "-" { -ahead } else { ahead }
        }
    };
    let midnight = time::UtcDateTime::new(date, time::Time::MIDNIGHT).unix_timestamp();
    let seconds = midnight.checked_add(hours * 3600 + minutes * 60 + seconds - ahead)?;
    let part = number(&format!("0.{part}"), 1.0)?;
    Some(Duration::from_secs(u64::try_from(seconds).ok()?) + part)
}

/// As many small numbers as are asked for.
fn numbers<const COUNT: usize>(text: &str, between: char) -> Option<[i64; COUNT]> {
    let numbers: Option<Vec<i64>> =
        text.split(between).map(|n| n.parse().ok().filter(|n| (0..10_000).contains(n))).collect();
    numbers?.try_into().ok()
}

fn in_body(body: &[u8], since_epoch: Duration) -> Option<Duration> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let at = |path: &[&str]| texts(unwrapped(&body), path).into_iter().next();
    // Where the day is spent, Google's delay is that of another limit (vendors.md §5.6).
    let quotas = texts(unwrapped(&body), &["error", "details", "*", "violations", "*", "quotaId"]);
    let delay = at(&["error", "details", "*", "retryDelay"])
        .filter(|_| !quotas.iter().any(|quota| quota.contains("PerDay")))
        .and_then(|text| span(&text));
    let broker = &["error", "metadata", "headers"];
    delay.or_else(|| {
        let remaining = at(&[broker.as_slice(), &["X-RateLimit-Remaining"]].concat());
        let reset = at(&[broker.as_slice(), &["X-RateLimit-Reset"]].concat());
        reset_moment(remaining, reset, since_epoch)
    })
}

/// `1h2m3.5s`, `250ms`, or plain seconds.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Some(plain) = number(rest, 1.0) {
        return Some(plain);
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        sum = sum.saturating_add(number(amount, seconds_of(unit)?)?);
        rest = tail;
    }
    (!text.trim().is_empty()).then_some(sum)
}

fn seconds_of(unit: &str) -> Option<f64> {
    match unit {
        "d" => Some(86_400.0),
        "h" => Some(3_600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "us" => Some(1e-6),
        "ns" => Some(1e-9),
        _ => None,
    }
}

/// A number of units; `None` for what is negative, not finite, or no number.
fn number(text: &str, seconds: f64) -> Option<Duration> {
    let number = text.trim().parse::<f64>().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}
