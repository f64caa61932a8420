//! What an account may use: rates, a number at once, and quotas over days and months.

use crate::config::Rate;
use std::collections::BTreeMap;

/// Rates of one thing over different periods, the shortest first: `1000/s` and `100000/day`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates([Option<Rate>; Rates::MOST]);

impl Rates {
    /// Seconds, minutes, hours and days: one of each.
    pub const MOST: usize = 4;

    pub const fn one(rate: Rate) -> Rates {
        Rates([Some(rate), None, None, None])
    }

    /// These and one more; `None` if there is one of its period already, or no room.
    pub fn and(self, rate: Rate) -> Option<Rates> {
        if self.iter().count() == Rates::MOST || self.iter().any(|other| other.per == rate.per) {
            return None;
        }
        let mut all: Vec<Rate> = self.iter().chain([rate]).collect();
        all.sort_by_key(|rate| rate.per);
        let mut rates = Rates::default();
        rates.0.iter_mut().zip(all).for_each(|(slot, rate)| *slot = Some(rate));
        Some(rates)
    }

    pub fn iter(&self) -> impl Iterator<Item = Rate> + '_ {
        self.0.iter().map_while(|rate| *rate)
    }

    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    Requests,
    Tokens,
    /// In nano-dollars.
    Cost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    Day,
    Month,
}

/// When a period begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// With the first use: 24 hours, or 30 days.
    Rolling,
    /// At midnight, or on the first of the month (UTC).
    #[default]
    Calendar,
}

/// An amount for a day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub unit: Unit,
    pub amount: u64,
    pub period: Period,
    pub window: Window,
    /// Warns and refuses nothing.
    pub soft: bool,
}

impl Quota {
    /// Whether the two are limits of the same counter.
    pub fn counts_with(&self, other: &Quota) -> bool {
        (self.unit, self.period, self.window) == (other.unit, other.period, other.window)
    }
}

/// What an account may use. Nothing said is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub requests: Rates,
    pub tokens: Rates,
    /// Requests under way at once.
    pub concurrent: Option<u32>,
    pub quotas: Vec<Quota>,
    /// A stream ends where a hard budget does, instead of being finished.
    pub cut_streams: bool,
}

/// What each key of a provider is allowed: its own bounds, and those of single models within them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyQuota {
    pub whole: Bounds,
    /// By the provider's own id of the model.
    pub models: BTreeMap<String, Bounds>,
}

impl Bounds {
    pub fn is_empty(&self) -> bool {
        *self == Bounds::default()
    }

    /// Whether streams are cut where its money ends.
    pub fn cuts_streams(&self) -> bool {
        self.cut_streams && self.has_hard_budget()
    }

    /// Whether an amount of money may not be passed.
    pub fn has_hard_budget(&self) -> bool {
        self.quotas.iter().any(|quota| quota.unit == Unit::Cost && !quota.soft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn per(amount: u64, seconds: u64) -> Rate {
        Rate { amount, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn rates_are_of_different_periods_the_shortest_first() {
        let rates = Rates::one(per(100, 60)).and(per(5, 1)).and_then(|rates| rates.and(per(1000, 3600)));
        let rates = rates.expect("three periods");
        assert_eq!(rates.iter().collect::<Vec<_>>(), [per(5, 1), per(100, 60), per(1000, 3600)]);
        assert_eq!(rates.and(per(7, 60)), None, "two answers to one question");
        let full = rates.and(per(1, 86_400)).expect("a fourth");
        assert_eq!(full.and(per(1, 2)), None, "a fifth has no room");
        assert!(Rates::default().is_empty() && !rates.is_empty());
    }
}
