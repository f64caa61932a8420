//! The variables of one kind of provider: `<KIND>_API_KEY`, `<KIND>_BASE_URL`, `<KIND>_FALLBACK_MODEL`.

use crate::config::base_url;
use crate::config::environment::Variables;
use crate::config::environment::distinct_secrets;
use crate::config::providers::Surroundings;
use crate::config::reader::Field;
use crate::config::units;
use crate::provider::Preset;
use crate::secret::Secret;

/// What the variables of a kind come to when there is no provider of that kind in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// Enough to ask somebody.
    TurnsOn,
    /// A key, but no address, and the kind has no usual one.
    LacksAddress,
    Silent,
}

/// Judges the variables of a kind without reading them.
pub fn alone(variables: &Variables<'_>, preset: &Preset) -> Alone {
    let addressed = place(variables, preset, "BASE_URL", preset.place_env.base_url).is_some();
    let told = addressed || variables.field(&variable(preset, "REGION")).is_some();
    let keyed = key_names(preset).any(|name| !variables.numbered(&name).is_empty())
        || (told && parts(variables, preset).is_some());
    match (keyed, addressed || !preset.base_url.is_empty()) {
        (true, true) => Alone::TurnsOn,
        (true, false) => Alone::LacksAddress,
        (false, _) if addressed && !preset.needs_key => Alone::TurnsOn,
        (false, _) => Alone::Silent,
    }
}

/// Reads the variables of a kind; the base URL only where it is `addressed` to the provider in question.
pub fn surroundings(variables: &Variables<'_>, preset: &Preset, addressed: bool) -> Surroundings {
    let env = &preset.place_env;
    let base_url = place(variables, preset, "BASE_URL", env.base_url).filter(|_| addressed);
    let label = |what, names| place(variables, preset, what, names)?.read(units::label);
    Surroundings {
        api_keys: keys(variables, preset),
        base_url: base_url.and_then(|field| base_url::read(&field, preset)),
        region: (!preset.region.is_empty()).then(|| label("REGION", env.region)).flatten(),
        api_version: label("API_VERSION", env.api_version),
        fallback_model: variables.field(&variable(preset, "FALLBACK_MODEL")).and_then(|field| field.text()),
    }
}

/// `<KIND>_BASE_URL` and its like.
pub fn variable(preset: &Preset, what: &str) -> String {
    format!("{}_{what}", preset.kind.to_ascii_uppercase())
}

/// Those of the first spelling that has any.
fn keys(variables: &Variables<'_>, preset: &Preset) -> Vec<Secret> {
    let mut found = key_names(preset).map(|name| distinct_secrets(variables.numbered(&name)));
    found.find(|keys| !keys.is_empty()).or_else(|| Some(vec![parts(variables, preset)?])).unwrap_or_default()
}

/// A key whose parts are variables of their own.
fn parts(variables: &Variables<'_>, preset: &Preset) -> Option<Secret> {
    let part = |name: &&str| variables.field(name)?.secret_if_set();
    let mut parts = preset.key_parts_env.iter().map(part);
    let (id, secret) = (parts.next()??, parts.next()??);
    let rest: String = parts.flatten().map(|part| format!(":{}", part.expose())).collect();
    Some(Secret::new(format!("{}:{}{rest}", id.expose(), secret.expose())))
}

/// `<KIND>_…`, else the first of the vendor's own names that is set.
fn place<'v>(variables: &'v Variables<'_>, preset: &Preset, what: &str, names: &[&str]) -> Option<Field<'v>> {
    let own = variables.field(&variable(preset, what));
    own.or_else(|| names.iter().find_map(|name| variables.field(name)))
}

/// `<KIND>_API_KEY`, then the vendor's other spellings.
fn key_names(preset: &Preset) -> impl Iterator<Item = String> {
    let spellings = preset.key_env.iter().map(|name| (*name).to_owned());
    std::iter::once(variable(preset, "API_KEY")).chain(spellings)
}
