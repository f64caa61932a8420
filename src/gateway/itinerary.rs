//! The way through a plan: which target is asked next, and what is learnt from one that failed.

use crate::clock::Moment;
use crate::gateway::charge::Charge;
use crate::gateway::vendor::Vendor;
use crate::health::Admission;
use crate::health::Pick;
use crate::routing::Candidate;
use crate::routing::judge::Circumstances;
use crate::routing::judge::Fault;
use crate::routing::judge::KeyEffect;
use crate::routing::judge::Verdict;
use crate::routing::judge::blame;
use crate::routing::judge::judge;
use crate::state::State;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// One target: a provider, its name of the model, and which of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub provider: usize,
    pub model: Arc<str>,
    pub key: usize,
    pub stand_in: bool,
}

impl Stop {
    fn at(candidate: &Candidate, key: usize) -> Stop {
        let Candidate { provider, model, stand_in } = candidate.clone();
        Stop { provider, model, key, stand_in }
    }
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// Go on with [`Itinerary::next`], after this long.
    After(Duration),
    /// The failure is the caller's to hear.
    GiveBack,
}

/// Settings of the loop.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub retry_max: u32,
    pub wait_for: Duration,
}

/// The state of one request's way through its plan.
pub struct Itinerary {
    /// As drawn, and behind it those that were passed over because they rest.
    plan: Vec<Candidate>,
    /// Length of the plan as drawn.
    drawn: usize,
    of_group: bool,
    at: usize,
    patience: Patience,
    attempts: u32,
    tries_on_target: u32,
    tried_keys: Vec<usize>,
    again: Option<Stop>,
    /// Held while the target is asked, to the end of its answer.
    admission: Option<Admission>,
    /// What the stop that was drawn last is counted as; whoever asks it takes this.
    pub charge: Option<Charge>,
    /// When the first target that was skipped because its keys cool down may be asked again.
    pub open_again: Option<Instant>,
}

impl Itinerary {
    /// `of_group`: the plan is that of a group.
    pub fn new(plan: Vec<Candidate>, of_group: bool, patience: Patience) -> Itinerary {
        Itinerary {
            drawn: plan.len(),
            plan,
            of_group,
            at: 0,
            patience,
            attempts: 0,
            tries_on_target: 0,
            tried_keys: Vec::new(),
            again: None,
            admission: None,
            charge: None,
            open_again: None,
        }
    }

    /// The next target, or `None` when plan or patience are exhausted. It is counted with `state` where its
    /// provider bounds what a key may ask.
    pub fn next(&mut self, vendors: &[Vendor], state: &Arc<State>, now: Moment) -> Option<Stop> {
        if self.attempts > self.patience.retry_max {
            return None;
        }
        let again = self.again.take();
        let again = again.filter(|stop| self.count(vendors, state, stop, now));
        let stop = again.or_else(|| self.draw(vendors, state, now))?;
        self.attempts += 1;
        self.tries_on_target += 1;
        Some(stop)
    }

    fn draw(&mut self, vendors: &[Vendor], state: &Arc<State>, now: Moment) -> Option<Stop> {
        // Another key of the same provider is asked for it anew.
        self.admission = None;
        while let Some(candidate) = self.plan.get(self.at) {
            let vitals = &vendors[candidate.provider].vitals;
            match vitals.pick(now.mono, Some(&candidate.model), &self.tried_keys) {
                Pick::Key(key) => {
                    self.admission = vitals.admit(now.mono);
                    // When nobody else is left, those that rest are asked all the same.
                    if self.admission.is_some() || self.at >= self.drawn {
                        let stop = Stop::at(candidate, key);
                        if self.count(vendors, state, &stop, now) {
                            return Some(stop);
                        }
                        // That key cools now; another may have room.
                        self.admission = None;
                        continue;
                    }
                    self.plan.push(candidate.clone());
                }
                Pick::Cooling(until) => {
                    self.open_again = Some(self.open_again.map_or(until, |known| known.min(until)));
                }
                Pick::AllAside => {}
            }
            self.leave();
        }
        None
    }

    /// Whether its provider has room for one more request.
    fn count(&mut self, vendors: &[Vendor], state: &Arc<State>, stop: &Stop, now: Moment) -> bool {
        let charge = Charge::take(state, &vendors[stop.provider], stop.key, &stop.model, now);
        let fits = charge.is_ok();
        self.charge = charge.unwrap_or_default();
        fits
    }

    fn leave(&mut self) {
        self.admission = None;
        self.at += 1;
        self.tried_keys.clear();
        self.tries_on_target = 0;
    }

    /// Decides what follows from a failure of `stop`. `jitter` is drawn from 0..1. `larger` tells whether
    /// a candidate's context is larger than that of the target that failed, or unknown.
    pub fn learn(
        &mut self,
        stop: &Stop,
        fault: &Fault,
        jitter: f64,
        larger: impl Fn(&Candidate) -> bool,
    ) -> Onward {
        let circumstances = Circumstances {
            tries_on_target: self.tries_on_target,
            stand_in: stop.stand_in,
            of_group: self.of_group,
            wait_for: self.patience.wait_for,
            jitter,
        };
        match judge(fault, &circumstances) {
            Verdict::Again { .. } if self.last_is_for_another() => self.leave(),
            Verdict::Again { wait } => {
                self.again = Some(stop.clone());
                return Onward::After(wait);
            }
            Verdict::GiveBack => return Onward::GiveBack,
            Verdict::Next => self.pass_by(stop, fault),
            Verdict::NextLarger => {
                self.leave();
                while self.plan.get(self.at).is_some_and(|c| !larger(c)) {
                    self.leave();
                }
                if self.at >= self.plan.len() || self.attempts > self.patience.retry_max {
                    return Onward::GiveBack;
                }
            }
        }
        Onward::After(Duration::ZERO)
    }

    /// Where one target fails, the attempt that is left is better spent on another than on the same.
    fn last_is_for_another(&self) -> bool {
        self.attempts == self.patience.retry_max && self.at + 1 < self.plan.len()
    }

    /// A fault of the key alone leaves the provider's other keys to try.
    fn pass_by(&mut self, stop: &Stop, fault: &Fault) {
        match blame(fault).key {
            KeyEffect::Cool(_) | KeyEffect::Aside if !self.last_is_for_another() => {
                self.tried_keys.push(stop.key);
                self.tries_on_target = 0;
            }
            KeyEffect::None | KeyEffect::Cool(_) | KeyEffect::CoolAll(_) | KeyEffect::Aside => self.leave(),
        }
    }
}
