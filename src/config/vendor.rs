//! The variables of one kind of provider: `<KIND>_API_KEY`, `<KIND>_BASE_URL`, `<KIND>_FALLBACK_MODEL`.

use crate::config::base_url;
use crate::config::environment::Variables;
use crate::config::environment::distinct_secrets;
use crate::config::providers::Surroundings;
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
    let addressed = variables.field(&variable(preset, "BASE_URL")).is_some();
    let keyed = key_names(preset).any(|name| !variables.numbered(&name).is_empty());
    match (keyed, addressed || !preset.base_url.is_empty()) {
        (true, true) => Alone::TurnsOn,
        (true, false) => Alone::LacksAddress,
        (false, _) if addressed && !preset.needs_key => Alone::TurnsOn,
        (false, _) => Alone::Silent,
    }
}

/// Reads the variables of a kind; the base URL only where it is `addressed` to the provider in question.
pub fn surroundings(variables: &Variables<'_>, preset: &Preset, addressed: bool) -> Surroundings {
    let base_url = variables.field(&variable(preset, "BASE_URL")).filter(|_| addressed);
    Surroundings {
        api_keys: keys(variables, preset),
        base_url: base_url.and_then(|field| base_url::read(&field, preset)),
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
    found.find(|keys| !keys.is_empty()).unwrap_or_default()
}

/// `<KIND>_API_KEY`, then the vendor's other spellings.
fn key_names(preset: &Preset) -> impl Iterator<Item = String> {
    let spellings = preset.key_env.iter().map(|name| (*name).to_owned());
    std::iter::once(variable(preset, "API_KEY")).chain(spellings)
}
