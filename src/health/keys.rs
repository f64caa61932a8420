//! The keys of one provider: used in turn, left alone while they cool.

use std::time::{Duration, Instant};

/// How long a key that was refused, or is spent, is put aside before it may be tried again: 10 minutes.
pub const ASIDE_FOR: Duration = Duration::from_secs(600);

/// What a ring of keys has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The index of the key to use.
    Key(usize),
    /// None now; the first cools until then.
    Cooling(Instant),
    /// Every key is put aside or was tried already.
    AllAside,
}

/// How a key is, and for how long yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Usable,
    Cooling(Duration),
    Aside(Duration),
}

/// Which keys may be used, and whose turn it is. A provider without keys has a ring of one, unnamed.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<Key>,
    next: usize,
}

#[derive(Clone, Debug, Default)]
struct Key {
    cool_until: Option<Instant>,
    aside_until: Option<Instant>,
}

impl Key {
    fn is_cooling(&self, now: Instant) -> bool {
        self.cool_until.is_some_and(|until| now < until)
    }

    fn is_aside(&self, now: Instant) -> bool {
        self.aside_until.is_some_and(|until| now < until)
    }

    fn is_usable(&self, now: Instant) -> bool {
        !self.is_cooling(now) && !self.is_aside(now)
    }
}

impl KeyRing {
    pub fn new(count: usize) -> KeyRing {
        KeyRing { keys: vec![Key::default(); count.max(1)], next: 0 }
    }

    /// The next usable key in turn that is not among the `tried`.
    pub fn pick(&mut self, now: Instant, tried: &[usize]) -> Pick {
        let count = self.keys.len();
        let in_turn = (0..count).map(|step| (self.next + step) % count);
        let mut untried = in_turn.filter(|key| !tried.contains(key));
        match untried.find(|key| self.keys[*key].is_usable(now)) {
            Some(key) => {
                self.next = (key + 1) % count;
                Pick::Key(key)
            }
            None => self.first_back(now, tried).map_or(Pick::AllAside, Pick::Cooling),
        }
    }

    /// Leaves a key alone until then. A cool-down that ends later stays as it is.
    pub fn cool(&mut self, key: usize, until: Instant) {
        if let Some(key) = self.keys.get_mut(key) {
            key.cool_until = key.cool_until.max(Some(until));
        }
    }

    /// Puts a key aside that the provider refused, or that is spent; see [`ASIDE_FOR`].
    pub fn put_aside(&mut self, key: usize, until: Instant) {
        if let Some(key) = self.keys.get_mut(key) {
            key.aside_until = key.aside_until.max(Some(until));
        }
    }

    /// Leaves every key alone until then.
    pub fn cool_all(&mut self, until: Instant) {
        for key in 0..self.keys.len() {
            self.cool(key, until);
        }
    }

    /// How each key is, in order.
    pub fn states(&self, now: Instant) -> Vec<KeyState> {
        let left = |until: Option<Instant>| {
            until.map(|until| until.saturating_duration_since(now)).unwrap_or_default()
        };
        let state = |key: &Key| match (key.is_aside(now), key.is_cooling(now)) {
            (true, _) => KeyState::Aside(left(key.aside_until)),
            (false, true) => KeyState::Cooling(left(key.cool_until)),
            (false, false) => KeyState::Usable,
        };
        self.keys.iter().map(state).collect()
    }

    /// How many keys may be used now.
    pub fn usable(&self, now: Instant) -> usize {
        self.keys.iter().filter(|key| key.is_usable(now)).count()
    }

    /// When the first key is back, if none may be used and there is one to wait for.
    pub fn cooled(&self, now: Instant) -> Option<Instant> {
        if self.usable(now) > 0 { None } else { self.first_back(now, &[]) }
    }

    /// When the first key that merely cools is back.
    fn first_back(&self, now: Instant, tried: &[usize]) -> Option<Instant> {
        let untried = self.keys.iter().enumerate().filter(|(index, _)| !tried.contains(index));
        let cooling = untried.filter(|(_, key)| key.is_cooling(now) && !key.is_aside(now));
        cooling.filter_map(|(_, key)| key.cool_until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn picks(ring: &mut KeyRing, now: Instant, count: usize) -> Vec<Pick> {
        (0..count).map(|_| ring.pick(now, &[])).collect()
    }

    #[test]
    fn keys_take_turns() {
        let mut ring = KeyRing::new(3);
        let turns = picks(&mut ring, Instant::now(), 4);
        assert_eq!(turns, [Pick::Key(0), Pick::Key(1), Pick::Key(2), Pick::Key(0)]);
    }

    #[test]
    fn a_provider_without_keys_has_one_unnamed() {
        assert_eq!(KeyRing::new(0).pick(Instant::now(), &[]), Pick::Key(0));
    }

    #[test]
    fn a_key_that_cools_is_skipped_until_it_is_back() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        ring.cool(0, now + SECOND);
        assert_eq!(picks(&mut ring, now, 2), [Pick::Key(1), Pick::Key(1)]);
        assert_eq!(ring.usable(now), 1);
        assert_eq!(ring.usable(now + SECOND), 2);
    }

    #[test]
    fn when_all_cool_the_first_to_return_is_named() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        ring.cool(0, now + SECOND * 9);
        ring.cool(1, now + SECOND * 5);
        assert_eq!(ring.pick(now, &[]), Pick::Cooling(now + SECOND * 5));
        assert_eq!(ring.pick(now, &[1]), Pick::Cooling(now + SECOND * 9));
    }

    #[test]
    fn a_shorter_cool_down_never_replaces_a_longer_one() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        ring.cool(0, now + SECOND * 9);
        ring.cool(0, now + SECOND);
        assert_eq!(ring.pick(now, &[]), Pick::Cooling(now + SECOND * 9));
    }

    #[test]
    fn a_key_put_aside_returns_after_its_time() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        ring.put_aside(0, now + ASIDE_FOR);
        ring.cool(0, now + SECOND);
        assert_eq!(ring.pick(now, &[]), Pick::AllAside, "the end of its cool-down would not help");
        assert_eq!(ring.pick(now + ASIDE_FOR, &[]), Pick::Key(0));
    }

    #[test]
    fn a_key_that_was_tried_is_not_offered_again() {
        let now = Instant::now();
        let mut ring = KeyRing::new(2);
        assert_eq!(ring.pick(now, &[0]), Pick::Key(1));
        assert_eq!(ring.pick(now, &[0, 1]), Pick::AllAside);
    }

    #[test]
    fn each_key_says_how_long_it_is_away() {
        let now = Instant::now();
        let mut ring = KeyRing::new(3);
        ring.cool(1, now + SECOND);
        ring.put_aside(2, now + ASIDE_FOR);
        let states = [KeyState::Usable, KeyState::Cooling(SECOND), KeyState::Aside(ASIDE_FOR)];
        assert_eq!(ring.states(now), states);
        assert_eq!(ring.states(now + SECOND)[1], KeyState::Usable);
    }

    #[test]
    fn an_unknown_key_is_nobodys_business() {
        let now = Instant::now();
        let mut ring = KeyRing::new(1);
        ring.cool(7, now + SECOND);
        ring.put_aside(7, now + SECOND);
        assert_eq!(ring.usable(now), 1);
    }
}
