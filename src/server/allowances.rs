//! What providers allow, beside requests: who is back is told, what remains is read for the metrics, and replicas
//! learn from each other what was used and what cools.

use crate::clock;
use crate::clock::Moment;
use crate::config::Period;
use crate::config::Rate;
use crate::config::Unit;
use crate::gateway::charge;
use crate::gateway::parts::Parts;
use crate::gateway::vendor::Vendor;
use crate::health::Rest;
use crate::health::allowances::Counted;
use crate::health::allowances::model_id;
use crate::state::Left;
use crate::state::Need;
use crate::state::Standing;
use crate::state::State;
use crate::state::Which;
use crate::telemetry::metrics::AllowanceReading;
use std::time::Duration;
use tracing::debug;
use tracing::info;

/// With what the link to the others adds, all of them know of a cool-down within a second.
const LOOK: Duration = Duration::from_millis(200);

/// Smaller differences between what cools here and elsewhere are those of clocks.
const SAME: Duration = Duration::from_millis(50);

/// Runs as long as the process does.
pub async fn keep(parts: &Parts) {
    loop {
        let snapshot = parts.snapshot.load_full();
        for vendor in &snapshot.vendors {
            if parts.state.is_shared() {
                learn(vendor, &parts.state).await;
                exchange(vendor, &parts.state, clock::moment());
            }
            tell_who_is_back(vendor);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn tell_who_is_back(vendor: &Vendor) {
    for Rest { key, model, news, .. } in vendor.vitals.take_back(clock::now()) {
        let (provider, key, model) = (&vendor.name, key + 1, model.as_deref().unwrap_or("all"));
        match news {
            true => info!(%provider, key, model, status = %"back", "provider allowance"),
            false => debug!(%provider, key, model, status = %"back", "provider allowance"),
        }
    }
}

/// Asks what all replicas together have used of what was used here since the last look. Of an allowance that is
/// not in use nothing is asked: that would begin a rolling window.
async fn learn(vendor: &Vendor, state: &State) {
    for counted in vendor.allowances.counted().filter(Counted::take_news) {
        let now = clock::moment();
        // Nothing is taken, so nothing can be missing.
        let Ok(taken) = state.take(&counted.claims, Need::NOTHING, now).await else { continue };
        let one_more = Need { requests: 1, tokens: 1, ..Need::NOTHING };
        let wait = match state.look(&counted.claims, one_more, now) {
            Err(limited) => Some(limited.retry_after),
            Ok(()) => [taken.requests, taken.tokens].into_iter().flatten().filter_map(until_one).max(),
        };
        if let Some(wait) = wait {
            let model = counted.model.map(Into::into);
            charge::exhaust(&vendor.vitals, &vendor.name, (counted.key, model), wait, now);
        }
    }
}

/// When one is there again of a rate that is used up.
fn until_one(left: Left) -> Option<Duration> {
    let pace = left.reset / u32::try_from(left.limit.max(1)).unwrap_or(u32::MAX);
    (left.remaining == 0).then(|| pace.max(Duration::from_millis(1)))
}

/// Tells the others what cools here, and cools what cools there.
fn exchange(vendor: &Vendor, state: &State, now: Moment) {
    for Rest { key, model, until, .. } in vendor.vitals.cooling(now.mono) {
        let id = model.map_or_else(|| vendor.key_ids[key].clone(), |m| model_id(&vendor.key_ids[key], &m));
        let until = now.wall + until.saturating_duration_since(now.mono);
        if state.cool_until(&id).is_none_or(|known| known + SAME < until) {
            state.publish_cool(&id, until);
        }
    }
    for (key, id) in vendor.key_ids.iter().enumerate() {
        let of_models = vendor.known_models().map(|model| (Some(model), model_id(id, model)));
        for (model, id) in [(None, id.clone())].into_iter().chain(of_models) {
            let told = state.cool_until(&id).and_then(|until| until.checked_sub(now.wall));
            if let Some(wait) = told.filter(|wait| *wait > SAME) {
                let rest = Rest { key, model: model.map(Into::into), until: now.mono + wait, news: false };
                vendor.vitals.rest(now.mono, &rest);
            }
        }
    }
}

/// What remains of every allowance; there are as many as the configuration says.
pub fn read<'a>(vendors: &'a [Vendor], state: &State) -> Vec<AllowanceReading<'a>> {
    let now = clock::moment();
    let mut all = Vec::new();
    for vendor in vendors {
        for counted in vendor.allowances.counted() {
            let each = state.standing(&counted.claims, now).into_iter().map(|standing| AllowanceReading {
                provider: &vendor.name,
                key: counted.key + 1,
                model: counted.model.unwrap_or("all"),
                limit: limit(&standing),
                remaining: standing.limit.saturating_sub(standing.used),
            });
            all.extend(each);
        }
    }
    all
}

/// `requests_minute`, `tokens_day`.
fn limit(standing: &Standing) -> &'static str {
    match standing.which {
        Which::Requests(rate) => ["requests_second", "requests_minute", "requests_hour"][length(rate)],
        Which::Tokens(rate) => ["tokens_second", "tokens_minute", "tokens_hour"][length(rate)],
        Which::Quota(Unit::Requests, Period::Day) => "requests_day",
        Which::Quota(Unit::Requests, Period::Month) => "requests_month",
        Which::Quota(Unit::Tokens, Period::Day) => "tokens_day",
        Which::Quota(Unit::Tokens, Period::Month) => "tokens_month",
        // Nothing else can be written for a provider.
        Which::Quota(Unit::Cost, _) | Which::Concurrent => "other",
    }
}

fn length(rate: Rate) -> usize {
    match rate.per.as_secs() {
        0..60 => 0,
        60..3600 => 1,
        _ => 2,
    }
}
