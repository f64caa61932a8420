//! Settings of stored tenants and keys: the JSON of the store, read with the readers of the file.

use crate::config;
use crate::config::Bounds;
use crate::config::Settings;

/// What a stored key may say; what it does not is as in `default`.
///
/// # Errors
/// Every problem, with its field.
pub fn key(json: &str, default: &Bounds) -> Result<Settings, Vec<String>> {
    config::settings_of_key(json, default).map_err(told)
}

/// What a stored tenant may say.
///
/// # Errors
/// Every problem, with its field.
pub fn tenant(json: &str, default: &Bounds) -> Result<Settings, Vec<String>> {
    config::settings_of_tenant(json, default).map_err(told)
}

fn told(problems: Vec<config::Problem>) -> Vec<String> {
    problems
        .into_iter()
        .map(|problem| format!("{} {}", problem.field, problem.message).trim().to_owned())
        .collect()
}
