//! Windows at midnight, at the ends of months, over leap days, and under clocks that jump.

use super::*;
use Period::{Day, Month as AMonth};
use Window::{Calendar, Rolling};

/// A moment as people write it: year, month, day, hour.
fn at(year: i32, month: u8, day: u8, hour: u8) -> Duration {
    let month = Month::try_from(month).expect("a month");
    let date = Date::from_calendar_date(year, month, day).expect("a date");
    midnight(date).expect("since 1970") + Duration::from_secs(u64::from(hour) * 3600)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_calendar_window_is_the_day_or_the_month_in_utc() {
    for (period, now, start, end) in [
        (Day, at(2026, 3, 14, 15), at(2026, 3, 14, 0), at(2026, 3, 15, 0)),
        (Day, at(2026, 3, 14, 0), at(2026, 3, 14, 0), at(2026, 3, 15, 0)),
        (AMonth, at(2026, 3, 14, 15), at(2026, 3, 1, 0), at(2026, 4, 1, 0)),
        (AMonth, at(2026, 12, 31, 23), at(2026, 12, 1, 0), at(2027, 1, 1, 0)),
        (AMonth, at(2028, 2, 29, 12), at(2028, 2, 1, 0), at(2028, 3, 1, 0)),
        (AMonth, at(2027, 2, 28, 23), at(2027, 2, 1, 0), at(2027, 3, 1, 0)),
        (Day, at(2028, 2, 28, 23), at(2028, 2, 28, 0), at(2028, 2, 29, 0)),
        (AMonth, at(2100, 2, 28, 1), at(2100, 2, 1, 0), at(2100, 3, 1, 0)),
    ] {
        assert_eq!(opened(period, Calendar, now), Span { start, end });
    }
    assert_eq!(opened(AMonth, Calendar, at(2028, 2, 1, 0)).end - at(2028, 2, 1, 0), DAY * 29);
}

#[test]
fn a_rolling_window_begins_with_its_first_use() {
    let now = at(2026, 1, 31, 7);
    assert_eq!(opened(Day, Rolling, now), Span { start: now, end: now + DAY });
    assert_eq!(opened(AMonth, Rolling, now), Span { start: now, end: now + DAY * 30 });
}

#[test]
fn it_is_reset_by_whoever_comes_first_after_its_end() {
    for (period, window, first, last, next) in [
        (Day, Rolling, at(2026, 3, 1, 15), at(2026, 3, 2, 15) - SECOND, at(2026, 3, 2, 15)),
        (Day, Calendar, at(2026, 3, 1, 15), at(2026, 3, 2, 0) - SECOND, at(2026, 3, 2, 0)),
        (AMonth, Calendar, at(2028, 2, 3, 0), at(2028, 3, 1, 0) - SECOND, at(2028, 3, 1, 0)),
        (AMonth, Calendar, at(2027, 2, 3, 0), at(2027, 3, 1, 0) - SECOND, at(2027, 3, 1, 0)),
        (AMonth, Rolling, at(2028, 2, 3, 0), at(2028, 3, 4, 0) - SECOND, at(2028, 3, 4, 0)),
    ] {
        let mut tally = Tally::none(period, window, first);
        tally.settle(0, 7, first);
        tally.roll(period, window, last);
        assert_eq!(tally.used, 7, "{period:?} {window:?}");
        tally.roll(period, window, next);
        assert_eq!(tally, Tally::none(period, window, next), "{period:?} {window:?}");
        tally.roll(period, window, next + DAY * 400);
        assert_eq!(tally, Tally::none(period, window, next + DAY * 400), "years without any use");
    }
}

#[test]
fn a_clock_that_goes_backwards_neither_resets_nor_opens_an_older_window() {
    for window in [Rolling, Calendar] {
        let now = at(2026, 3, 1, 0);
        let mut tally = Tally::none(AMonth, window, now);
        tally.settle(0, 7, now);
        let before = tally;
        tally.roll(AMonth, window, at(2026, 2, 27, 0));
        assert_eq!(tally, before);
        tally.roll(AMonth, window, at(2026, 3, 30, 0));
        assert_eq!(tally, before);
    }
}

#[test]
fn what_was_taken_is_corrected_in_the_window_it_was_taken_from() {
    let (evening, morning) = (at(2026, 3, 31, 23), at(2026, 4, 1, 1));
    let mut tally = Tally::none(Day, Calendar, evening);
    tally.settle(0, 100, evening);
    tally.settle(100, 30, evening);
    assert_eq!(tally.used, 30);
    tally.settle(10, 50, evening);
    assert_eq!(tally.used, 70, "more than was taken is charged");
    tally.roll(Day, Calendar, morning);
    tally.settle(0, 5, morning);
    tally.settle(40, 0, evening);
    assert_eq!(tally.used, 5, "yesterday's room is not given back today");
    tally.settle(40, 90, evening);
    assert_eq!(tally.used, 5, "nor is yesterday's use charged");
    tally.settle(9, 0, morning);
    assert_eq!(tally.used, 0, "and nothing is ever negative");
}

#[test]
fn the_end_of_time_is_no_end_of_counting() {
    let far = Duration::from_secs(400_000_000_000);
    let span = opened(AMonth, Calendar, far);
    assert_eq!((span.start, span.end), (far, far + THIRTY_DAYS));
}
