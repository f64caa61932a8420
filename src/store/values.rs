//! Values on their way into rows and out of them.

use crate::store::error::StoreError;
use sqlx::Decode;
use sqlx::Row;
use sqlx::Type;
use sqlx::any::Any;
use sqlx::any::AnyRow;
use std::borrow::Cow;

/// PostgreSQL cannot index more than some 2700 bytes, and five such texts are one key of the aggregates.
const LONGEST_TEXT: usize = 256;

/// Columns hold 63 bits; what is more is stored as the most there is. No sum is larger either: a bill that is wrong in
/// its last digits is better than a ledger that stands still.
pub(super) const MOST: u64 = i64::MAX as u64;

pub(super) fn to_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What is below 0 was not stored by us.
pub(super) fn from_stored(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Whatever a client sends must not stop the ledger: no NUL, which PostgreSQL has no place for, and at most
/// 256 bytes.
pub(super) fn bounded(text: &str) -> String {
    cut(text).into_owned()
}

/// The same, borrowed where nothing is wrong with the text.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    let cut = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    match has_nul(cut.as_bytes()) {
        false => Cow::Borrowed(cut),
        // One byte takes the place of another, so that it stays within its bound.
        true => Cow::Owned(cut.replace('\0', "?")),
    }
}

/// Eight bytes at once: each entry has ten texts, most of them too short for what finds bytes in long ones.
fn has_nul(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks();
    words.iter().any(|word| has_zero(u64::from_ne_bytes(*word))) || rest.contains(&0)
}

/// Whether some byte is 0: only there does taking 1 away set a high bit that was not set.
fn has_zero(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
}

/// Reads columns by name.
pub(super) struct Columns<'r>(pub &'r AnyRow);

impl<'r> Columns<'r> {
    pub fn text(&self, name: &str) -> Result<String, StoreError> {
        self.read(name)
    }

    pub fn text_or_empty(&self, name: &str) -> Result<String, StoreError> {
        Ok(self.maybe_text(name)?.unwrap_or_default())
    }

    pub fn maybe_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(name)
    }

    pub fn number(&self, name: &str) -> Result<u64, StoreError> {
        self.read(name).map(from_stored)
    }

    pub fn maybe_number(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.read::<Option<i64>>(name)?.map(from_stored))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        self.read(name)
    }

    pub fn flag(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.number(name)? != 0)
    }

    /// Text that must mean something.
    pub fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text = self.text(name)?;
        parse(&text)
            .ok_or_else(|| StoreError::broken(format!("column `{name}` holds what nobody here writes")))
    }

    fn read<T: Decode<'r, Any> + Type<Any>>(&self, name: &str) -> Result<T, StoreError> {
        Ok(self.0.try_get::<T, _>(name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_signs_and_holds_no_nul() {
        assert_eq!(bounded("a\0b"), "a?b");
        for length in 0..40 {
            let text = "\u{80}\u{1}ü".repeat(length);
            assert!(matches!(cut(&text), Cow::Borrowed(_)), "{length}");
            for place in (0..=length).map(|place| place * 5) {
                let (before, behind) = text.split_at(place);
                let with = |sign: &str| bounded(&[before, sign, behind].concat());
                assert_eq!(with("\0"), with("?"), "{length} {place}");
            }
        }
        let long = format!("{}ü", "x".repeat(255));
        assert_eq!(bounded(&long), "x".repeat(255));
    }

    #[test]
    fn a_number_too_large_is_the_largest() {
        assert_eq!(from_stored(to_stored(u64::MAX)), i64::MAX as u64);
        assert_eq!(from_stored(to_stored(7)), 7);
        assert_eq!(from_stored(-7), 0);
    }
}
