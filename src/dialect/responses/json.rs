//! JSON that is read without being copied and written without being built first.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A string that borrows where it holds no escapes.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The entries of one object in their order, nulls included. Values are the bytes as they came.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value under `key`, unless it is null.
    pub fn find(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }

    /// The string under `key`.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.find(key).and_then(text)
    }

    /// The first key that stands there twice.
    pub fn repeated(&self) -> Option<&str> {
        let mut keys: Vec<&str> = self.0.iter().map(|(key, _)| key.as_ref()).collect();
        keys.sort_unstable();
        keys.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }
}

/// What a JSON string says; `None` if `raw` is none.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok().map(|Text(text)| text)
}

/// Reads an object. serde would also take a list for a struct, field by field: `None`.
pub fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

/// The elements of a list; `None` if `raw` is none.
pub fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A number, a truth value: what holds no text; `None` where it is of another kind.
pub fn plain<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Appends `value`.
pub fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing to memory cannot fail, and none of our values can be refused.
    serde_json::to_writer(out, value).unwrap_or_default();
}

/// An object under construction at the end of `out`.
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    pub fn open(out: &'o mut Vec<u8>) -> Object<'o> {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Starts one with `"type": kind`, as most objects of this dialect do.
    pub fn of(out: &'o mut Vec<u8>, kind: &str) -> Object<'o> {
        let mut object = Object::open(out);
        object.put("type", kind);
        object
    }

    pub fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> &mut Object<'o> {
        put(self.nest(key), value);
        self
    }

    pub fn put_some<T: Serialize>(&mut self, key: &str, value: Option<T>) -> &mut Object<'o> {
        if let Some(value) = value {
            self.put(key, &value);
        }
        self
    }

    /// Appends JSON that is already written.
    pub fn put_raw(&mut self, key: &str, json: &[u8]) -> &mut Object<'o> {
        self.nest(key).extend_from_slice(json);
        self
    }

    /// Appends entries that are already written, without braces around them.
    pub fn splice(&mut self, entries: &[u8]) -> &mut Object<'o> {
        if !std::mem::take(&mut self.empty) && !entries.is_empty() {
            self.out.push(b',');
        }
        self.out.extend_from_slice(entries);
        self
    }

    /// Appends a key; its value has to be written next.
    pub fn nest(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        put(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub fn close(self) {
        self.out.push(b'}');
    }
}

/// A list under construction at the end of `out`.
pub struct List<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> List<'o> {
    pub fn open(out: &'o mut Vec<u8>) -> List<'o> {
        out.push(b'[');
        List { out, empty: true }
    }

    /// Where the next element has to be written.
    pub fn item(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out
    }

    pub fn close(self) {
        self.out.push(b']');
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Members<'a>, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Text(key), raw)) = map.next_entry()? {
                    entries.push((key, raw));
                }
                Ok(Members(entries))
            }
        }
        reader.deserialize_map(Entries)
    }
}
