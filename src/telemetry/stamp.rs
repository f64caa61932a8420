//! A moment as people write it: RFC 3339 in UTC with milliseconds.

use std::time::Duration;

const DAYS_IN_400_YEARS: u64 = 146_097;

/// `2026-03-01T09:05:00.042Z`, kept without an allocation.
pub struct Stamp([u8; 24]);

impl Stamp {
    pub fn of(since_epoch: Duration) -> Stamp {
        let seconds = since_epoch.as_secs();
        let (year, month, day) = date(seconds / 86_400);
        let time = seconds % 86_400;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], time / 3600);
        put(&mut text[14..16], time / 60 % 60);
        put(&mut text[17..19], time % 60);
        put(&mut text[20..23], u64::from(since_epoch.subsec_millis()));
        Stamp(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Right-aligned decimal digits; what does not fit is cut on the left.
fn put(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Counts in years that begin in March, so that a leap day is the last of its year and every month
/// starts at the same distance from the first.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468; // since 0000-03-01
    let (cycle, day) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (cycle * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_rfc_3339() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_001, "2000-03-01T00:00:00.001Z"),
            (1_735_689_599_500, "2024-12-31T23:59:59.500Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Stamp::of(Duration::from_millis(millis)).as_str(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut before = date(0);
        for day in 1..DAYS_IN_400_YEARS {
            let today = date(day);
            let next_day = (before.0, before.1, before.2 + 1);
            let next_month = (before.0, before.1 + 1, 1);
            let next_year = (before.0 + 1, 1, 1);
            assert!([next_day, next_month, next_year].contains(&today), "{before:?} then {today:?}");
            before = today;
        }
        assert_eq!(date(DAYS_IN_400_YEARS), (2370, 1, 1));
    }
}
