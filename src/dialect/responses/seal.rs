//! How a reasoning item fits into the hub's one word for a seal, and how any seal fits into a reasoning item.
//!
//! A vendor's item is known again by its id and its `encrypted_content`, and one does not open without the other;
//! the hub has one text for both. A client of this dialect repeats reasoning items whole, so the seals of any
//! vendor travel in their `encrypted_content`, marked as ours.

use std::borrow::Cow;

/// In front of what a provider of this dialect sealed.
const OWN: &str = "openai-reasoning:";
/// In front of everything that is marked as ours.
pub const MARK: &str = "tollgate.";
/// In front of a seal that a client is shown.
const SHOWN: &str = "tollgate.sealed:";
/// In front of redacted thinking that a client is shown.
const SHOWN_REDACTED: &str = "tollgate.redacted:";

/// What stands in the `encrypted_content` that a client brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought<'a> {
    Signature(Cow<'a, str>),
    Redacted(Cow<'a, str>),
}

/// The hub's signature of a provider's reasoning item.
pub fn pack(id: &str, encrypted: &str) -> String {
    format!("{OWN}{}:{id}{encrypted}", id.len())
}

/// Id and `encrypted_content` of a signature that [`pack`] made; `None` for those of other dialects.
pub fn unpack(signature: &str) -> Option<(&str, &str)> {
    let (length, rest) = signature.strip_prefix(OWN)?.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}

/// A signature as a client's `encrypted_content`.
pub fn shown(signature: &str) -> String {
    format!("{SHOWN}{signature}")
}

/// Redacted thinking as a client's `encrypted_content`.
pub fn shown_redacted(data: &str) -> String {
    format!("{SHOWN_REDACTED}{data}")
}

/// Reads a client's reasoning item: what is not marked as ours came straight from a provider of this dialect.
pub fn brought<'a>(id: &str, encrypted: &'a str) -> Brought<'a> {
    match (encrypted.strip_prefix(SHOWN), encrypted.strip_prefix(SHOWN_REDACTED)) {
        (Some(signature), _) => Brought::Signature(Cow::Borrowed(signature)),
        (None, Some(data)) => Brought::Redacted(Cow::Borrowed(data)),
        (None, None) => Brought::Signature(Cow::Owned(pack(id, encrypted))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_byte_for_byte() {
        for (id, encrypted) in [("rs_1", "gAAAA=="), ("", "x"), ("a:b", "12:c"), ("ü", "")] {
            assert_eq!(unpack(&pack(id, encrypted)), Some((id, encrypted)));
        }
    }

    #[test]
    fn foreign_seals_are_not_taken_for_ours() {
        for foreign in
            ["", "EqQBCg==", "openai-reasoning:", "openai-reasoning:9:ab", "openai-reasoning:-1:ab"]
        {
            assert_eq!(unpack(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_client_brings_back_what_it_was_shown() {
        let signature = |text: &'static str| Brought::Signature(Cow::Borrowed(text));
        assert_eq!(brought("rs_x", &shown("EqQB:=")), signature("EqQB:="));
        assert_eq!(brought("rs_x", &shown_redacted("abc")), Brought::Redacted("abc".into()));
        assert_eq!(brought("rs_7", "gAAA"), Brought::Signature(pack("rs_7", "gAAA").into()));
        assert_eq!(
            brought("rs_x", &shown(&pack("rs_7", "gAAA"))),
            Brought::Signature(pack("rs_7", "gAAA").into())
        );
    }
}
