//! What a provider allows its keys, and the accounts on which their use is counted.

use crate::config::{Bounds, KeyQuota};
use crate::secret::{KeyHash, Secret};
use crate::state::{Claim, Claims, State, Whose};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Digits of a key's hash in the id of its accounts: enough to tell all keys of the world apart.
const DIGITS: usize = 32;

/// The allowances of one provider, key by key.
#[derive(Debug, Default)]
pub struct Allowances {
    keys: Vec<OfKey>,
}

#[derive(Debug)]
struct OfKey {
    whole: Option<Counter>,
    models: BTreeMap<Arc<str>, Counter>,
}

#[derive(Debug)]
struct Counter {
    claim: Claim,
    /// How often it has still to be compared with what others count.
    news: AtomicU8,
}

/// Once more than once: what was counted here may be on its way to the others when it is compared first.
const LOOKS: u8 = 2;

/// One account of a provider: whose it is, and what it is counted against.
pub struct Counted<'a> {
    /// Which of the provider's keys.
    pub key: usize,
    /// `None`: all models together.
    pub model: Option<&'a str>,
    pub claims: Claims,
    news: &'a AtomicU8,
}

impl Counted<'_> {
    /// Whether something was counted of late; yes for two times after it was.
    pub fn take_news(&self) -> bool {
        let fewer = |looks: u8| looks.checked_sub(1);
        self.news.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok()
    }
}

/// The ids of a provider's keys, one for a provider without any: the same on every replica, and nothing of a key
/// can be read from its id.
pub fn key_ids(provider: &str, keys: &[Secret]) -> Vec<String> {
    let id = |key: &str| {
        let mut hash = KeyHash::of(key).to_hex();
        hash.truncate(DIGITS);
        format!("provider:{provider}:{hash}")
    };
    match keys.is_empty() {
        true => vec![id("")],
        false => keys.iter().map(|key| id(key.expose())).collect(),
    }
}

/// The id of what is counted and told of one model of a key.
pub fn model_id(key_id: &str, model: &str) -> String {
    format!("{key_id}:{model}")
}

impl Allowances {
    /// `keys`: the ids of the provider's keys ([`key_ids`]). Accounts outlive reloads, so what
    /// is used up stays used up.
    pub fn new(keys: &[String], quota: &KeyQuota, state: &State) -> Allowances {
        if *quota == KeyQuota::default() {
            return Allowances::default();
        }
        let claim = |whose, id: &str, bounds: &Bounds| {
            let bounds = Arc::new(bounds.clone());
            let counter = || Counter {
                claim: Claim { whose, account: state.account(id), bounds: bounds.clone() },
                news: AtomicU8::new(0),
            };
            (!bounds.is_empty()).then(counter)
        };
        let of_key = |id: &String| OfKey {
            whole: claim(Whose::Key, id, &quota.whole),
            models: (quota.models.iter())
                .filter_map(|(model, bounds)| {
                    Some((model.as_str().into(), claim(Whose::Model, &model_id(id, model), bounds)?))
                })
                .collect(),
        };
        Allowances { keys: keys.iter().map(of_key).collect() }
    }

    /// What a request for this model with this key is counted on, now that it is to be sent: the key, the
    /// model, or both.
    pub fn asked(&self, key: usize, model: &str) -> Option<Claims> {
        let mut claims = self.counters(key, model).map(|counter| counter.claim.clone());
        let first = Claims::of(claims.next()?);
        let claims = claims.fold(first, Claims::and);
        self.changed(key, model);
        Some(claims)
    }

    /// Remembers that others have to be asked what they have counted.
    pub fn changed(&self, key: usize, model: &str) {
        self.counters(key, model).for_each(|counter| counter.news.store(LOOKS, Ordering::Relaxed));
    }

    fn counters(&self, key: usize, model: &str) -> impl Iterator<Item = &Counter> {
        let of_key = self.keys.get(key).into_iter();
        of_key.flat_map(move |of| [of.whole.as_ref(), of.models.get(model)]).flatten()
    }

    /// Every account there is.
    pub fn counted(&self) -> impl Iterator<Item = Counted<'_>> {
        self.keys.iter().enumerate().flat_map(|(key, of_key)| {
            let models = of_key.models.iter().map(|(model, counter)| (Some(&**model), counter));
            let all = of_key.whole.iter().map(|counter| (None, counter)).chain(models);
            all.map(move |(model, Counter { claim, news })| Counted {
                key,
                model,
                claims: Claims::of(claim.clone()),
                news,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::config::{Rate, Rates};
    use crate::state::Need;
    use std::time::Duration;

    fn a_minute(amount: u64) -> Bounds {
        let rate = Rate { amount, per: Duration::from_secs(60) };
        Bounds { requests: Rates::one(rate), ..Bounds::default() }
    }

    fn ids(keys: &[&str]) -> Vec<String> {
        key_ids("groq", &keys.iter().map(|key| Secret::new(*key)).collect::<Vec<_>>())
    }

    #[test]
    fn each_key_has_its_own_and_a_model_counts_besides() {
        let (state, now) = (State::memory(), clock::moment());
        let ids = ids(&["one", "two"]);
        let models = [("large".to_owned(), a_minute(1))].into();
        let all = Allowances::new(&ids, &KeyQuota { whole: a_minute(2), models }, &state);
        let take = |key, model| {
            let taken = state.take_here(&all.asked(key, model).expect("it is counted"), Need::REQUEST, now);
            taken.map(|_| ()).map_err(|limited| limited.whose)
        };
        let tries = [(0, "large"), (0, "large"), (0, "small"), (0, "small"), (1, "large")];
        let taken = tries.map(|(key, model)| take(key, model));
        assert_eq!(taken, [Ok(()), Err(Whose::Model), Ok(()), Err(Whose::Key), Ok(())]);
        assert_eq!(
            all.counted().map(|of| (of.key, of.model)).collect::<Vec<_>>(),
            [(0, None), (0, Some("large")), (1, None), (1, Some("large"))]
        );
    }

    #[test]
    fn what_was_counted_is_compared_twice() {
        let quota = KeyQuota { whole: a_minute(9), models: [("m".to_owned(), a_minute(9))].into() };
        let all = Allowances::new(&ids(&["one", "two"]), &quota, &State::memory());
        let news = || all.counted().map(|counted| counted.take_news()).collect::<Vec<_>>();
        assert_eq!(news(), [false; 4]);
        all.asked(0, "m");
        all.changed(1, "other");
        assert_eq!(
            [news(), news(), news()],
            [[true, true, true, false], [true, true, true, false], [false; 4]]
        );
    }

    #[test]
    fn a_provider_that_says_nothing_is_not_counted() {
        let all = Allowances::new(&ids(&["one"]), &KeyQuota::default(), &State::memory());
        assert!(all.asked(0, "m").is_none() && all.counted().next().is_none());
        let quota = KeyQuota { models: [("m".to_owned(), a_minute(1))].into(), ..KeyQuota::default() };
        let all = Allowances::new(&ids(&["one"]), &quota, &State::memory());
        assert!(
            all.asked(0, "m").is_some() && all.asked(0, "other").is_none() && all.asked(1, "m").is_none()
        );
    }

    #[test]
    fn an_id_shows_no_key() {
        let [id, other] = ids(&["gsk-hush-hush", "gsk-hush"]).try_into().expect("two");
        assert!(id.starts_with("provider:groq:") && !id.contains("hush"), "{id}");
        assert_ne!(id, other);
        assert_eq!(ids(&["gsk-hush", "x"])[0], other, "it is the key's, wherever that stands");
        assert_eq!(ids(&[]).len(), 1);
    }
}
