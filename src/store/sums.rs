//! Sums of entries: what aggregates hold and reports say.

use crate::store::entry::Entry;
use crate::store::entry::Kind;
use crate::store::entry::PriceState;
use crate::store::values::MOST;
use serde::Serialize;
use std::ops::AddAssign;

/// Columns of the aggregates, in the order of [`Sums::numbers`].
pub(super) const SUMS: [&str; 15] = [
    "requests",
    "attempts",
    "errors",
    "hits",
    "refused",
    "unpriced",
    "input",
    "cached",
    "cache_write",
    "output",
    "reasoning",
    "cost",
    "latency_us",
    "ttft_us",
    "ttft_count",
];

/// What many entries come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub requests: u64,
    /// Calls to providers that requests took.
    pub attempts: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Requests that a cache answered.
    pub hits: u64,
    /// Requests that a limit refused.
    pub refused: u64,
    /// Entries that cost something nobody knows the price of.
    pub unpriced: u64,
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
    /// Nano-dollars.
    pub cost: u64,
    /// Of requests.
    pub latency_us: u64,
    pub ttft_us: u64,
    /// Requests that are in `ttft_us`.
    pub ttft_count: u64,
}

impl Sums {
    pub fn of<T: AsRef<str>>(entry: &Entry<T>) -> Sums {
        let is_request = entry.kind == Kind::Request;
        let of_request = |number: u64| if is_request { number } else { 0 };
        Sums {
            requests: u64::from(is_request),
            attempts: of_request(u64::from(entry.attempts)),
            errors: u64::from(entry.has_failed()),
            hits: u64::from(entry.is_hit()),
            refused: u64::from(entry.is_refused()),
            unpriced: u64::from(entry.price == PriceState::Unknown),
            input: entry.input.min(MOST),
            cached: entry.cached.min(MOST),
            cache_write: entry.cache_write.min(MOST),
            output: entry.output.min(MOST),
            reasoning: entry.reasoning.min(MOST),
            cost: entry.cost.min(MOST),
            latency_us: of_request(entry.latency_us.min(MOST)),
            ttft_us: of_request(entry.ttft_us.unwrap_or_default().min(MOST)),
            ttft_count: of_request(u64::from(entry.ttft_us.is_some())),
        }
    }

    pub(super) fn numbers(&self) -> [u64; SUMS.len()] {
        [
            self.requests,
            self.attempts,
            self.errors,
            self.hits,
            self.refused,
            self.unpriced,
            self.input,
            self.cached,
            self.cache_write,
            self.output,
            self.reasoning,
            self.cost,
            self.latency_us,
            self.ttft_us,
            self.ttft_count,
        ]
    }

    pub(super) fn from_numbers(numbers: [u64; SUMS.len()]) -> Sums {
        let [requests, attempts, errors, hits, refused, rest @ ..] = numbers;
        let [unpriced, tokens @ .., cost, latency_us, ttft_us, ttft_count] = rest;
        let [input, cached, cache_write, output, reasoning] = tokens;
        Sums {
            requests,
            attempts,
            errors,
            hits,
            refused,
            unpriced,
            input,
            cached,
            cache_write,
            output,
            reasoning,
            cost,
            latency_us,
            ttft_us,
            ttft_count,
        }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        let (mut numbers, others) = (self.numbers(), other.numbers());
        for (number, other) in numbers.iter_mut().zip(others) {
            *number = number.saturating_add(other).min(MOST);
        }
        *self = Sums::from_numbers(numbers);
    }
}

/// The sum of a column in SQL that ends at the largest number too.
///
/// Both servers refuse a sum that does not fit. So halves are added, which always do.
pub(super) fn total(column: &str) -> String {
    let high = format!("CAST(SUM({column} / 4294967296) AS BIGINT)");
    let low = format!("CAST(SUM({column} % 4294967296) AS BIGINT)");
    format!(
        "COALESCE(CASE WHEN {high} + {low} / 4294967296 > 2147483647 THEN {MOST} \
         ELSE {high} * 4294967296 + {low} END, 0)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_where_they_were() {
        let numbers = std::array::from_fn(|index| index as u64 + 1);
        assert_eq!(Sums::from_numbers(numbers).numbers(), numbers);
        let sums = Sums { requests: 1, cost: 11, ttft_count: 14, ..Sums::default() };
        for (column, number) in [("requests", 1), ("cost", 11), ("ttft_count", 14)] {
            let place = SUMS.iter().position(|name| *name == column).unwrap();
            assert_eq!(sums.numbers()[place], number, "{column}");
        }
    }

    #[test]
    fn a_sum_never_wraps() {
        let mut sums = Sums::of(&Entry { cost: u64::MAX, ..Entry::<&str>::default() });
        sums += sums;
        assert_eq!((sums.cost, sums.requests), (MOST, 2));
    }

    #[test]
    fn an_attempt_is_no_request() {
        let failed = Entry {
            kind: Kind::Attempt,
            error: "reset",
            cost: 5,
            latency_us: 9,
            ttft_us: Some(1),
            ..Entry::default()
        };
        assert_eq!(Sums::of(&failed), Sums { cost: 5, ..Sums::default() });
    }
}
