//! One line of the ledger: what a request, or one more attempt of it, cost and how it went.

use std::fmt;
use std::str::FromStr;

/// A request, or an attempt of it that cost something without answering it. Never a prompt or an answer.
///
/// Tokens and costs stand in exactly one entry: those of the call that answered in the entry of the request,
/// those of a failed call in the entry of that attempt. So sums over all entries are true.
///
/// Its texts are owned, or borrowed from what it was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<T = String> {
    pub id: EntryId,
    pub kind: Kind,
    /// Milliseconds since 1970.
    pub at: u64,
    pub request_id: T,
    /// Id; empty for a key without one.
    pub tenant: T,
    /// Id.
    pub key: T,
    pub end_user: T,
    pub operation: T,
    pub provider: T,
    /// The public name.
    pub model_asked: T,
    /// The provider's name for it.
    pub model_served: T,
    pub stream: bool,
    pub status: u16,
    /// The kind of error; empty for none.
    pub error: T,
    /// The whole prompt, `cached` and `cache_write` included.
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    /// The whole answer, `reasoning` included.
    pub output: u64,
    pub reasoning: u64,
    pub counted: Counted,
    /// Nano-dollars.
    pub cost: u64,
    pub price: PriceState,
    pub latency_us: u64,
    pub ttft_us: Option<u64>,
    /// As in the log: `hit`, `semantic`, `miss`, `bypass`; empty where no cache was asked.
    pub cache: T,
    /// Calls to providers that the request took.
    pub attempts: u16,
}

impl<T: AsRef<str>> Entry<T> {
    /// Whether it is a request that a cache answered.
    pub fn is_hit(&self) -> bool {
        self.kind == Kind::Request && self.is_from_cache()
    }

    /// Whether it is a request that one of our limits refused: a provider's own 429 took a call.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Request && !self.is_from_cache() && self.status == 429 && self.attempts == 0
    }

    /// Whether it is a request that failed.
    pub fn has_failed(&self) -> bool {
        self.kind == Kind::Request && !self.error.as_ref().is_empty()
    }

    /// Whether it counts against quotas.
    pub fn is_use(&self) -> bool {
        let was_refused = self.status == 429 && self.attempts == 0;
        !was_refused && !self.is_from_cache()
    }

    /// The public name that was asked for, where it may mean something. What we refused ourselves may have been asked
    /// of any name, of which there is no end.
    pub fn known_model(&self) -> &str {
        match self.attempts == 0 && (400..499).contains(&self.status) {
            true => "",
            false => self.model_asked.as_ref(),
        }
    }

    /// With texts of its own.
    pub fn owned(&self) -> Entry {
        let text = |text: &T| text.as_ref().to_owned();
        Entry {
            id: self.id,
            kind: self.kind,
            at: self.at,
            request_id: text(&self.request_id),
            tenant: text(&self.tenant),
            key: text(&self.key),
            end_user: text(&self.end_user),
            operation: text(&self.operation),
            provider: text(&self.provider),
            model_asked: text(&self.model_asked),
            model_served: text(&self.model_served),
            stream: self.stream,
            status: self.status,
            error: text(&self.error),
            input: self.input,
            cached: self.cached,
            cache_write: self.cache_write,
            output: self.output,
            reasoning: self.reasoning,
            counted: self.counted,
            cost: self.cost,
            price: self.price,
            latency_us: self.latency_us,
            ttft_us: self.ttft_us,
            cache: text(&self.cache),
            attempts: self.attempts,
        }
    }

    fn is_from_cache(&self) -> bool {
        ["hit", "semantic"].contains(&self.cache.as_ref())
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

/// What an entry is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Request,
    /// A call that cost something and did not answer the request.
    Attempt,
}

/// Where the numbers of tokens are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// From the provider.
    Told,
    /// From us, as the provider said nothing.
    Guessed,
    #[default]
    None,
}

/// What is known of the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// In the order in which they are declared.
    pub const ALL: [Kind; 2] = [Kind::Request, Kind::Attempt];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Request => "request",
            Kind::Attempt => "attempt",
        }
    }
}

impl Counted {
    /// In the order in which they are declared.
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
    /// In the order in which they are declared.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_the_order_in_which_they_are_written() {
        assert!(Kind::ALL.into_iter().zip(0..).all(|(kind, place)| kind as usize == place));
        assert!(Counted::ALL.into_iter().zip(0..).all(|(counted, place)| counted as usize == place));
        assert!(PriceState::ALL.into_iter().zip(0..).all(|(price, place)| price as usize == place));
    }

    #[test]
    fn a_name_is_known_where_more_than_a_refusal_came_of_it() {
        let asked = |status, attempts| Entry { model_asked: "m", status, attempts, ..Entry::default() };
        for (status, attempts) in [(200, 0), (404, 1), (429, 1), (499, 0), (503, 0)] {
            assert_eq!(asked(status, attempts).known_model(), "m", "{status}");
        }
        for status in [400, 404, 429] {
            assert_eq!(asked(status, 0).known_model(), "", "{status}");
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
