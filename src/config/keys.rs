//! `keys` and `GATEWAY_API_KEYS`: the gateway's own keys.

use crate::config::Bounds;
use crate::config::environment::Variables;
use crate::config::moment::moment;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::settings;
use crate::config::settings::Settings;
use crate::config::shapes;
use crate::config::tenants;
use crate::config::tenants::StaticTenant;
use crate::config::units;
use crate::secret::Secret;
use std::time::Duration;

/// A shorter key can be guessed.
const SHORTEST: usize = 8;

/// A gateway key written in the configuration.
#[derive(Clone, Debug)]
pub struct StaticKey {
    pub name: String,
    pub key: Secret,
    /// Name of one of the tenants.
    pub tenant: Option<String>,
    pub settings: Settings,
    /// Since the epoch: from then on it is refused.
    pub expires: Option<Duration>,
    pub disabled: bool,
}

/// The keys of the file, then those of the environment, named `env-1`, `env-2`, ….
pub fn read(
    root: &Section<'_>,
    variables: &Variables<'_>,
    per_key: &Bounds,
    tenants: &[StaticTenant],
) -> Vec<StaticKey> {
    let mut keys = Vec::new();
    for field in root.items("keys") {
        if let Some(key) = written(&field, per_key, tenants) {
            add(&mut keys, key, &field);
        }
    }
    if let Some(field) = variables.field("GATEWAY_API_KEYS").filter(|field| field.secret().is_some()) {
        let list = variables.list("GATEWAY_API_KEYS").unwrap_or_default();
        for (i, key) in list.into_iter().enumerate() {
            add(&mut keys, of_environment(i + 1, key, per_key.clone()), &field);
        }
    }
    keys
}

fn of_environment(number: usize, key: String, bounds: Bounds) -> StaticKey {
    let name = format!("env-{number}");
    let settings = Settings { failover: true, bounds, ..Settings::default() };
    StaticKey { name, key: Secret::new(key), tenant: None, settings, expires: None, disabled: false }
}

fn written(field: &Field<'_>, per_key: &Bounds, tenants: &[StaticTenant]) -> Option<StaticKey> {
    let section = field.section(&shapes::KEY);
    let name = section.required("name").and_then(|field| field.text());
    let key = section.required("key").and_then(|field| field.secret());
    let tenant = tenants::of_key(&section, tenants);
    let settings = settings::of_key(&section, per_key);
    let expires = section.optional("expires", moment);
    let disabled = section.optional("disabled", units::switch).unwrap_or(false);
    Some(StaticKey { name: name?, key: key?, tenant, settings, expires, disabled })
}

/// Adds a key that is long enough, and the only one of its name and value.
fn add(keys: &mut Vec<StaticKey>, key: StaticKey, field: &Field<'_>) {
    let signs = key.key.expose().chars().count();
    if signs < SHORTEST {
        field.refuse(format!("holds a key that must have {SHORTEST} signs or more, found {signs}"));
    }
    for other in keys.iter() {
        if other.name == key.name {
            field.refuse("has the name of a key above");
        } else if other.key == key.key {
            field.refuse(format!("holds the same key as `{}`", other.name));
        }
    }
    keys.push(key);
}
