//! `limits`, `quota` and `budget`: how much a request, an address, a key and whatever else is counted may take.

#[cfg(test)]
mod tests;

use crate::config::Bounds;
use crate::config::Limits;
use crate::config::Problem;
use crate::config::Quota;
use crate::config::Rate;
use crate::config::Rates;
use crate::config::Unit;
use crate::config::Window;
use crate::config::environment::Variables;
use crate::config::read_settings;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::shapes::Bounded;
use crate::config::units;
use crate::config::units::Amount;
use std::time::Duration;

/// Enough for a person who mistypes a key, too little to guess one.
const BAD_KEYS: Rate = Rate { amount: 60, per: Duration::from_secs(60) };

/// Reads `limits`; `GATEWAY_RATE_LIMIT` goes before `limits.per_key.requests`.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> Limits {
    let section = root.section("limits", &shapes::LIMITS);
    let default = |name, shapes: &'static Bounded| within(&section.section(name, &shapes.limits), shapes);
    let mut per_key = default("per_key", &shapes::PER_KEY);
    if let Some(requests) = variables.optional("GATEWAY_RATE_LIMIT", units::rate_or_off) {
        per_key.requests = requests.map(Rates::one).unwrap_or_default();
    }
    let per_model = section.entries("per_model").into_iter().map(|(name, field)| {
        let shapes = &shapes::PER_MODEL;
        (name.to_owned(), within(&field.section(&shapes.limits), shapes))
    });
    Limits {
        body: section.optional("body", units::memory_size_or_off).unwrap_or(32 << 20),
        answer: section.optional("answer", units::memory_size_or_off).unwrap_or(64 << 20),
        bad_keys_per_ip: section.optional("bad_keys_per_ip", units::rate_or_off).unwrap_or(Some(BAD_KEYS)),
        per_ip: section.optional("per_ip", units::rate_or_off).flatten(),
        per_key,
        per_tenant: default("per_tenant", &shapes::PER_TENANT),
        per_user: default("per_user", &shapes::PER_USER),
        per_model: per_model.collect(),
    }
}

/// The bounds of one account, whose `limits`, `quota` and `budget` stand in `section` beside what else
/// there is; what it does not say is as in `default`.
pub fn own(section: &Section<'_>, shapes: &'static Bounded, default: &Bounds) -> Bounds {
    let limits = section.section("limits", &shapes.limits);
    with_quotas(rates(&limits, default), section, shapes)
}

/// The bounds that a stored text says: a mapping with `limits`, `quota` and `budget`, in JSON or YAML.
///
/// # Errors
/// Every problem there is.
pub fn bounds_of(name: &str, text: &str, default: &Bounds) -> Result<Bounds, Vec<Problem>> {
    read_settings(name, text, &shapes::BOUNDS, |section| own(section, &shapes::OF_KEY, default))
}

/// Bounds whose rates stand in the same section as its `quota` and `budget`.
fn within(section: &Section<'_>, shapes: &'static Bounded) -> Bounds {
    with_quotas(rates(section, &Bounds::default()), section, shapes)
}

fn rates(section: &Section<'_>, default: &Bounds) -> Bounds {
    Bounds {
        requests: several_rates(section.field("requests")).unwrap_or(default.requests),
        tokens: several_rates(section.field("tokens")).unwrap_or(default.tokens),
        concurrent: section.optional("concurrent", units::count_or_off).unwrap_or(default.concurrent),
        ..default.clone()
    }
}

/// One rate, `off`, or a list of rates. `None`: nothing is said.
fn several_rates(field: Option<Field<'_>>) -> Option<Rates> {
    let field = field?;
    if field.is_scalar() {
        return field.read(units::rate_or_off).map(|rate| rate.map(Rates::one).unwrap_or_default());
    }
    let mut rates = Rates::default();
    for item in field.items() {
        match item.read(units::rate).map(|rate| rates.and(rate)) {
            Some(Some(more)) => rates = more,
            Some(None) => item.refuse("has the period of one above"),
            None => {}
        }
    }
    Some(rates)
}

/// What a line of `quota` or `budget` is about: one that is written replaces all of the default about the same.
struct Line {
    name: &'static str,
    unit: Unit,
    soft: bool,
}

const QUOTA: &[Line] = &[
    Line { name: "requests", unit: Unit::Requests, soft: false },
    Line { name: "tokens", unit: Unit::Tokens, soft: false },
    Line { name: "cost", unit: Unit::Cost, soft: false },
];
const BUDGET: &[Line] = &[
    Line { name: "soft", unit: Unit::Cost, soft: true },
    // A budget is a quota of money: this and `quota.cost` are two ways to say the same.
    Line { name: "hard", unit: Unit::Cost, soft: false },
];

/// With what `quota` and `budget` say; what they do not say stays.
fn with_quotas(mut bounds: Bounds, section: &Section<'_>, shapes: &'static Bounded) -> Bounds {
    let (quota, budget) =
        (section.section("quota", &shapes.quota), section.section("budget", &shapes.budget));
    let (mut said, mut own) = (Vec::new(), Vec::new());
    for (section, lines) in [(&quota, QUOTA), (&budget, BUDGET)] {
        let window = section.optional("window", units::window_word).unwrap_or_default();
        for line in lines {
            if let Some(field) = section.field(line.name) {
                said.push((line.unit, line.soft));
                own.extend(amounts(&field, line, window));
            }
        }
    }
    bounds.quotas.retain(|quota| !said.contains(&(quota.unit, quota.soft)));
    bounds.quotas.extend(own);
    // One order however they are written, so that a printed configuration reads the same.
    bounds.quotas.sort_by_key(|quota| (quota.unit, !quota.soft));
    bounds.cut_streams = budget.optional("cut_streams", units::switch).unwrap_or(bounds.cut_streams);
    bounds
}

/// One amount, `off`, or a list of amounts.
fn amounts(field: &Field<'_>, line: &Line, window: Window) -> Vec<Quota> {
    let read: fn(&str) -> Result<Amount, String> = match line.unit {
        Unit::Requests | Unit::Tokens => units::amount_per_period,
        Unit::Cost => units::money_per_period,
    };
    let quota = |(amount, period, own): Amount| Quota {
        unit: line.unit,
        amount,
        period,
        window: own.unwrap_or(window),
        soft: line.soft,
    };
    if field.is_scalar() {
        let one = field.read(|text| units::or_off(text, read)).flatten();
        return one.map(quota).into_iter().collect();
    }
    field.items().iter().filter_map(|item| item.read(read)).map(quota).collect()
}
