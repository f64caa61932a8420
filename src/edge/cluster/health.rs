//! Whether a server is in rotation, by what came of requests and checks.

use crate::config::edge::Check;
use crate::config::edge::Eject;
use std::time::Duration;
use std::time::Instant;

/// The whole share of a server, in thousandths.
pub const WHOLE: u64 = 1000;
/// What a server gets that has just come.
const FIRST: u64 = WHOLE / 10;

/// What is known of one server.
#[derive(Debug, Default)]
pub struct Health {
    /// Requests in a row.
    pub failures: u32,
    ejected: Option<Ejection>,
    /// Checks say so.
    down: bool,
    /// Checks in a row that say otherwise.
    contrary: u32,
    /// When it came, or comes back.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Ejection {
    at: Instant,
    until: Instant,
}

/// How a server stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Healthy,
    /// For so long.
    Ejected(Duration),
    Down,
}

/// What one more observation makes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was ejected by requests, for the first time since it was well.
    Ejected,
    /// It had its time, and failed again.
    EjectedAgain,
    /// Checks take it out.
    WentDown,
    Recovered,
}

impl Health {
    /// Of a server that joins others at this moment.
    pub fn joining(since: Option<Instant>) -> Health {
        Health { since, ..Health::default() }
    }

    pub fn condition(&self, now: Instant) -> Condition {
        match &self.ejected {
            _ if self.down => Condition::Down,
            Some(ejection) if ejection.until > now => Condition::Ejected(ejection.until - now),
            Some(_) | None => Condition::Healthy,
        }
    }

    pub fn is_up(&self, now: Instant) -> bool {
        !self.down && self.ejected.as_ref().is_none_or(|ejection| ejection.until <= now)
    }

    /// What part of its weight a server has, in thousandths: it grows evenly over the time of a slow start.
    pub fn share(&self, now: Instant, slow_start: Option<Duration>) -> u64 {
        let (Some(over), Some(since)) = (slow_start, self.since) else { return WHOLE };
        let run = now.saturating_duration_since(since);
        if run >= over {
            return WHOLE;
        }
        FIRST + (run.as_secs_f64() / over.as_secs_f64() * (WHOLE - FIRST) as f64) as u64
    }

    /// A request that began then was answered well.
    pub fn succeeded(&mut self, began: Instant, now: Instant) -> Option<Change> {
        if self.is_stale(began) {
            return None;
        }
        self.failures = 0;
        let ejection = self.ejected.take()?;
        self.since = Some(ejection.until.min(now));
        Some(Change::Recovered)
    }

    /// A request that began then was not. After its time a server has one try: the failures before count on.
    /// `is_last`: nobody would be left, and a bad server is better than none.
    pub fn failed(&mut self, began: Instant, now: Instant, eject: Eject, is_last: bool) -> Option<Change> {
        if self.is_stale(began) {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures < eject.after || is_last {
            return None;
        }
        let until = now + eject.period;
        self.since = Some(until);
        match self.ejected.replace(Ejection { at: now, until }) {
            None => Some(Change::Ejected),
            Some(_) => Some(Change::EjectedAgain),
        }
    }

    /// What an active check found.
    pub fn checked(&mut self, good: bool, check: &Check, now: Instant) -> Option<Change> {
        if good != self.down {
            self.contrary = 0;
            return None;
        }
        self.contrary += 1;
        if self.contrary < if good { check.rise } else { check.fall } {
            return None;
        }
        (self.contrary, self.down) = (0, !good);
        if good {
            self.since = Some(now);
        }
        Some(if good { Change::Recovered } else { Change::WentDown })
    }

    /// What nobody watches any more cannot keep a server out.
    pub fn forgive(&mut self, checks: bool, ejects: bool) {
        self.down &= checks;
        if !ejects {
            (self.ejected, self.failures) = (None, 0);
        }
    }

    /// What began before an ejection tells nothing about the time after it.
    fn is_stale(&self, began: Instant) -> bool {
        self.ejected.as_ref().is_some_and(|ejection| began < ejection.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::config::edge::Probe;

    const EJECT: Eject = Eject { after: 3, period: Duration::from_secs(10) };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn failures_in_a_row_eject_and_one_success_brings_back() {
        let (mut health, now) = (Health::default(), clock::now());
        for _ in 0..2 {
            assert_eq!(health.failed(now, now, EJECT, false), None);
        }
        health.succeeded(now, now);
        for _ in 0..2 {
            assert_eq!(health.failed(now, now, EJECT, false), None, "they were not in a row");
        }
        assert_eq!(health.failed(now, now, EJECT, false), Some(Change::Ejected));
        assert_eq!(health.condition(now + seconds(4)), Condition::Ejected(seconds(6)));
        assert_eq!(health.condition(now + seconds(10)), Condition::Healthy);
        let later = now + seconds(10);
        assert_eq!(health.failed(later, later, EJECT, false), Some(Change::EjectedAgain), "one try");
        let later = now + seconds(20);
        assert_eq!(health.succeeded(later, later), Some(Change::Recovered));
        assert_eq!(health.failed(later, later, EJECT, false), None);
    }

    #[test]
    fn the_last_one_stays_and_what_began_before_an_ejection_changes_nothing() {
        let (mut health, now) = (Health::default(), clock::now());
        for _ in 0..9 {
            assert_eq!(health.failed(now, now, EJECT, true), None);
        }
        let later = now + seconds(1);
        assert_eq!(health.failed(now, later, EJECT, false), Some(Change::Ejected));
        assert_eq!(health.succeeded(now, later), None, "it began before");
        assert_eq!(health.failed(now, later, EJECT, false), None);
        assert_eq!(health.succeeded(later, later), Some(Change::Recovered), "asked as all were out");
    }

    #[test]
    fn checks_in_a_row_take_out_and_bring_back() {
        let (mut health, now) = (Health::default(), clock::now());
        let check = Check { probe: Probe::Tcp, interval: seconds(1), timeout: seconds(1), rise: 2, fall: 3 };
        let mut see = |good| health.checked(good, &check, now);
        assert_eq!([see(false), see(false), see(true)], [None; 3]);
        assert_eq!([see(false), see(false), see(false)], [None, None, Some(Change::WentDown)]);
        assert_eq!([see(true), see(false), see(true)], [None; 3]);
        assert_eq!(see(true), Some(Change::Recovered));
    }

    #[test]
    fn a_share_grows_evenly_from_a_tenth() {
        let now = clock::now();
        let health = Health::joining(Some(now));
        let share = |after| health.share(now + seconds(after), Some(seconds(100)));
        assert_eq!([share(0), share(50), share(100), share(500)], [100, 550, 1000, 1000]);
        assert_eq!(health.share(now, None), 1000);
        assert_eq!(Health::default().share(now, Some(seconds(100))), 1000);
    }
}
