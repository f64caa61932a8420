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

/// Leave to send a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Pass {
    /// Nothing hangs on it.
    Plain,
    /// It is the probe; the number tells it from others before and after it.
    Probe(u64),
}

/// Consecutive failures open it; after a pause one probe decides whether it closes or stays open.
///
/// `now` is passed in, so tests move time by hand.
#[derive(Debug)]
pub struct Breaker {
    state: State,
    /// How long it stays open, as told with the failure that opened it.
    pause: Duration,
    /// How many probes there were: the number of the last one.
    probes: u64,
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
        Breaker { state: State::Closed { failures: 0 }, pause: Duration::ZERO, probes: 0 }
    }

    pub fn standing(&self, now: Instant) -> Standing {
        match self.state {
            State::Closed { .. } => Standing::Healthy,
            State::Open { until: back } | State::Probing { expires: back, .. } if now < back => Standing::Out,
            State::Open { .. } | State::Probing { .. } => Standing::Probe,
        }
    }

    /// Lets a request through: always while closed; half-open only as the one probe, whose slot it takes.
    pub fn admit(&mut self, now: Instant) -> Option<Pass> {
        match self.standing(now) {
            Standing::Healthy => Some(Pass::Plain),
            Standing::Probe => {
                self.state = State::Probing { since: now, expires: now + self.pause };
                self.probes += 1;
                Some(Pass::Probe(self.probes))
            }
            Standing::Out => None,
        }
    }

    /// The first content of a stream has come, which is all a probe is to find out. A row of failures goes
    /// on until an answer is complete: a provider that breaks off each of its streams is not well.
    pub fn begin(&mut self) -> Option<Change> {
        match self.state {
            State::Closed { .. } | State::Open { .. } => None,
            State::Probing { .. } => self.close(),
        }
    }

    /// A request was answered to the end. That ends a row of failures, or the probe.
    ///
    /// While open it says nothing: the request was admitted before the failures that opened the breaker,
    /// or was sent as a last resort, and the probe will tell soon enough. While a probe is under way any
    /// success counts as its own: the provider has just answered.
    pub fn succeed(&mut self) -> Option<Change> {
        match self.state {
            State::Closed { .. } => {
                self.state = State::Closed { failures: 0 };
                None
            }
            State::Open { .. } => None,
            State::Probing { .. } => self.close(),
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

    /// A probe is over. If it told nothing (its client left, it was the caller's fault, or too fast), the slot is
    /// free again at once, unless another probe has it by now.
    pub fn forget(&mut self, probe: u64) {
        match self.state {
            State::Probing { since, .. } if probe == self.probes => self.state = State::Open { until: since },
            State::Probing { .. } | State::Closed { .. } | State::Open { .. } => {}
        }
    }

    fn close(&mut self) -> Option<Change> {
        self.state = State::Closed { failures: 0 };
        Some(Change::Recovered)
    }

    fn open(&mut self, now: Instant, pause: Duration) {
        self.state = State::Open { until: now + pause };
        self.pause = pause;
    }
}
