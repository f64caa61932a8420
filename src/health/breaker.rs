//! A circuit breaker: closed, open for a while, then half-open for one probe at a time.

#[cfg(test)]
mod tests;

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
