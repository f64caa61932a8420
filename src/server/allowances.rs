//! What providers allow: who is back is told, and how much remains is read for the metrics.

use crate::clock;
use crate::config::Period;
use crate::config::Rate;
use crate::config::Unit;
use crate::gateway::charge;
use crate::gateway::parts::Parts;
use crate::gateway::vendor::Vendor;
use crate::state::Standing;
use crate::state::State;
use crate::state::Which;
use crate::telemetry::metrics::AllowanceReading;
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(500);

/// Says which keys are back, as long as the process lives.
pub async fn keep_telling(parts: &Parts) {
    loop {
        charge::tell_who_is_back(&parts.snapshot.load().vendors);
        tokio::time::sleep(LOOK).await;
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
