//! `fetch`: where files that requests name by URL may come from, and how large and slow they may be.

use crate::config::Allowed;
use crate::config::Fetch;
use crate::config::range;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::fmt;
use std::time::Duration;

/// Reads `fetch`.
pub fn read(root: &Section<'_>) -> Fetch {
    let section = root.section("fetch", &shapes::FETCH);
    let allow = section.items("allow").into_iter().filter_map(|item| item.read(allowed)).collect();
    Fetch {
        allow,
        max_bytes: section.optional("max_bytes", units::memory_size).unwrap_or(10 << 20),
        timeout: section.optional("timeout", units::some_duration).unwrap_or(Duration::from_secs(10)),
    }
}

/// A host's name, an address, or a range of addresses.
fn allowed(text: &str) -> Result<Allowed, String> {
    const MUST: &str = "must be a host such as `files.internal` or a range such as `10.0.0.0/8`";
    let name = |sign: char| sign.is_ascii_alphanumeric() || "-._".contains(sign);
    match (range::parse(text), text.contains(name) && text.chars().all(name)) {
        (Some(range), _) => Ok(Allowed::Range(range)),
        (None, true) => Ok(Allowed::Host(text.to_ascii_lowercase())),
        (None, false) => Err(MUST.to_owned()),
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::Host(name) => f.write_str(name),
            Allowed::Range(range) => range.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_addresses_and_ranges_are_read() {
        let written = |text| allowed(text).map(|place| place.to_string());
        assert_eq!(written("Files.Internal").as_deref(), Ok("files.internal"));
        assert_eq!(written("10.1.2.3").as_deref(), Ok("10.1.2.3/32"));
        assert_eq!(written("10.0.0.0/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(written("fd00::/8").as_deref(), Ok("fd00::/8"));
        assert_eq!(written("::1").as_deref(), Ok("::1/128"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["http://a.test", "10.0.0.0/33", "10.0.0/8", "a.test/8", "a test", "a:80", "*"] {
            assert!(allowed(text).is_err(), "{text}");
        }
    }
}
