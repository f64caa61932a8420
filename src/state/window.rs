//! The counter of a quota: how much was used in the window that runs, reset lazily when the next one begins.

#[cfg(test)]
mod tests;

use crate::config::{Period, Window};
use std::time::Duration;
use time::{Date, Month, OffsetDateTime, UtcDateTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A rolling month.
const THIRTY_DAYS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// When a window began and ends; both since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: Duration,
    pub end: Duration,
}

/// What was used since `start`. Which period and window it has are arguments, as the time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Since the epoch.
    pub start: Duration,
    pub used: u64,
}

impl Tally {
    /// Nothing used, in the window that begins now or has begun.
    pub fn none(period: Period, window: Window, now: Duration) -> Tally {
        Tally { start: opened(period, window, now).start, used: 0 }
    }

    /// Begins the next window if this one is over. A clock that goes backwards ends none.
    pub fn roll(&mut self, period: Period, window: Window, now: Duration) {
        if now >= self.end(period, window) {
            *self = Tally::none(period, window, now);
        }
    }

    /// When this window is over, since the epoch.
    pub fn end(&self, period: Period, window: Window) -> Duration {
        opened(period, window, self.start).end
    }

    /// Corrects what was `taken` at a moment to what was `used`: in the window it was taken from, or, when the
    /// next one has begun since, not at all.
    pub fn settle(&mut self, taken: u64, used: u64, taken_at: Duration) {
        if self.start <= taken_at {
            self.used = self.used.saturating_sub(taken).saturating_add(used);
        }
    }
}

/// The window that begins with a first use at `now`, or in which `now` is.
pub fn opened(period: Period, window: Window, now: Duration) -> Span {
    match (window, period) {
        (Window::Rolling, Period::Day) => Span { start: now, end: now + DAY },
        (Window::Rolling, Period::Month) => Span { start: now, end: now + THIRTY_DAYS },
        (Window::Calendar, Period::Day) => {
            let start = Duration::from_secs(now.as_secs() - now.as_secs() % DAY.as_secs());
            Span { start, end: start + DAY }
        }
        (Window::Calendar, Period::Month) => month(now),
    }
}

/// The month of a moment (UTC). Beyond the year 9999, which no calendar here knows, months have 30 days.
fn month(now: Duration) -> Span {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let date = OffsetDateTime::from_unix_timestamp(seconds).map(OffsetDateTime::date);
    let span = date.ok().and_then(|date| {
        let first = Date::from_calendar_date(date.year(), date.month(), 1).ok()?;
        let year = if first.month() == Month::December { first.year() + 1 } else { first.year() };
        let next = Date::from_calendar_date(year, first.month().next(), 1).ok()?;
        Some(Span { start: midnight(first)?, end: midnight(next)? })
    });
    span.unwrap_or(Span { start: now, end: now + THIRTY_DAYS })
}

fn midnight(date: Date) -> Option<Duration> {
    let seconds = UtcDateTime::new(date, time::Time::MIDNIGHT).unix_timestamp();
    u64::try_from(seconds).ok().map(Duration::from_secs)
}
