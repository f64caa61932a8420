//! JSON as it is read and written here: strings that borrow, objects in the order they came.

use crate::dialect::text::Str;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The entries of an object.
#[derive(Debug)]
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// `None` where `raw` is no object.
    pub(super) fn read(raw: &'a RawValue) -> Option<Object<'a>> {
        serde_json::from_str(raw.get()).ok()
    }

    pub(super) fn find(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, raw)| *raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Object<'a>, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Str(key), raw)) = map.next_entry()? {
                    entries.push((key, raw));
                }
                Ok(Object(entries))
            }
        }
        reader.deserialize_map(Entries)
    }
}

/// What `text` says, or nothing.
pub(super) fn said<'a>(text: Option<Str<'a>>) -> Cow<'a, str> {
    text.unwrap_or_default().0
}

/// The object that `text` is, as it came.
pub(super) fn object(text: &str) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    raw.get().starts_with('{').then_some(raw)
}

/// Appends `value` as JSON.
pub(super) fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Nothing that is written here can fail: keys are strings, and memory takes everything.
    drop(serde_json::to_writer(out, value));
}

/// The arguments of a call as the object they have to be. What is none is wrapped: the free text of a custom tool as
/// its one argument, broken JSON so that the model can see what it wrote.
pub(super) fn input(arguments: &str, custom: bool) -> Cow<'_, RawValue> {
    let wrapped = |name: &str| {
        let mut json = format!("{{\"{name}\":").into_bytes();
        put(&mut json, arguments);
        json.push(b'}');
        owned(json)
    };
    match object(arguments) {
        _ if custom => wrapped("input"),
        Some(raw) => Cow::Borrowed(raw),
        None if arguments.trim().is_empty() => owned(b"{}".to_vec()),
        None => wrapped("_raw"),
    }
}

/// JSON that was written here.
pub(super) fn owned(json: Vec<u8>) -> Cow<'static, RawValue> {
    let raw = String::from_utf8(json).ok().and_then(|json| RawValue::from_string(json).ok());
    Cow::Owned(raw.unwrap_or_else(|| RawValue::NULL.to_owned()))
}
