//! Days and moments, as people write them.

use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A day (`2026-12-31`, its beginning) or a moment (`2026-12-31T18:00:00Z`), in UTC or with an offset: since the epoch.
pub fn moment(text: &str) -> Result<Duration, String> {
    let must = || "must be a day such as `2026-12-31` or a moment such as `2026-12-31T18:00:00Z`".to_owned();
    let whole = if text.len() == "2026-12-31".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| must())?;
    u64::try_from(at.unix_timestamp()).map(Duration::from_secs).map_err(|_| must())
}

/// What [`moment`] reads, to the second.
pub fn write_moment(since_epoch: Duration) -> String {
    let at =
        i64::try_from(since_epoch.as_secs()).ok().and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        for (text, seconds) in
            [("1970-01-02", 86_400), ("1970-01-01T01:00:00+01:00", 0), ("2000-02-29T12:00:00Z", 951_825_600)]
        {
            assert_eq!(moment(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "tomorrow", "2026-13-01", "2026-02-30", "2026-01-01 10:00", "1969-12-31"] {
            assert!(moment(text).is_err(), "{text}");
        }
        assert_eq!(write_moment(Duration::from_secs(951_825_600)), "2000-02-29T12:00:00Z");
    }
}
