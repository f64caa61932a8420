//! One line of the ledger: what a request, or one more attempt of it, cost and how it went.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use std::fmt;
use std::str::FromStr;

/// A request, or an attempt of it that cost something without answering it. Never a prompt or an answer.
///
/// Tokens and costs stand in exactly one entry: those of the call that answered in the entry of the request,
/// those of a failed call in the entry of that attempt. So sums over all entries are true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub id: EntryId,
    #[serde(rename = "k")]
    pub kind: Kind,
    /// Milliseconds since 1970.
    pub at: u64,
    #[serde(rename = "rid", skip_serializing_if = "is_default")]
    pub request_id: String,
    /// Id; empty for a key without one.
    #[serde(rename = "tn", skip_serializing_if = "is_default")]
    pub tenant: String,
    /// Id.
    #[serde(rename = "key", skip_serializing_if = "is_default")]
    pub key: String,
    #[serde(rename = "usr", skip_serializing_if = "is_default")]
    pub end_user: String,
    #[serde(rename = "op", skip_serializing_if = "is_default")]
    pub operation: String,
    #[serde(rename = "pv", skip_serializing_if = "is_default")]
    pub provider: String,
    /// The public name.
    #[serde(rename = "ma", skip_serializing_if = "is_default")]
    pub model_asked: String,
    /// The provider's name for it.
    #[serde(rename = "ms", skip_serializing_if = "is_default")]
    pub model_served: String,
    #[serde(rename = "sse", skip_serializing_if = "is_default")]
    pub stream: bool,
    #[serde(rename = "st", skip_serializing_if = "is_default")]
    pub status: u16,
    /// The kind of error; empty for none.
    #[serde(rename = "err", skip_serializing_if = "is_default")]
    pub error: String,
    /// The whole prompt, `cached` and `cache_write` included.
    #[serde(rename = "in", skip_serializing_if = "is_default")]
    pub input: u64,
    #[serde(rename = "cr", skip_serializing_if = "is_default")]
    pub cached: u64,
    #[serde(rename = "cw", skip_serializing_if = "is_default")]
    pub cache_write: u64,
    /// The whole answer, `reasoning` included.
    #[serde(rename = "out", skip_serializing_if = "is_default")]
    pub output: u64,
    #[serde(rename = "rs", skip_serializing_if = "is_default")]
    pub reasoning: u64,
    #[serde(rename = "cnt")]
    pub counted: Counted,
    /// Nano-dollars.
    #[serde(rename = "usd", skip_serializing_if = "is_default")]
    pub cost: u64,
    #[serde(rename = "pr")]
    pub price: PriceState,
    #[serde(rename = "lat", skip_serializing_if = "is_default")]
    pub latency_us: u64,
    #[serde(rename = "ttft", skip_serializing_if = "is_default")]
    pub ttft_us: Option<u64>,
    /// As in the log: `hit`, `semantic`, `miss`, `bypass`; empty where no cache was asked.
    #[serde(rename = "ca", skip_serializing_if = "is_default")]
    pub cache: String,
    /// Calls to providers that the request took.
    #[serde(rename = "n", skip_serializing_if = "is_default")]
    pub attempts: u16,
}

impl Entry {
    /// Whether it is a request that a cache answered.
    pub fn is_hit(&self) -> bool {
        self.kind == Kind::Request && ["hit", "semantic"].contains(&self.cache.as_str())
    }

    /// Whether it is a request that one of our limits refused: a provider's own 429 took a call.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Request && self.status == 429 && self.attempts == 0
    }

    /// Whether it is a request that failed.
    pub fn has_failed(&self) -> bool {
        self.kind == Kind::Request && !self.error.is_empty()
    }
}

/// The boot id of a process (64 random bits), then a number that it counts up: no two entries have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u128);

impl EntryId {
    pub fn new(boot: u64, sequence: u64) -> EntryId {
        EntryId(u128::from(boot) << 64 | u128::from(sequence))
    }
}

/// 32 hexadecimal signs, so that ids of one process sort by age.
impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for EntryId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<EntryId, NotAnId> {
        let plain = text.len() == 32 && text.bytes().all(|sign| sign.is_ascii_hexdigit());
        let id = plain.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        id.map(EntryId).ok_or(NotAnId)
    }
}

/// A text that is no id of an entry.
#[derive(Debug, thiserror::Error)]
#[error("an id of an entry has 32 hexadecimal signs")]
pub struct NotAnId;

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<EntryId, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Request,
    /// A call that cost something and did not answer the request.
    Attempt,
}

/// Where the numbers of tokens are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// From the provider.
    Told,
    /// From us, as the provider said nothing.
    Guessed,
    #[default]
    None,
}

/// What is known of the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceState {
    Known,
    Free,
    /// The cost is not 0, but nobody knows what it is.
    Unknown,
    /// Nothing was used.
    #[default]
    Nothing,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Request, Kind::Attempt];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Request => "request",
            Kind::Attempt => "attempt",
        }
    }
}

impl Counted {
    pub const ALL: [Counted; 3] = [Counted::Told, Counted::Guessed, Counted::None];

    pub fn word(self) -> &'static str {
        match self {
            Counted::Told => "told",
            Counted::Guessed => "guessed",
            Counted::None => "none",
        }
    }
}

impl PriceState {
    pub const ALL: [PriceState; 4] =
        [PriceState::Known, PriceState::Free, PriceState::Unknown, PriceState::Nothing];

    pub fn word(self) -> &'static str {
        match self {
            PriceState::Known => "known",
            PriceState::Free => "free",
            PriceState::Unknown => "unknown",
            PriceState::Nothing => "nothing",
        }
    }
}

/// What is usual is not written: a line of the spool is short.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_written_form() {
        let full = Entry {
            id: EntryId::new(u64::MAX, 7),
            kind: Kind::Attempt,
            at: u64::MAX,
            end_user: "ü\0\n".to_owned(),
            ttft_us: Some(0),
            counted: Counted::Guessed,
            price: PriceState::Unknown,
            ..Entry::default()
        };
        for entry in [full, Entry::default()] {
            let line = serde_json::to_string(&entry).unwrap();
            assert!(!line.contains('\n'), "{line}");
            assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
        }
    }

    #[test]
    fn an_id_is_32_hexadecimal_signs() {
        let id = EntryId::new(1, 255);
        assert_eq!(id.to_string(), "000000000000000100000000000000ff");
        assert_eq!(id.to_string().parse::<EntryId>().unwrap(), id);
        for bad in ["", "ff", "+00000000000000100000000000000ff", "g00000000000000100000000000000ff"] {
            assert!(bad.parse::<EntryId>().is_err(), "{bad}");
        }
    }
}
