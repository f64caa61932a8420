//! The label values that are ours: fixed sets, so that their number is known.

use crate::dialect::operation::Operation as Asked;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Of a provider.
    Asked(Asked),
    Models,
    Other,
}

impl Operation {
    pub const COUNT: usize = Asked::ALL.len() + 2;

    /// Its place among all of them.
    pub fn index(self) -> usize {
        match self {
            Operation::Asked(asked) => asked as usize,
            Operation::Models => Asked::ALL.len(),
            Operation::Other => Asked::ALL.len() + 1,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Operation::Asked(asked) => asked.word(),
            Operation::Models => "models",
            Operation::Other => "other",
        }
    }
}

/// What the cache had to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheResult {
    Hit,
    Miss,
    Bypass,
}

impl CacheResult {
    pub const ALL: [CacheResult; 3] = [CacheResult::Hit, CacheResult::Miss, CacheResult::Bypass];

    pub fn word(self) -> &'static str {
        match self {
            CacheResult::Hit => "hit",
            CacheResult::Miss => "miss",
            CacheResult::Bypass => "bypass",
        }
    }
}

/// Statuses that are told apart; any other counts for its class. The commonest stands first.
const EXACT: [u16; 16] = [200, 400, 401, 402, 403, 404, 408, 413, 422, 429, 499, 500, 502, 503, 504, 529];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The class of a status as a label.
pub(super) fn class(status: u16) -> &'static str {
    CLASSES[usize::from(status / 100).clamp(1, CLASSES.len()) - 1]
}

/// A status as a label: one of a fixed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(usize);

impl Code {
    pub(super) const COUNT: usize = EXACT.len() + CLASSES.len();

    pub(super) fn of(status: u16) -> Code {
        let class = usize::from(status / 100).clamp(1, CLASSES.len());
        Code(EXACT.iter().position(|code| *code == status).unwrap_or(EXACT.len() + class - 1))
    }

    /// Below [`Code::COUNT`].
    pub(super) fn index(self) -> usize {
        self.0
    }

    pub(super) fn word(self) -> String {
        match EXACT.get(self.0) {
            Some(status) => status.to_string(),
            None => CLASSES[self.0 - EXACT.len()].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_code_of_the_fixed_set() {
        for status in 0..=u16::MAX {
            assert!(Code::of(status).index() < Code::COUNT, "{status}");
        }
    }

    #[test]
    fn a_rare_status_counts_for_its_class() {
        for (status, word) in
            [(200, "200"), (204, "2xx"), (307, "3xx"), (418, "4xx"), (429, "429"), (501, "5xx"), (529, "529")]
        {
            assert_eq!(Code::of(status).word(), word);
        }
    }

    #[test]
    fn the_tables_stand_in_the_order_of_their_enums() {
        for (index, operation) in Asked::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, index);
        }
        for (index, result) in CacheResult::ALL.into_iter().enumerate() {
            assert_eq!(result as usize, index);
        }
    }
}
