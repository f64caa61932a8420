//! Settings of stored tenants and keys: the JSON of the store, read with the readers of the file.

use crate::config::KeyLimits;

/// What a stored key may say; what it does not is as in `default`.
///
/// # Errors
/// Every problem, with its field.
pub fn key(json: &str, _default: KeyLimits) -> Result<(), Vec<String>> {
    known(json, &["models", "failover", "limits", "quota", "budget"])
}

/// What a stored tenant may say.
///
/// # Errors
/// Every problem, with its field.
pub fn tenant(json: &str, _default: KeyLimits) -> Result<(), Vec<String>> {
    known(json, &["models", "failover", "limits", "quota", "budget", "tags", "residency"])
}

fn known(json: &str, names: &[&str]) -> Result<(), Vec<String>> {
    let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json);
    let map = read.map_err(|error| vec![error.to_string()])?;
    let unknown = map.keys().filter(|name| !names.contains(&name.as_str()));
    let problems: Vec<String> = unknown.map(|name| format!("{name} is not a setting")).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
