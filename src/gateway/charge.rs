//! Counts what is asked of a provider with a key, and leaves the key alone where the provider allows no more.

use crate::clock;
use crate::clock::Moment;
use crate::dialect::fault;
use crate::gateway::itinerary::Stop;
use crate::gateway::vendor::Vendor;
use crate::health::Allowances;
use crate::health::Rest;
use crate::health::Vitals;
use crate::state::Claims;
use crate::state::Hold;
use crate::state::Limited;
use crate::state::Need;
use crate::state::State;
use crate::state::Whose;
use crate::telemetry::stamp::Stamp;
use http::HeaderMap;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;
use tracing::warn;

/// One request with room for whatever it may use: how much that is, is known at its end.
const ROOM: Need = Need { requests: 1, tokens: 1, ..Need::NOTHING };

/// What is back sooner is no news: short rates are used up and refilled all the time.
const NEWS: Duration = Duration::from_secs(10);

/// A request that is counted on the key it goes out with. What is not said to be used by its end was not used,
/// but for the request itself.
pub struct Charge {
    state: Arc<State>,
    counted: Counted,
    hold: Hold,
    used: Need,
}

struct Counted {
    provider: Arc<str>,
    vitals: Arc<Vitals>,
    allowances: Arc<Allowances>,
    key: usize,
    model: Arc<str>,
    claims: Claims,
}

/// The key is used up, for all models or for this one, and cools from now on.
#[derive(Debug)]
pub struct UsedUp;

impl Charge {
    /// Counts a request before it is sent; `None` where nothing is counted.
    ///
    /// # Errors
    /// [`UsedUp`]: nothing was counted, and the key must not be asked.
    pub fn take(
        state: &Arc<State>,
        vendor: &Vendor,
        key: usize,
        model: &Arc<str>,
        now: Moment,
    ) -> Result<Option<Charge>, UsedUp> {
        let Some(claims) = vendor.allowances.asked(key, model) else { return Ok(None) };
        let counted = Counted {
            provider: vendor.name.clone(),
            vitals: vendor.vitals.clone(),
            allowances: vendor.allowances.clone(),
            key,
            model: model.clone(),
            claims,
        };
        match state.take_here(&counted.claims, ROOM, now) {
            Ok(taken) => {
                counted.rest_if_used_up(state, Need::REQUEST, now);
                let state = state.clone();
                Ok(Some(Charge { state, counted, hold: taken.hold, used: Need::REQUEST }))
            }
            Err(limited) => {
                counted.rest(&limited, now);
                Err(UsedUp)
            }
        }
    }

    /// It was answered with so many tokens, question and answer together.
    pub fn answered(mut self, tokens: u64) {
        self.used.tokens = tokens;
    }

    /// The provider never got it.
    pub fn not_sent(mut self) {
        self.used = Need::NOTHING;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let now = clock::moment();
        self.state.settle(&self.counted.claims, &self.hold, self.used, now);
        if self.used.tokens > 0 {
            self.counted.allowances.changed(self.counted.key, &self.counted.model);
            self.counted.rest_if_used_up(&self.state, ROOM, now);
        }
    }
}

impl Counted {
    fn rest_if_used_up(&self, state: &State, need: Need, now: Moment) {
        if let Err(limited) = state.look(&self.claims, need, now) {
            self.rest(&limited, now);
        }
    }

    fn rest(&self, limited: &Limited, now: Moment) {
        let model = (limited.whose == Whose::Model).then(|| self.model.clone());
        // No wait at all would have this key picked again in the same moment.
        let wait = limited.retry_after.max(Duration::from_millis(1));
        exhaust(&self.vitals, &self.provider, (self.key, model), wait, now);
    }
}

/// Leaves a key alone for a model of which a good answer says that nothing remains.
pub fn heed(vendor: &Vendor, stop: &Stop, headers: &HeaderMap) {
    // The one look that every answer costs.
    let is_spent = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        value.as_bytes() == b"0" && name.as_str().contains("ratelimit")
    };
    if headers.iter().any(is_spent) {
        let now = clock::moment();
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        if let Some(wait) = fault::used_up(&header, now.wall) {
            exhaust(&vendor.vitals, &vendor.name, (stop.key, Some(stop.model.clone())), wait, now);
        }
    }
}

/// Cools a key that is used up for all models or for one, and says so once.
pub fn exhaust(
    vitals: &Vitals,
    provider: &str,
    (key, model): (usize, Option<Arc<str>>),
    wait: Duration,
    now: Moment,
) {
    let news = wait >= NEWS;
    let spent = Rest { key, model, until: now.mono + wait, news };
    let model = spent.model.clone();
    let model = model.as_deref().unwrap_or("all");
    if vitals.exhaust(now.mono, spent) {
        let (key, until) = (key + 1, Stamp::of(now.wall + wait));
        let until = until.as_str();
        match news {
            true => warn!(provider, key, model, status = %"exhausted", until, "provider allowance"),
            false => debug!(provider, key, model, status = %"exhausted", until, "provider allowance"),
        }
    }
}
