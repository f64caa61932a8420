//! How providers and limits stand, for whoever looks through the admin doors.

use crate::admin::office::KeyStanding;
use crate::admin::office::ProviderStanding;
use crate::admin::office::Whose;
use crate::clock;
use crate::config::Period;
use crate::config::Unit;
use crate::gateway::parts::Parts;
use crate::gateway::vendor::Vendor;
use crate::health::KeyState;
use crate::health::Standing;
use crate::money::Money;
use crate::state;
use crate::state::Claims;
use crate::state::Which;
use serde_json::Value;
use serde_json::json;

/// Every provider with its keys, in the order of the configuration.
pub fn providers(parts: &Parts) -> Vec<ProviderStanding> {
    let (snapshot, now) = (parts.snapshot.load(), clock::now());
    let standing = |vendor: &Vendor| match vendor.vitals.standing(now, None) {
        Standing::Healthy => "healthy",
        Standing::Probe => "probe",
        Standing::Out => "out",
    };
    let configured = snapshot.vendors.iter().zip(&snapshot.config.providers);
    configured
        .map(|(vendor, provider)| ProviderStanding {
            name: vendor.name.to_string(),
            kind: vendor.preset.kind,
            tier: provider.tier.to_string(),
            standing: standing(vendor),
            keys: vendor.vitals.keys(now).into_iter().enumerate().map(key_standing).collect(),
            models: vendor.vitals.catalogue().len(),
        })
        .collect()
}

fn key_standing((index, state): (usize, KeyState)) -> KeyStanding {
    let (state, left) = match state {
        KeyState::Usable => ("usable", None),
        KeyState::Cooling(left) => ("cooling", Some(left)),
        KeyState::Aside(left) => ("aside", Some(left)),
    };
    KeyStanding { number: index + 1, state, seconds: left.map(clock::whole_seconds) }
}

/// The limits in force of a key (and of its tenant) or of a tenant, as far as this process knows.
pub fn limits(parts: &Parts, whose: &Whose) -> Option<Value> {
    let credentials = parts.credentials.load();
    let claims = match whose {
        Whose::Key(id) => credentials.key(id)?.claims.clone(),
        Whose::Tenant(id) => Claims::of(credentials.tenant(id)?.claim.clone()),
    };
    let data: Vec<Value> = parts.state.standing(&claims, clock::moment()).iter().map(limit).collect();
    Some(json!({ "data": data }))
}

/// Money is in nano-dollars, and in dollars beside it.
fn limit(standing: &state::Standing) -> Value {
    let left = standing.limit.saturating_sub(standing.used);
    let (kind, unit, per) = words(standing.which);
    let mut shown = json!({
        "whose": standing.whose.word(),
        "kind": kind,
        "unit": unit,
        "per": per,
        "soft": standing.soft,
        "limit": standing.limit,
        "used": standing.used,
        "remaining": left,
        "resets_in_seconds": clock::whole_seconds(standing.reset),
    });
    if unit == "nano_usd" {
        for (name, amount) in
            [("limit_usd", standing.limit), ("used_usd", standing.used), ("remaining_usd", left)]
        {
            shown[name] = Money(amount).to_string().into();
        }
    }
    shown
}

fn words(which: Which) -> (&'static str, &'static str, String) {
    let seconds = |per: std::time::Duration| format!("{}s", per.as_secs());
    match which {
        Which::Requests(rate) => ("rate", "requests", seconds(rate.per)),
        Which::Tokens(rate) => ("rate", "tokens", seconds(rate.per)),
        Which::Concurrent => ("concurrent", "requests", String::new()),
        Which::Quota(unit, period) => {
            let unit = match unit {
                Unit::Requests => "requests",
                Unit::Tokens => "tokens",
                Unit::Cost => "nano_usd",
            };
            let period = match period {
                Period::Day => "day",
                Period::Month => "month",
            };
            ("quota", unit, period.to_owned())
        }
    }
}
