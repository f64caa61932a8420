//! `limits` and whatever else bounds an account, as the printed configuration says it.

use crate::config::Bounds;
use crate::config::KeyQuota;
use crate::config::Limits;
use crate::config::Period;
use crate::config::Quota;
use crate::config::Rates;
use crate::config::Unit;
use crate::config::Window;
use crate::config::print::section;
use crate::config::print::words::or_off;
use crate::config::print::words::quoted;
use crate::config::print::words::rate;
use crate::config::print::words::size;
use crate::money::Money;

pub fn limits(limits: &Limits) -> String {
    let models =
        limits.per_model.iter().map(|(name, bounds)| format!("{}: {}", quoted(name), within(bounds)));
    let values = [
        ("body", size(limits.body as u64)),
        ("answer", size(limits.answer as u64)),
        ("bad_keys_per_ip", or_off(limits.bad_keys_per_ip, rate)),
        ("per_ip", or_off(limits.per_ip, rate)),
        ("per_key", within(&limits.per_key)),
        ("per_tenant", within(&limits.per_tenant)),
        ("per_user", within(&limits.per_user)),
        ("per_model", format!("{{ {} }}", models.collect::<Vec<_>>().join(", "))),
    ];
    section("limits", &values)
}

/// The lines `limits`, `quota` and `budget` of an account, each behind `indent`.
pub fn own(bounds: &Bounds, indent: &str) -> String {
    let lines = [
        ("limits", format!("{{ {} }}", rates(bounds))),
        ("quota", quota(bounds)),
        ("budget", budget(bounds)),
    ];
    lines.iter().map(|(name, value)| format!("{indent}{name}: {value}\n")).collect()
}

/// The `quota` of a provider, whose amounts of any period stand in one list.
pub fn key_quota(quota: &KeyQuota) -> String {
    let models = quota.models.iter().map(|(name, own)| format!("{}: {{ {} }}", quoted(name), allowed(own)));
    let models = models.collect::<Vec<_>>().join(", ");
    format!("{{ {}, models: {{ {models} }} }}", allowed(&quota.whole))
}

fn allowed(bounds: &Bounds) -> String {
    let all = |rates: &Rates, unit| {
        let long = bounds.quotas.iter().filter(|quota| quota.unit == unit).map(written);
        or_list(rates.iter().map(rate).chain(long).collect())
    };
    let (requests, tokens) = (all(&bounds.requests, Unit::Requests), all(&bounds.tokens, Unit::Tokens));
    format!("requests: {requests}, tokens: {tokens}")
}

fn within(bounds: &Bounds) -> String {
    format!("{{ {}, quota: {}, budget: {} }}", rates(bounds), quota(bounds), budget(bounds))
}

fn rates(bounds: &Bounds) -> String {
    let concurrent = or_off(bounds.concurrent, |concurrent| concurrent.to_string());
    let (requests, tokens) = (several(&bounds.requests), several(&bounds.tokens));
    format!("requests: {requests}, tokens: {tokens}, concurrent: {concurrent}")
}

fn several(rates: &Rates) -> String {
    or_list(rates.iter().map(rate).collect())
}

fn quota(bounds: &Bounds) -> String {
    let (requests, tokens) = (of(bounds, Unit::Requests, false), of(bounds, Unit::Tokens, false));
    format!("{{ requests: {requests}, tokens: {tokens} }}")
}

/// All money stands here, also what was written as `quota.cost`: it means the same.
fn budget(bounds: &Bounds) -> String {
    let (soft, hard) = (of(bounds, Unit::Cost, true), of(bounds, Unit::Cost, false));
    format!("{{ soft: {soft}, hard: {hard}, cut_streams: {} }}", bounds.cut_streams)
}

fn of(bounds: &Bounds, unit: Unit, soft: bool) -> String {
    let these = bounds.quotas.iter().filter(|quota| quota.unit == unit && quota.soft == soft);
    or_list(these.map(written).collect())
}

fn or_list(mut values: Vec<String>) -> String {
    match values.len() {
        0 => "off".to_owned(),
        1 => values.remove(0),
        _ => format!("[{}]", values.join(", ")),
    }
}

fn written(quota: &Quota) -> String {
    let amount = match quota.unit {
        Unit::Requests | Unit::Tokens => quota.amount.to_string(),
        Unit::Cost => Money(quota.amount).to_string(),
    };
    let period = match quota.period {
        Period::Day => "day",
        Period::Month => "month",
    };
    let window = match quota.window {
        Window::Rolling => " rolling",
        Window::Calendar => "",
    };
    format!("{amount}/{period}{window}")
}
