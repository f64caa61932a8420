//! The health of one provider: its breaker, its keys, and the models it was seen to offer.

use crate::health::breaker::{Breaker, Change, Pass, Standing};
use crate::health::keys::{KeyRing, KeyState, Pick, Rest};
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared by every request to one provider. Plain mutexes: the critical sections are a few comparisons.
#[derive(Debug)]
pub struct Vitals {
    breaker: Mutex<Breaker>,
    keys: Mutex<KeyRing>,
    catalogue: ArcSwap<HashSet<String>>,
}

/// Leave to ask a provider, kept as long as the request runs: dropping it gives the slot of a probe back that has
/// told nothing.
#[derive(Debug)]
pub struct Admission {
    probe: Option<(Arc<Vitals>, u64)>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some((vitals, probe)) = &self.probe {
            lock(&vitals.breaker).forget(*probe);
        }
    }
}

impl Vitals {
    /// A healthy provider with so many keys, whose catalogue is not known yet.
    pub fn new(keys: usize) -> Vitals {
        Vitals {
            breaker: Mutex::new(Breaker::new()),
            keys: Mutex::new(KeyRing::new(keys)),
            catalogue: ArcSwap::default(),
        }
    }

    /// Out as well while none of its keys is usable for `model` (any, if there is none), so that
    /// [`Vitals::pick`] and this agree.
    pub fn standing(&self, now: Instant, model: Option<&str>) -> Standing {
        match lock(&self.keys).usable(now, model) {
            0 => Standing::Out,
            _ => lock(&self.breaker).standing(now),
        }
    }

    /// See [`Breaker::admit`]. A request that is sent as a last resort goes out even if this says no.
    pub fn admit(self: &Arc<Vitals>, now: Instant) -> Option<Admission> {
        let probe = match lock(&self.breaker).admit(now)? {
            Pass::Plain => None,
            Pass::Probe(number) => Some((self.clone(), number)),
        };
        Some(Admission { probe })
    }

    /// See [`Breaker::begin`].
    pub fn begin(&self) -> Option<Change> {
        lock(&self.breaker).begin()
    }

    pub fn succeed(&self) -> Option<Change> {
        lock(&self.breaker).succeed()
    }

    pub fn fail(&self, now: Instant, unhealthy_after: u32, unhealthy_for: Duration) -> Option<Change> {
        lock(&self.breaker).fail(now, unhealthy_after, unhealthy_for)
    }

    pub fn pick(&self, now: Instant, model: Option<&str>, tried: &[usize]) -> Pick {
        lock(&self.keys).pick(now, model, tried)
    }

    pub fn cool(&self, key: usize, until: Instant) {
        lock(&self.keys).cool(key, until);
    }

    /// Cools a key that is used up, for all models or for one. `true` if that is new, and has to be told.
    pub fn exhaust(&self, now: Instant, spent: Rest) -> bool {
        self.rest(now, &spent);
        lock(&self.keys).note_spent(spent)
    }

    /// Leaves a key alone, for all models or for one.
    pub fn rest(&self, now: Instant, rest: &Rest) {
        let mut keys = lock(&self.keys);
        match &rest.model {
            Some(model) => keys.cool_model(now, rest.key, model, rest.until),
            None => keys.cool(rest.key, rest.until),
        }
    }

    /// See [`KeyRing::cooling`].
    pub fn cooling(&self, now: Instant) -> Vec<Rest> {
        lock(&self.keys).cooling(now)
    }

    /// See [`KeyRing::take_back`].
    pub fn take_back(&self, now: Instant) -> Vec<Rest> {
        lock(&self.keys).take_back(now)
    }

    pub fn put_aside(&self, key: usize, until: Instant) {
        lock(&self.keys).put_aside(key, until);
    }

    /// How each of its keys is, in the order of the configuration; one for a provider without.
    pub fn keys(&self, now: Instant) -> Vec<KeyState> {
        lock(&self.keys).states(now)
    }

    pub fn usable(&self, now: Instant) -> usize {
        lock(&self.keys).usable(now, None)
    }

    /// Leaves the whole provider alone until then, whichever key is asked for.
    pub fn cool_all(&self, until: Instant) {
        lock(&self.keys).cool_all(until);
    }

