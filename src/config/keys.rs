//! `keys` and `GATEWAY_API_KEYS`: the gateway's own keys.

use crate::config::Bounds;
use crate::config::StaticKey;
use crate::config::environment::Variables;
use crate::config::limits;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use crate::secret::Secret;

/// A shorter key can be guessed.
const SHORTEST: usize = 8;

/// The keys of the file, then those of the environment, named `env-1`, `env-2`, ….
pub fn read(root: &Section<'_>, variables: &Variables<'_>, per_key: &Bounds) -> Vec<StaticKey> {
    let mut keys = Vec::new();
    for field in root.items("keys") {
        if let Some(key) = written(&field, per_key) {
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
    StaticKey { name, key: Secret::new(key), models: Vec::new(), bounds, failover: true }
}

fn written(field: &Field<'_>, per_key: &Bounds) -> Option<StaticKey> {
    let section = field.section(&shapes::KEY);
    let name = section.required("name").and_then(|field| field.text());
    let key = section.required("key").and_then(|field| field.secret());
    let models = section.items("models").iter().filter_map(Field::text).collect();
    let bounds = limits::own(&section, &shapes::OF_KEY, per_key);
    let failover = section.optional("failover", units::switch).unwrap_or(true);
    Some(StaticKey { name: name?, key: key?, models, bounds, failover })
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
