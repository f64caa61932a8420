//! `GATEWAY_PROVIDERS` and `GATEWAY_WEIGHTS`: which providers are in the chain, in which order, how often.

use crate::config::environment::Variables;
use crate::config::near;
use crate::config::providers::Written;
use crate::config::reader::Field;
use crate::config::units;
use crate::provider::presets::PRESETS;
use crate::provider::presets::preset;

/// A provider of the chain, with the weight the environment gives it.
pub type Chosen<'a> = (Written<'a>, Option<u32>);

/// The providers of the chain in their order, and those that are left out.
pub fn arrange<'a>(
    written: Vec<Written<'a>>,
    variables: &Variables<'_>,
) -> (Vec<Chosen<'a>>, Vec<Written<'a>>) {
    let Some(field) = variables.field("GATEWAY_PROVIDERS") else {
        if let Some(weights) = variables.field("GATEWAY_WEIGHTS") {
            weights.refuse("needs GATEWAY_PROVIDERS, whose names its numbers stand for");
        }
        return (written.into_iter().map(|written| (written, None)).collect(), Vec::new());
    };
    let names = variables.list("GATEWAY_PROVIDERS").unwrap_or_default();
    let weights = weights(variables, names.len());
    let (mut chosen, mut rest) = (Vec::new(), written);
    for (i, name) in names.iter().enumerate() {
        let taken = take(&mut rest, name);
        if taken.is_empty() {
            explain_absence(&field, name, &chosen, &rest);
        }
        let weight = weights.get(i).copied();
        chosen.extend(taken.into_iter().map(|written| (written, weight)));
    }
    (chosen, rest)
}

/// The provider of that name, else all of that kind.
fn take<'a>(rest: &mut Vec<Written<'a>>, name: &str) -> Vec<Written<'a>> {
    let named: Vec<Written<'a>> = rest.extract_if(.., |written| written.name == name).collect();
    match preset(name) {
        Some(preset) if named.is_empty() => {
            rest.extract_if(.., |written| written.preset.kind == preset.kind).collect()
        }
        Some(_) | None => named,
    }
}

fn explain_absence(field: &Field<'_>, name: &str, chosen: &[Chosen<'_>], rest: &[Written<'_>]) {
    let kind = preset(name).map(|preset| preset.kind);
    let taken = |(written, _): &Chosen<'_>| written.name == name || Some(written.preset.kind) == kind;
    if chosen.iter().any(taken) {
        return field.refuse(format!("names `{name}` twice"));
    }
    if kind.is_some() {
        return field.note(format!("names `{name}`, which has no key yet and is left out"));
    }
    let names = rest.iter().map(|written| written.name.as_str());
    let hint = near::did_you_mean(name, names.chain(PRESETS.iter().map(|preset| preset.kind)));
    field.refuse_with_hint(format!("names `{name}`, which is no provider"), hint);
}

fn weights(variables: &Variables<'_>, names: usize) -> Vec<u32> {
    let Some(field) = variables.field("GATEWAY_WEIGHTS") else { return Vec::new() };
    let read = |text: &str| text.split(',').map(|weight| units::weight(weight.trim())).collect();
    let weights: Vec<u32> = field.read(read).unwrap_or_default();
    if !weights.is_empty() && weights.len() != names {
        let message =
            format!("holds {} weights for the {names} providers of GATEWAY_PROVIDERS", weights.len());
        field.refuse(message);
    }
    weights
}
