//! JSON as canonical bytes: two texts give the same bytes exactly when they say the same.
//!
//! Every value opens with a sign of its kind; strings carry their length, lists and objects an end sign, so no
//! two values share an encoding and none is a prefix of another. Object entries stand sorted by key.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// Deeper bodies are no chat requests; the bound keeps the stack small.
const MAX_DEPTH: u8 = 64;

/// From here on neighbouring integers share one f64.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// The canonical bytes of a JSON object without its `left_out` top-level entries. `None`: not one JSON object,
/// nested deeper than 64, a key given twice, or an integer that no 64 bits hold.
pub fn object(json: &[u8], left_out: &[&str]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len() + json.len() / 4 + 64);
    let mut reader = serde_json::Deserializer::from_slice(json);
    Value { out: &mut out, depth: 0, left_out }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    (out.first() == Some(&b'{')).then_some(out)
}

/// Writes the value it reads.
struct Value<'o> {
    out: &'o mut Vec<u8>,
    depth: u8,
    left_out: &'o [&'o str],
}

/// One entry of an object, as it lies in the output: its key, then its value up to `end`.
struct Entry {
    key: Range<usize>,
    end: usize,
    counts: bool,
}

impl Value<'_> {
    fn inner(&mut self) -> Value<'_> {
        Value { out: self.out, depth: self.depth + 1, left_out: &[] }
    }

    fn enter<E: Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH { Ok(()) } else { Err(E::custom("nested too deep")) }
    }

    fn write_eight(self, kind: u8, bytes: [u8; 8]) {
        self.out.push(kind);
        self.out.extend_from_slice(&bytes);
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.out.push(b'n');
        Ok(())
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<(), E> {
        self.out.push(if yes { b't' } else { b'f' });
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.write_eight(b'u', number.to_le_bytes());
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.write_eight(b'i', number.to_le_bytes());
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // An integer too wide for 64 bits arrives here too, rounded.
        if number.abs() >= EXACT_BELOW {
            return Err(E::custom("number loses precision"));
        }
        self.write_eight(b'd', number.to_bits().to_le_bytes());
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.out.push(b's');
        write_text(self.out, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.enter()?;
        self.out.push(b'[');
        while list.next_element_seed(self.inner())?.is_some() {}
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.enter()?;
        self.out.push(b'{');
        let start = self.out.len();
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Key(self.out))? {
            let counts = !is_one_of(self.left_out, &self.out[key.clone()]);
            map.next_value_seed(self.inner())?;
            entries.push(Entry { key, end: self.out.len(), counts });
        }
        settle(self.out, start, entries).map_err(A::Error::custom)?;
        self.out.push(b'}');
        Ok(())
    }
}

/// Writes an object's key and says where it lies, its length included.
struct Key<'o>(&'o mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Range<usize>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Range<usize>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Range<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Range<usize>, E> {
        let start = self.0.len();
        write_text(self.0, text);
        Ok(start..self.0.len())
    }
}

const LENGTH: usize = size_of::<u64>();

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn is_one_of(words: &[&str], key: &[u8]) -> bool {
    key.get(LENGTH..).is_some_and(|key| words.iter().any(|word| word.as_bytes() == key))
}

/// Sorts the entries that lie in `out` from `start` on, and takes out those that do not count.
fn settle(out: &mut Vec<u8>, start: usize, mut entries: Vec<Entry>) -> Result<(), &'static str> {
    let in_order = entries.is_sorted_by(|a, b| out[a.key.clone()] < out[b.key.clone()]);
    if in_order && entries.iter().all(|entry| entry.counts) {
        return Ok(());
    }
    entries.sort_unstable_by(|a, b| out[a.key.clone()].cmp(&out[b.key.clone()]));
    if entries.windows(2).any(|pair| out[pair[0].key.clone()] == out[pair[1].key.clone()]) {
        return Err("a key is given twice");
    }
    let mut sorted = Vec::with_capacity(out.len() - start);
    for entry in entries.iter().filter(|entry| entry.counts) {
        sorted.extend_from_slice(&out[entry.key.start..entry.end]);
    }
    out.truncate(start);
    out.extend_from_slice(&sorted);
    Ok(())
}
