//! Money as an integer: nano-dollars (1 USD = 1,000,000,000).

use std::fmt;
use std::ops::{Add, AddAssign};

/// An amount in nano-dollars. Sums saturate: a bill never wraps round to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub u64);

impl Money {
    pub const ZERO: Money = Money(0);

    /// Dollars as people write them: digits and at most nine decimals; `None` is anything else, or too much.
    pub fn read(dollars: &str) -> Option<Money> {
        let (whole, decimals) = dollars.split_once('.').unwrap_or((dollars, ""));
        let missing = 9_usize.checked_sub(decimals.len())?;
        let digits = [whole, decimals, &"0".repeat(missing)].concat();
        let plain = !whole.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Money)).flatten()
    }

    /// For metrics, which count in dollars.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

/// Dollars with nine decimals, trailing zeros cut, no sign: `0.00123`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if nanos == 0 {
            return write!(f, "{dollars}");
        }
        let (mut decimals, mut width) = (nanos, 9);
        while decimals % 10 == 0 {
            (decimals, width) = (decimals / 10, width - 1);
        }
        write!(f, "{dollars}.{decimals:0width$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dollars_without_trailing_zeros() {
        for (nanos, text) in [(0, "0"), (1_500_000_000, "1.5"), (1_230_000, "0.00123"), (7, "0.000000007")] {
            assert_eq!(Money(nanos).to_string(), text);
        }
    }

    #[test]
    fn dollars_are_read_to_the_last_digit() {
        for (text, nanos) in
            [("0.171875", 171_875_000), ("15", 15_000_000_000), ("0.000000001", 1), ("3.", 3_000_000_000)]
        {
            assert_eq!(Money::read(text), Some(Money(nanos)), "{text}");
        }
        for bad in ["", ".5", "-1", "+1", "1e-3", "0.1234567891", "99999999999", "1.2.3", "1_000"] {
            assert_eq!(Money::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sum_never_wraps() {
        assert_eq!(Money(u64::MAX) + Money(1), Money(u64::MAX));
    }
}
