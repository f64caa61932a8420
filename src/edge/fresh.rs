//! What of a file a client still needs: nothing, all of it, or a part (RFC 9110 §13 and §14).

use http::HeaderMap;
use http::HeaderName;
use http::Method;
use http::header;
use std::ops::Range;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// The last second that a date in a header can name: the end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// What one version of a file is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub size: u64,
    /// Since the epoch; `None` where the file system does not say, or says what no header can.
    pub modified: Option<Duration>,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Whole,
    Part(Range<u64>),
    /// None of the bytes that are asked for are there.
    NoSuchPart,
}

impl Version {
    pub fn new(size: u64, modified: Option<SystemTime>) -> Version {
        let since = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        Version { size, modified: since.filter(|since| since.as_secs() <= LAST) }
    }

    /// Its `ETag`.
    pub fn tag(&self) -> String {
        let nanos = self.modified.map_or(0, |modified| modified.as_nanos());
        format!("\"{:x}-{nanos:x}\"", self.size)
    }

    /// Its `Last-Modified`.
    pub fn date(&self) -> Option<String> {
        self.modified
            .map(|modified| httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(modified.as_secs())))
    }

    /// What a client with these headers needs of it.
    pub fn need(&self, method: &Method, headers: &HeaderMap) -> Need {
        if self.is_known(headers) {
            return Need::Nothing;
        }
        match text(headers, &header::RANGE) {
            Some(range) if method == Method::GET && self.is_of_this(headers) => self.part(range),
            Some(_) | None => Need::Whole,
        }
    }

    /// A tag goes before a date: it is the finer of the two.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            let tag = self.tag();
            let values =
                headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
            let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
            return tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag);
        }
        let since = text(headers, &header::IF_MODIFIED_SINCE).and_then(seconds);
        since.zip(self.modified).is_some_and(|(since, modified)| modified.as_secs() <= since)
    }

    /// Whether a part is asked of this version, or of whichever is there.
    fn is_of_this(&self, headers: &HeaderMap) -> bool {
        text(headers, &header::IF_RANGE).is_none_or(|of| match of.starts_with(['"', 'W']) {
            true => of == self.tag(),
            false => seconds(of).is_some_and(|of| self.modified.is_some_and(|own| own.as_secs() == of)),
        })
    }

    /// One range; several, and what is none, are answered with everything, as may be done.
    fn part(&self, range: &str) -> Need {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
        else {
            return Need::Whole;
        };
        let (first, last) = (first.trim(), last.trim());
        let part = match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(self.size),
            (Some(first), None) if last.is_empty() => first..self.size,
            (None, Some(last)) if first.is_empty() => self.size.saturating_sub(last)..self.size,
            (_, _) => return Need::Whole,
        };
        if part.is_empty() { Need::NoSuchPart } else { Need::Part(part) }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn seconds(date: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(date).ok()?;
    date.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// More digits than a number has are as good as the largest.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1000 bytes of Tue, 01 Jan 2030 00:00:00 GMT and half a second.
    fn version() -> Version {
        Version::new(1000, Some(UNIX_EPOCH + Duration::from_millis(1_893_456_000_500)))
    }

    fn need(headers: &[(HeaderName, &str)]) -> Need {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        version().need(&Method::GET, &headers)
    }

    const DATE: &str = "Tue, 01 Jan 2030 00:00:00 GMT";

    #[test]
    fn a_version_is_known_by_size_and_time() {
        assert_eq!(version().date().as_deref(), Some(DATE));
        let later = Version::new(1000, Some(UNIX_EPOCH + Duration::from_millis(1_893_456_000_501)));
        assert_ne!(version().tag(), later.tag());
        assert_ne!(version().tag(), Version { size: 1001, ..version() }.tag());
        for odd in [
            None,
            UNIX_EPOCH.checked_sub(Duration::from_secs(1)),
            UNIX_EPOCH.checked_add(Duration::from_secs(LAST + 1)),
        ] {
            assert_eq!(Version::new(1, odd).date(), None);
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let tag = version().tag();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            assert_eq!(need(&[(header::IF_NONE_MATCH, &known)]), Need::Nothing, "{known}");
        }
        assert_eq!(need(&[(header::IF_MODIFIED_SINCE, DATE)]), Need::Nothing);
        assert_eq!(need(&[(header::IF_MODIFIED_SINCE, "Mon, 31 Dec 2029 23:59:59 GMT")]), Need::Whole);
        assert_eq!(need(&[(header::IF_MODIFIED_SINCE, "yesterday")]), Need::Whole);
        let other = [(header::IF_NONE_MATCH, "\"x\""), (header::IF_MODIFIED_SINCE, DATE)];
        assert_eq!(need(&other), Need::Whole, "the tag goes before the date");
    }

    #[test]
    fn a_range_is_a_part_of_what_is_there() {
        for (range, part) in [
            ("bytes=0-9", Need::Part(0..10)),
            ("bytes=990-", Need::Part(990..1000)),
            ("bytes=-10", Need::Part(990..1000)),
            ("bytes=-5000", Need::Part(0..1000)),
            ("bytes=999-5000", Need::Part(999..1000)),
            ("bytes=0-99999999999999999999999", Need::Part(0..1000)),
            ("bytes=1000-", Need::NoSuchPart),
            ("bytes=2000-3000", Need::NoSuchPart),
            ("bytes=-0", Need::NoSuchPart),
            ("bytes=0-1,5-6", Need::Whole),
            ("bytes=9-0", Need::Whole),
            ("bytes=-", Need::Whole),
            ("bytes=+1-2", Need::Whole),
            ("bytes=", Need::Whole),
            ("lines=1-2", Need::Whole),
        ] {
            assert_eq!(need(&[(header::RANGE, range)]), part, "{range}");
        }
        let headers = [(header::RANGE, "bytes=0-9".parse().unwrap())].into_iter().collect();
        assert_eq!(version().need(&Method::HEAD, &headers), Need::Whole);
        assert_eq!(Version::new(0, None).need(&Method::GET, &headers), Need::NoSuchPart);
    }

    #[test]
    fn a_part_of_another_version_is_not_sent() {
        let tag = version().tag();
        for (of, part) in [
            (tag.as_str(), Need::Part(0..10)),
            (DATE, Need::Part(0..10)),
            (&format!("W/{tag}"), Need::Whole),
            ("\"x\"", Need::Whole),
            ("Wed, 02 Jan 2030 00:00:00 GMT", Need::Whole),
            ("soon", Need::Whole),
        ] {
            assert_eq!(need(&[(header::RANGE, "bytes=0-9"), (header::IF_RANGE, of)]), part, "{of}");
        }
    }
}
