//! Requests whose key is known, so that the same bytes again need not be read and hashed to find it.
//!
//! A hit is nearly always a repetition to the byte. A request is found by a quick hash and then compared whole, so
//! that no two can ever be taken for each other, whatever a client makes up.

use crate::cache::key::CacheKey;
use crate::cache::key::cache_key;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

/// Requests that are remembered at most.
const SLOTS: usize = 1024;
/// Longer bodies take so long to send that finding their key does not count. With the slots this bounds the memory
/// to 8 MiB.
const LONGEST: usize = 8 * 1024;

/// The last requests. A new one takes the place of whichever shares its slot.
#[derive(Default)]
pub struct Memo {
    /// Made for the first request: empty they take 100 KiB, also where nothing is cached.
    slots: OnceLock<Box<[Mutex<Option<Known>>]>>,
    hasher: RandomState,
}

struct Known {
    scope: Box<str>,
    operation: &'static str,
    model: Box<str>,
    body: Box<[u8]>,
    key: CacheKey,
}

impl Memo {
    /// What [`cache_key`] says.
    pub fn key(&self, scope: &str, operation: &'static str, model: &str, body: &[u8]) -> Option<CacheKey> {
        if body.len() > LONGEST {
            return cache_key(scope, operation, model, body);
        }
        let slots = self.slots.get_or_init(|| std::iter::repeat_with(Mutex::default).take(SLOTS).collect());
        let slot = &slots[self.hasher.hash_one((scope, body)) as usize % slots.len()];
        let is_it = |known: &&Known| {
            *known.scope == *scope
                && known.operation == operation
                && *known.model == *model
                && *known.body == *body
        };
        // Nothing is half done under this lock, so a poisoned one is as good as any.
        if let Some(known) = slot.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(is_it) {
            return Some(known.key);
        }
        let key = cache_key(scope, operation, model, body)?;
        let known = Known { scope: scope.into(), operation, model: model.into(), body: body.into(), key };
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;

    fn remembered(memo: &Memo) -> usize {
        memo.slots.get().map_or(0, |slots| slots.iter().filter(|slot| slot.lock().unwrap().is_some()).count())
    }

    #[test]
    fn a_repetition_has_the_key_of_the_first() {
        let memo = Memo::default();
        let expected = cache_key("s", "chat", "m", BODY);
        assert_eq!(memo.key("s", "chat", "m", BODY), expected);
        assert_eq!(remembered(&memo), 1);
        assert_eq!(memo.key("s", "chat", "m", BODY), expected);
        assert_eq!(remembered(&memo), 1);
    }

    #[test]
    fn a_change_of_anything_is_another_request_even_in_the_same_slot() {
        let one: Box<[_]> = [Mutex::default()].into();
        let memo = Memo { slots: one.into(), ..Memo::default() };
        let other = br#"{"model":"m","messages":[{"role":"user","content":"ho"}]}"#.as_slice();
        for (scope, operation, model, body) in [
            ("s", "chat", "m", BODY),
            ("t", "chat", "m", BODY),
            ("s", "embed", "m", BODY),
            ("s", "chat", "n", BODY),
            ("s", "chat", "m", other),
            ("s", "chat", "m", BODY),
        ] {
            assert_eq!(memo.key(scope, operation, model, body), cache_key(scope, operation, model, body));
        }
    }

    #[test]
    fn a_body_that_is_long_or_has_no_key_is_not_remembered() {
        let memo = Memo::default();
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(LONGEST));
        assert_eq!(memo.key("s", "chat", "m", long.as_bytes()), cache_key("s", "chat", "m", long.as_bytes()));
        assert_eq!(memo.key("s", "chat", "m", br#"{"a":1,"a":2}"#), None);
        assert_eq!(remembered(&memo), 0);
    }
}
