//! What tenants and keys may use, read alike in the file and in what is stored.

use crate::config::KeyLimits;
use crate::config::Problem;
use crate::config::limits;
use crate::config::problem::Place;
use crate::config::problem::Report;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::tree::Entry;
use crate::config::tree::Node;
use crate::config::tree::Scalar;
use crate::config::tree::Value;
use crate::config::units;

/// What a key, or all keys of a tenant together, may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Aliases, groups and models that may be named; empty is all.
    pub models: Vec<String>,
    /// Whether requests may go on to another target than the first.
    pub failover: bool,
    /// Where a field is `None` there is no limit; defaults are already in.
    pub limits: KeyLimits,
    /// Words of the operator; only tenants have them.
    pub tags: Vec<String>,
    /// Where its data may be, in the operator's words; only tenants have it.
    pub residency: Option<String>,
}

/// More words than anybody needs.
const MOST_TAGS: usize = 64;

/// Settings of a stored key, as JSON.
///
/// # Errors
/// Every problem there is.
pub fn settings_of_key(json: &str, default: KeyLimits) -> Result<Settings, Vec<Problem>> {
    read_json(json, |root| of_key(&root.section(&shapes::STORED_KEY), default))
}

/// Settings of a stored tenant, as JSON.
///
/// # Errors
/// Every problem there is.
pub fn settings_of_tenant(json: &str, default: KeyLimits) -> Result<Settings, Vec<Problem>> {
    read_json(json, |root| of_tenant(&root.section(&shapes::STORED_TENANT), default))
}

pub(super) fn of_key(section: &Section<'_>, default: KeyLimits) -> Settings {
    Settings {
        models: section.items("models").iter().filter_map(Field::text).collect(),
        failover: section.optional("failover", units::switch).unwrap_or(true),
        limits: limits::of_key(&section.section("limits", &shapes::LIMITS_OF_KEY), default),
        tags: Vec::new(),
        residency: None,
    }
}

pub(super) fn of_tenant(section: &Section<'_>, default: KeyLimits) -> Settings {
    let tags = section.items("tags");
    if let Some(field) = tags.get(MOST_TAGS) {
        field.refuse(format!("is one too many: {MOST_TAGS} are the most"));
    }
    Settings {
        tags: tags.iter().filter_map(|field| field.read(units::label)).collect(),
        residency: section.optional("residency", units::label),
        ..of_key(section, default)
    }
}

fn read_json(json: &str, read: impl FnOnce(&Field<'_>) -> Settings) -> Result<Settings, Vec<Problem>> {
    let report = Report::new("settings");
    let tree = match serde_json::from_str::<serde_json::Value>(json) {
        Ok(value) => node(value),
        Err(error) => {
            report.refuse(Place::Environment, "", format!("cannot be read as JSON: {error}"), None);
            return Err(report.into_problems());
        }
    };
    let settings = read(&Field::new("", &tree, &report));
    report.conclude(settings).map(|(settings, _)| settings)
}

/// Nothing is put in for `${…}`: whoever may write settings may not read this machine's environment.
fn node(value: serde_json::Value) -> Node {
    let scalar = |text: String| Value::Scalar(Scalar { text, written: None, unset: Vec::new() });
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(switch) => scalar(switch.to_string()),
        serde_json::Value::Number(number) => scalar(number.to_string()),
        serde_json::Value::String(text) => scalar(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(node).collect()),
        serde_json::Value::Object(entries) => Value::Map(entries.into_iter().map(entry).collect()),
    };
    Node { place: Place::Environment, value }
}

fn entry((name, value): (String, serde_json::Value)) -> Entry {
    Entry { name, place: Place::Environment, node: node(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(read: Result<Settings, Vec<Problem>>) -> Vec<String> {
        let problems = read.err().unwrap_or_default();
        problems.into_iter().map(|problem| format!("{} {}", problem.field, problem.message)).collect()
    }

    #[test]
    fn stored_settings_are_read_like_those_of_the_file() {
        let json = r#"{"models":["fast","$$x"],"failover":false,"limits":{"requests":"60/min"},"tags":["team-a"],"residency":"eu"}"#;
        let read = settings_of_tenant(json, KeyLimits::default()).unwrap();
        assert_eq!((read.models, read.failover), (vec!["fast".to_owned(), "$$x".to_owned()], false));
        assert_eq!((read.tags, read.residency.as_deref()), (vec!["team-a".to_owned()], Some("eu")));
        let nothing = settings_of_key("{}", KeyLimits::default()).unwrap();
        assert!(nothing.models.is_empty() && nothing.failover);
    }

    #[test]
    fn all_problems_of_stored_settings_are_told_with_their_fields() {
        let json = r#"{"modles":[],"failover":"maybe","limits":{"requests":"often","x":1},"tags":[]}"#;
        let problems = told(settings_of_key(json, KeyLimits::default()));
        for part in [
            "modles is not a setting",
            "failover must be",
            "limits.requests must be",
            "limits.x is not",
            "tags is not",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part}: {problems:?}");
        }
        assert_eq!(told(settings_of_key("[]", KeyLimits::default())), [" must be a mapping, found a list"]);
        assert!(told(settings_of_key("{", KeyLimits::default()))[0].contains("cannot be read as JSON"));
    }
}
