//! A page: the entries that a batch has of one hour, packed, and what is known of them without unpacking.

use crate::store::aggregates::HOUR;
use crate::store::entry::Entry;
use crate::store::error::StoreError;
use crate::store::values::MOST;
use crate::store::values::cut;
use crate::store::written;
use crate::store::written::FORMAT;
use foldhash::HashSet;
use std::collections::BTreeMap;

/// More different names than this are not listed: the page has to be looked into.
const MOST_NAMES: usize = 200;
/// What a page may be unpacked to; a batch is a hundredth of it.
const LARGEST: usize = 256 << 20;
/// How hard it is packed: nearly three times smaller. A step harder saves a seventh of that, and takes twice as long.
const LEVEL: i32 = -1;
/// Format and length stand in front of what is packed.
const HEAD: usize = 5;

/// What stands beside a page's body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// Of its entries, which are not in order of time.
    pub first_ms: u64,
    pub last_ms: u64,
    pub tenants: Option<String>,
    pub keys: Option<String>,
    /// Whether any entry names its end user.
    pub has_users: bool,
}

impl Outline {
    pub fn of<T: AsRef<str>>(entries: &[&Entry<T>]) -> Outline {
        let times = || entries.iter().map(|entry| entry.at.min(MOST));
        Outline {
            first_ms: times().min().unwrap_or_default(),
            last_ms: times().max().unwrap_or_default(),
            tenants: listed(entries.iter().map(|entry| entry.tenant.as_ref())),
            keys: listed(entries.iter().map(|entry| entry.key.as_ref())),
            has_users: entries.iter().any(|entry| !entry.end_user.as_ref().is_empty()),
        }
    }
}

/// Each name once, between spaces.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let (mut seen, mut list, mut last) = (HashSet::default(), " ".to_owned(), None);
    for name in names {
        // Neighbours are mostly alike.
        if last.replace(name) == Some(name) || !seen.insert(name) {
            continue;
        }
        if seen.len() > MOST_NAMES {
            return None;
        }
        list.extend([&*cut(name), " "]);
    }
    Some(list)
}

/// A pattern for `LIKE ... ESCAPE '\'` that fits every list with this name, and few others: a name may hold spaces, and
/// SQLite takes large letters for small ones.
pub(super) fn pattern(name: &str) -> String {
    let escaped = cut(name).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("% {escaped} %")
}

/// The entries of a batch by the hour: a page never reaches from one into another, so that those of an hour are found.
pub(super) fn by_hour<T>(entries: &[Entry<T>]) -> BTreeMap<u64, Vec<&Entry<T>>> {
    let mut hours: BTreeMap<u64, Vec<&Entry<T>>> = BTreeMap::new();
    for entry in entries {
        hours.entry(entry.at.min(MOST) / HOUR).or_default().push(entry);
    }
    hours
}

/// The body of a page.
pub(super) fn pack<T: AsRef<str>>(entries: &[&Entry<T>]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(entries.len() * 128);
    entries.iter().for_each(|entry| written::write(*entry, &mut bytes));
    let length = u32::try_from(bytes.len()).map_err(|_| StoreError::broken("a batch is too long"))?;
    let mut body = vec![0; HEAD + zstd::zstd_safe::compress_bound(bytes.len())];
    body[0] = FORMAT;
    body[1..HEAD].copy_from_slice(&length.to_le_bytes());
    let packed = zstd::bulk::compress_to_buffer(&bytes, &mut body[HEAD..], LEVEL);
    let packed = packed.map_err(|cause| StoreError::broken(cause.to_string()))?;
    body.truncate(HEAD + packed);
    Ok(body)
}

/// The entries of a body, one behind the other.
pub(super) fn unpack(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (head, packed) = body.split_first_chunk::<HEAD>().ok_or_else(unreadable)?;
    let [format, length @ ..] = *head;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if format != FORMAT || length > LARGEST {
        return Err(unreadable());
    }
    zstd::bulk::decompress(packed, length).map_err(|_| unreadable())
}

/// What was unpacked, as entries.
pub(super) fn entries(mut bytes: &[u8]) -> impl Iterator<Item = Result<Entry<&str>, StoreError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let Some((entry, rest)) = written::read(bytes) else {
            bytes = &[];
            return Some(Err(unreadable()));
        };
        bytes = rest;
        Some(Ok(entry))
    })
}

fn unreadable() -> StoreError {
    StoreError::broken("a page of the ledger holds what nobody here writes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_tenants(names: &[&'static str]) -> Vec<Entry<&'static str>> {
        names.iter().map(|name| Entry { tenant: *name, ..Entry::default() }).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked_and_anything_else_is_refused() {
        let brought = of_tenants(&["a", "", "b"]);
        let body = pack(&brought.iter().collect::<Vec<_>>()).unwrap();
        let bytes = unpack(&body).unwrap();
        assert_eq!(entries(&bytes).collect::<Result<Vec<_>, _>>().unwrap(), brought);
        let mut foreign = body.clone();
        foreign[0] = FORMAT + 1;
        for bad in [&foreign[..], &body[..body.len() - 1], &[], b"\x01\xff\xff\xff\xffx"] {
            assert!(unpack(bad).is_err(), "{bad:?}");
        }
        assert!(entries(&bytes[..bytes.len() - 1]).last().unwrap().is_err());
    }

    #[test]
    fn names_are_listed_once_and_too_many_not_at_all() {
        assert_eq!(listed(["b", "a", "a", "b", ""].into_iter()), Some(" b a  ".to_owned()));
        let many: Vec<String> = (0..=MOST_NAMES).map(|number| number.to_string()).collect();
        assert_eq!(listed(many.iter().map(String::as_str)), None);
        assert!(listed(many[1..].iter().map(String::as_str)).is_some());
        assert_eq!(pattern("50%_a\\"), "% 50\\%\\_a\\\\ %");
    }

    #[test]
    fn an_outline_tells_the_oldest_and_the_newest() {
        let mut brought = of_tenants(&["a", "b", "c"]);
        (brought[0].at, brought[1].at, brought[2].at, brought[2].end_user) = (5, 3, 4, "ann");
        let outline = Outline::of(&brought.iter().collect::<Vec<_>>());
        assert_eq!((outline.first_ms, outline.last_ms, outline.has_users), (3, 5, true));
    }
}
