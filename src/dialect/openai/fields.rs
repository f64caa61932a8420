//! A JSON object as borrowed entries in the order they came, so that what is not looked at survives as it was.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The entries of one object. Values are the bytes as they came: no number is rounded, no order lost.
#[derive(Debug)]
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// `None` if `raw` is no object.
    pub fn read(raw: &'a RawValue) -> Option<Fields<'a>> {
        serde_json::from_str(raw.get()).ok()
    }

    /// The value under `key`, unless it is null.
    pub fn find(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, raw)| *raw).filter(|raw| !is_null(raw))
    }
}

/// The elements of a list; `None` if `raw` is no list.
pub fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// What a JSON string says; `None` if `raw` is no string.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok().map(|Text(text)| text)
}

/// Whether `raw` is null.
pub fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// Whether `raw` is a string.
pub fn is_string(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}

/// Whether `raw` is a list.
pub fn is_list(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
}

/// Whether `raw` is the empty string.
pub fn is_blank(raw: &RawValue) -> bool {
    raw.get() == "\"\""
}

/// A string that borrows where it holds no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Fields<'a>, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Text(key), raw)) = map.next_entry()? {
                    entries.push((key, raw));
                }
                Ok(Fields(entries))
            }
        }
        reader.deserialize_map(Entries)
    }
}
