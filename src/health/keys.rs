//! The keys of one provider: used in turn, left alone while they cool, for one model or for all.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a key that was refused, or is spent, is put aside before it may be tried again: 10 minutes.
pub const ASIDE_FOR: Duration = Duration::from_secs(600);

/// Models that one key is remembered to be used up for. Callers may name models of their own;
/// beyond it the one that is back first is forgotten, and asked once too often.
const MOST_MODELS: usize = 64;

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

/// How long a key is to be left alone: for one model, or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    pub key: usize,
    pub model: Option<Arc<str>>,
    pub until: Instant,
    /// It is used up for so long that people are told.
    pub news: bool,
}

/// Which keys may be used, and whose turn it is. A provider without keys has a ring of one, unnamed.
///
/// `model` is the one that is to be asked for; without one, what cools for a single model counts as usable.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<Key>,
    next: usize,
    /// What is told when it is over.
    spent: Vec<Rest>,
}

#[derive(Clone, Debug, Default)]
struct Key {
    cool_until: Option<Instant>,
    aside_until: Option<Instant>,
    models: Vec<(Arc<str>, Instant)>,
}

impl Key {
    /// When it has cooled, if it has to.
    fn cooled(&self, now: Instant, model: Option<&str>) -> Option<Instant> {
        let of_model = self.models.iter().filter(|(name, _)| model == Some(&**name)).map(|(_, until)| *until);
        of_model.chain(self.cool_until).filter(|until| now < *until).max()
    }

    fn is_aside(&self, now: Instant) -> bool {
        self.aside_until.is_some_and(|until| now < until)
    }

    fn is_usable(&self, now: Instant, model: Option<&str>) -> bool {
        !self.is_aside(now) && self.cooled(now, model).is_none()
    }

    fn cool_model(&mut self, now: Instant, model: &Arc<str>, until: Instant) {
        if let Some((_, known)) = self.models.iter_mut().find(|(name, _)| name == model) {
            *known = until.max(*known);
            return;
        }
        self.models.retain(|(_, until)| now < *until);
        if self.models.len() >= MOST_MODELS {
            self.models.sort_by_key(|(_, until)| *until);
            self.models.remove(0);
        }
        self.models.push((model.clone(), until));
    }
}

impl KeyRing {
    pub fn new(count: usize) -> KeyRing {
        KeyRing { keys: vec![Key::default(); count.max(1)], next: 0, spent: Vec::new() }
    }

    /// The next usable key in turn that is not among the `tried`.
    pub fn pick(&mut self, now: Instant, model: Option<&str>, tried: &[usize]) -> Pick {
        let count = self.keys.len();
        let in_turn = (0..count).map(|step| (self.next + step) % count);
        let mut untried = in_turn.filter(|key| !tried.contains(key));
        match untried.find(|key| self.keys[*key].is_usable(now, model)) {
            Some(key) => {
                self.next = (key + 1) % count;
                Pick::Key(key)
            }
            None => self.first_back(now, model, tried).map_or(Pick::AllAside, Pick::Cooling),
        }
    }

    /// Leaves a key alone until then. A cool-down that ends later stays as it is.
    pub fn cool(&mut self, key: usize, until: Instant) {
        if let Some(key) = self.keys.get_mut(key) {
            key.cool_until = key.cool_until.max(Some(until));
        }
    }

    /// Leaves a key alone until then for this model alone.
    pub fn cool_model(&mut self, now: Instant, key: usize, model: &Arc<str>, until: Instant) {
        if let Some(key) = self.keys.get_mut(key) {
            key.cool_model(now, model, until);
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
        let state = |key: &Key| match (key.is_aside(now), key.cooled(now, None).is_some()) {
            (true, _) => KeyState::Aside(left(key.aside_until)),
            (false, true) => KeyState::Cooling(left(key.cool_until)),
            (false, false) => KeyState::Usable,
        };
        self.keys.iter().map(state).collect()
    }

    /// Remembers that a key is used up until then; `true` if that is new or only now worth telling.
    pub fn note_spent(&mut self, spent: Rest) -> bool {
        let has_room = self.spent.len() < MOST_MODELS * self.keys.len();
        let mut all = self.spent.iter_mut();
        match all.find(|other| (other.key, &other.model) == (spent.key, &spent.model)) {
            Some(known) => {
                known.until = known.until.max(spent.until);
                let is_first_news = spent.news && !known.news;
                known.news |= spent.news;
                return is_first_news;
            }
            None if has_room => {
                self.spent.push(spent);
                return true;
            }
            None => {}
        }
        false
    }

    /// Those that were used up and are not any more; each is told once.
    pub fn take_back(&mut self, now: Instant) -> Vec<Rest> {
        self.spent.extract_if(.., |spent| spent.until <= now).collect()
    }

    /// Everything that cools now; nothing of it is news.
    pub fn cooling(&self, now: Instant) -> Vec<Rest> {
        let mut all = Vec::new();
        for (key, of) in self.keys.iter().enumerate() {
            let models = of.models.iter().map(|(model, until)| (Some(model.clone()), *until));
            let each = of.cool_until.map(|until| (None, until)).into_iter().chain(models);
            let each = each.map(|(model, until)| Rest { key, model, until, news: false });
            all.extend(each.filter(|rest| now < rest.until));
        }
        all
    }

    /// How many keys may be used now.
    pub fn usable(&self, now: Instant, model: Option<&str>) -> usize {
        self.keys.iter().filter(|key| key.is_usable(now, model)).count()
    }

    /// When the first key is back, if none may be used and there is one to wait for.
    pub fn cooled(&self, now: Instant, model: Option<&str>) -> Option<Instant> {
        if self.usable(now, model) > 0 { None } else { self.first_back(now, model, &[]) }
    }

    /// When the first key that merely cools is back.
    fn first_back(&self, now: Instant, model: Option<&str>, tried: &[usize]) -> Option<Instant> {
        let untried = self.keys.iter().enumerate().filter(|(index, _)| !tried.contains(index));
        let cooling = untried.filter(|(_, key)| !key.is_aside(now));
        cooling.filter_map(|(_, key)| key.cooled(now, model)).min()
    }
}
