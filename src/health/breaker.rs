//! A circuit breaker: closed, open for a while, then half-open for one probe at a time.

use std::time::{Duration, Instant};

/// Whether a provider is fit to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Healthy,
    /// Was out; may take one trial request.
    Probe,
    /// To be left alone, unless nobody else is left.
    Out,
}

/// What an outcome changed, for the one line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Unhealthy,
    Recovered,
}

/// Consecutive failures open it; after a pause one probe decides whether it closes or stays open.
///
/// `now` is passed in, so tests move time by hand.
#[derive(Debug)]
pub struct Breaker {
    state: State,
    /// How long it stays open, as told with the failure that opened it.
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// Half-open, and the probe is under way. One that never tells how it went is given up at `expires`.
    Probing {
        since: Instant,
        expires: Instant,
    },
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker::new()
    }
}

impl Breaker {
    pub fn new() -> Breaker {
        Breaker { state: State::Closed { failures: 0 }, pause: Duration::ZERO }
    }

    pub fn standing(&self, now: Instant) -> Standing {
        match self.state {
            State::Closed { .. } => Standing::Healthy,
            State::Open { until: back } | State::Probing { expires: back, .. } if now < back => Standing::Out,
            State::Open { .. } | State::Probing { .. } => Standing::Probe,
        }
    }

    /// Lets a request through: always while closed; half-open only as the one probe, whose slot it takes.
    pub fn admit(&mut self, now: Instant) -> bool {
        match self.standing(now) {
            Standing::Healthy => true,
            Standing::Probe => {
                self.state = State::Probing { since: now, expires: now + self.pause };
                true
            }
            Standing::Out => false,
        }
    }

    /// A request was answered. It ends a row of failures, or the probe.
    ///
    /// While open it says nothing: the request was admitted before the failures that opened the breaker,
    /// or was sent as a last resort, and the probe will tell soon enough. While a probe is under way any
    /// success counts as its own: the provider has just answered.
    pub fn succeed(&mut self, _now: Instant) -> Option<Change> {
        match self.state {
            State::Closed { .. } => {
                self.state = State::Closed { failures: 0 };
                None
            }
            State::Open { .. } => None,
            State::Probing { .. } => {
                self.state = State::Closed { failures: 0 };
                Some(Change::Recovered)
            }
        }
    }

    /// A request failed by the provider's fault. `unhealthy_after` such failures in a row open the breaker
    /// for `unhealthy_for`; a failed probe opens it anew; a straggler's failure while open changes nothing.
    pub fn fail(&mut self, now: Instant, unhealthy_after: u32, unhealthy_for: Duration) -> Option<Change> {
        match self.state {
            State::Closed { failures } if failures + 1 < unhealthy_after => {
                self.state = State::Closed { failures: failures + 1 };
                None
            }
            State::Closed { .. } => {
                self.open(now, unhealthy_for);
                Some(Change::Unhealthy)
            }
            State::Open { .. } => None,
            State::Probing { .. } => {
                self.open(now, unhealthy_for);
                None
            }
        }
    }

    /// An admitted request told nothing (its client left, it was the caller's fault, or too fast):
    /// the slot of the probe is free again at once.
    pub fn forget(&mut self) {
        match self.state {
            State::Probing { since, .. } => self.state = State::Open { until: since },
            State::Closed { .. } | State::Open { .. } => {}
        }
    }

    fn open(&mut self, now: Instant, pause: Duration) {
        self.state = State::Open { until: now + pause };
        self.pause = pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..3 {
            breaker.fail(now, 3, PAUSE);
        }
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        for _ in 0..5 {
            assert_eq!(breaker.fail(now, 3, PAUSE), None);
            assert_eq!(breaker.fail(now, 3, PAUSE), None);
            assert_eq!(breaker.succeed(now), None);
        }
        assert_eq!(breaker.standing(now), Standing::Healthy);
        assert_eq!(opened(now).standing(now), Standing::Out);
    }

    #[test]
    fn each_change_is_told_once() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        let told: Vec<_> = (0..5).map(|_| breaker.fail(now, 3, PAUSE)).collect();
        assert_eq!(told, [None, None, Some(Change::Unhealthy), None, None]);
        assert!(breaker.admit(now + PAUSE));
        assert_eq!(breaker.fail(now + PAUSE, 3, PAUSE), None, "it was unhealthy and still is");
        assert!(breaker.admit(now + PAUSE * 2));
        assert_eq!(breaker.succeed(now + PAUSE * 2), Some(Change::Recovered));
        assert_eq!(breaker.succeed(now + PAUSE * 2), None);
    }

    #[test]
    fn after_the_pause_one_probe_goes_through() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(!breaker.admit(now + PAUSE - Duration::from_nanos(1)));
        let later = now + PAUSE;
        assert_eq!(breaker.standing(later), Standing::Probe);
        assert!(breaker.admit(later), "the first is the probe");
        assert!(!breaker.admit(later), "the second has to wait for it");
        assert_eq!(breaker.standing(later), Standing::Out);
    }

    #[test]
    fn a_failed_probe_starts_the_pause_anew() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.admit(now + PAUSE);
        breaker.fail(now + PAUSE, 3, PAUSE);
        assert_eq!(breaker.standing(now + PAUSE * 2 - Duration::from_nanos(1)), Standing::Out);
        assert_eq!(breaker.standing(now + PAUSE * 2), Standing::Probe);
    }

    #[test]
    fn a_straggler_neither_closes_nor_prolongs_an_open_breaker() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.succeed(now), None);
        assert_eq!(breaker.standing(now), Standing::Out);
        breaker.fail(now + PAUSE / 2, 3, PAUSE);
        assert_eq!(breaker.standing(now + PAUSE), Standing::Probe);
    }

    #[test]
    fn a_probe_that_told_nothing_gives_its_slot_back() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(breaker.admit(now + PAUSE));
        breaker.forget();
        assert!(breaker.admit(now + PAUSE), "the slot is free at once");
        assert_eq!(breaker.standing(now + PAUSE * 2), Standing::Probe, "a lost probe frees it after a pause");
        assert!(breaker.admit(now + PAUSE * 2));
    }

    #[test]
    fn forgetting_a_plain_request_changes_nothing() {
        let now = Instant::now();
        let mut closed = Breaker::new();
        closed.fail(now, 2, PAUSE);
        closed.forget();
        assert_eq!(closed.fail(now, 2, PAUSE), Some(Change::Unhealthy), "the row of failures goes on");
        closed.forget();
        assert_eq!(closed.standing(now), Standing::Out);
    }

    #[test]
    fn a_threshold_of_zero_or_one_opens_at_the_first_failure() {
        let now = Instant::now();
        for threshold in [0, 1] {
            assert_eq!(Breaker::new().fail(now, threshold, PAUSE), Some(Change::Unhealthy));
        }
    }
}
