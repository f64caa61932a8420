//! Request ids: the caller's own where it is well formed, else `req_` and 24 random signs.

use crate::hex;
use rand::RngExt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Signs of an id behind its prefix.
const SIGNS: usize = 24;
/// Longest id taken over from a caller; a longer one would bloat every log line.
pub const MAX_REQUEST_ID: usize = 128;

/// The caller's id if it is well formed (1 to 128 of `A-Z a-z 0-9 . _ : -`), else a new one.
pub fn request_id(given: Option<&[u8]>) -> String {
    match given.and_then(well_formed) {
        Some(id) => id.to_owned(),
        None => random("req_"),
    }
}

/// `prefix` and 24 signs drawn evenly from letters and digits (about 142 bits).
pub fn random(prefix: &str) -> String {
    let (mut signs, mut drawn) = ([0; SIGNS], 0);
    while drawn < SIGNS {
        let mut bytes = [0u8; 32];
        rand::rng().fill(&mut bytes);
        for byte in bytes {
            // A byte over the largest multiple of 62 would make some signs likelier than others.
            if byte < 248 && drawn < SIGNS {
                signs[drawn] = ALPHABET[usize::from(byte % 62)];
                drawn += 1;
            }
        }
    }
    [prefix, std::str::from_utf8(&signs).unwrap_or_default()].concat()
}

/// A random UUID (RFC 9562 §5.4).
pub fn uuid() -> String {
    let mut bytes = [0u8; 16];
    rand::rng().fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::of(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn well_formed(id: &[u8]) -> Option<&str> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._:-".contains(b);
    let fits = !id.is_empty() && id.len() <= MAX_REQUEST_ID;
    (fits && id.iter().all(plain)).then(|| std::str::from_utf8(id).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_id_is_kept() {
        assert_eq!(request_id(Some(b"trace-1:a.b_C")), "trace-1:a.b_C");
    }

    #[test]
    fn an_id_that_could_break_a_log_line_is_replaced() {
        let long = vec![b'a'; MAX_REQUEST_ID + 1];
        for bad in [b"a b".as_slice(), b"", b"a\"b", &long, "ü".as_bytes()] {
            let id = request_id(Some(bad));
            assert!(id.starts_with("req_") && id.len() == 28, "{id}");
        }
    }

    #[test]
    fn a_uuid_says_its_version() {
        let id = uuid();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, uuid());
    }

    #[test]
    fn two_ids_differ() {
        assert_ne!(random("req_"), random("req_"));
    }
}
