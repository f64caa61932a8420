//! `providers.<name>.quota`: what a provider allows each of its keys, for the whole provider and by model.

use crate::config::Bounds;
use crate::config::KeyQuota;
use crate::config::Period;
use crate::config::Quota;
use crate::config::Rate;
use crate::config::Rates;
use crate::config::Unit;
use crate::config::Window;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;

/// Reads the `quota` of a provider; nothing written is no limit.
pub fn read(provider: &Section<'_>) -> KeyQuota {
    let section = provider.section("quota", &shapes::PROVIDER_QUOTA);
    let window = section.optional("window", units::window_word).unwrap_or_default();
    let of_model = |(model, field): (&str, Field<'_>)| {
        (model.to_owned(), bounds(&field.section(&shapes::MODEL_QUOTA), window))
    };
    KeyQuota {
        whole: bounds(&section, window),
        models: section.entries("models").into_iter().map(of_model).collect(),
    }
}

fn bounds(section: &Section<'_>, window: Window) -> Bounds {
    let mut bounds = Bounds::default();
    for (name, unit) in [("requests", Unit::Requests), ("tokens", Unit::Tokens)] {
        for (field, amount) in amounts(section.field(name)) {
            add(&mut bounds, unit, amount, window, &field);
        }
    }
    bounds
}

/// One amount, `off`, or a list of amounts.
fn amounts(field: Option<Field<'_>>) -> Vec<(Field<'_>, Amount)> {
    let Some(field) = field else { return Vec::new() };
    if field.is_scalar() {
        let one = field.read(|text| units::or_off(text, amount)).flatten();
        return one.map(|amount| (field, amount)).into_iter().collect();
    }
    field.items().into_iter().filter_map(|item| item.read(amount).map(|amount| (item, amount))).collect()
}

/// Short periods refill evenly, days and months begin anew.
enum Amount {
    Short(Rate),
    Long(u64, Period, Option<Window>),
}

fn amount(text: &str) -> Result<Amount, String> {
    let long = units::amount_per_period(text).map(|(amount, period, own)| Amount::Long(amount, period, own));
    long.or_else(|_| units::rate(text).map(Amount::Short)).map_err(|_| {
        "must be more than 0 and such as `30/min`, `14400/day`, `5000000/month` or `1000/day rolling`"
            .to_owned()
    })
}

fn add(bounds: &mut Bounds, unit: Unit, amount: Amount, window: Window, field: &Field<'_>) {
    let is_new = match amount {
        Amount::Short(rate) => {
            let rates = if unit == Unit::Tokens { &mut bounds.tokens } else { &mut bounds.requests };
            rates.and(rate).map(|more: Rates| *rates = more).is_some()
        }
        Amount::Long(amount, period, own) => {
            let quota = Quota { unit, amount, period, window: own.unwrap_or(window), soft: false };
            let is_new = !bounds.quotas.iter().any(|other| other.counts_with(&quota));
            bounds.quotas.push(quota);
            is_new
        }
    };
    if !is_new {
        field.refuse("has the period of one above");
    }
}