    /// When the first key is back for this model, if there is nothing to do but wait for it.
    pub fn cooled(&self, now: Instant, model: &str) -> Option<Instant> {
        lock(&self.keys).cooled(now, Some(model))
    }

    /// Whether its models endpoint listed this id. `false` before it was ever asked.
    pub fn lists(&self, model: &str) -> bool {
        self.catalogue.load().contains(model)
    }

    /// Every model its models endpoint last listed, in no order.
    pub fn catalogue(&self) -> Vec<String> {
        self.catalogue.load().iter().cloned().collect()
    }

    /// Replaces what its models endpoint lists.
    pub fn set_catalogue(&self, models: Vec<String>) {
        self.catalogue.store(models.into_iter().collect::<HashSet<_>>().into());
    }
}

/// No critical section here can leave half a change behind, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn with_every_key_cooling_the_provider_is_out_until_the_first_is_back() {
        let now = Instant::now();
        let vitals = Vitals::new(2);
        vitals.cool(0, now + MINUTE);
        assert_eq!((vitals.standing(now, None), vitals.cooled(now, "m")), (Standing::Healthy, None));
        vitals.cool(1, now + MINUTE * 2);
        assert_eq!(
            (vitals.standing(now, None), vitals.cooled(now, "m")),
            (Standing::Out, Some(now + MINUTE))
        );
        assert_eq!(vitals.pick(now, None, &[]), Pick::Cooling(now + MINUTE));
        assert_eq!(vitals.standing(now + MINUTE, None), Standing::Healthy);
        assert_eq!(vitals.pick(now + MINUTE, None, &[]), Pick::Key(0));
    }

    #[test]
    fn cooling_the_provider_cools_every_key() {
        let now = Instant::now();
        let vitals = Vitals::new(3);
        vitals.cool_all(now + MINUTE);
        assert_eq!((vitals.usable(now), vitals.standing(now, None)), (0, Standing::Out));
    }

    #[test]
    fn what_is_used_up_for_one_model_is_out_for_it_alone() {
        let (now, model) = (Instant::now(), Arc::from("large"));
        let vitals = Vitals::new(1);
        let spent = Rest { key: 0, model: Some(model), until: now + MINUTE, news: true };
        assert!(vitals.exhaust(now, spent.clone()) && !vitals.exhaust(now, spent.clone()));
        let standing = |model| vitals.standing(now, model);
        let seen = [standing(Some("large")), standing(Some("small")), standing(None)];
        assert_eq!(seen, [Standing::Out, Standing::Healthy, Standing::Healthy]);
        assert_eq!((vitals.take_back(now), vitals.take_back(now + MINUTE)), (vec![], vec![spent]));
    }

    #[test]
    fn keys_do_not_heal_a_broken_provider() {
        let now = Instant::now();
        let vitals = Arc::new(Vitals::new(1));
        assert_eq!(vitals.fail(now, 1, MINUTE), Some(Change::Unhealthy));
        assert_eq!(vitals.standing(now, None), Standing::Out);
        assert!(vitals.admit(now).is_none());
        let _probe = vitals.admit(now + MINUTE).expect("its time is up");
        assert_eq!(vitals.succeed(), Some(Change::Recovered));
    }

    #[test]
    fn only_the_probe_gives_its_slot_back() {
        let now = Instant::now();
        let vitals = Arc::new(Vitals::new(1));
        let straggler = vitals.admit(now).expect("it is healthy");
        vitals.fail(now, 1, MINUTE);
        let probe = vitals.admit(now + MINUTE).expect("its time is up");
        drop(straggler);
        assert!(vitals.admit(now + MINUTE).is_none(), "the slot is taken");
        drop(probe);
        assert!(vitals.admit(now + MINUTE).is_some());
    }

    #[test]
    fn a_new_catalogue_replaces_the_old_one() {
        let vitals = Vitals::new(1);
        assert!(!vitals.lists("a"), "nothing is known yet");
        vitals.set_catalogue(vec!["a".to_owned()]);
        assert!(vitals.lists("a"));
        vitals.set_catalogue(vec!["b".to_owned()]);
        assert!(!vitals.lists("a") && vitals.lists("b"));
    }
}
