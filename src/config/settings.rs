//! What tenants and keys may use, read alike in the file and in what is stored.

use crate::config::Bounds;
use crate::config::Problem;
use crate::config::limits;
use crate::config::read_settings;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::shapes::Bounded;
use crate::config::units;

/// What a key, or all keys of a tenant together, may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Aliases, groups and models that may be named; empty is all.
    pub models: Vec<String>,
    /// Whether requests may go on to another target than the first.
    pub failover: bool,
    /// Defaults are already in.
    pub bounds: Bounds,
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
pub fn settings_of_key(json: &str, default: &Bounds) -> Result<Settings, Vec<Problem>> {
    read_settings("settings", json, &shapes::STORED_KEY, |section| of_key(section, default))
}

/// Settings of a stored tenant, as JSON.
///
/// # Errors
/// Every problem there is.
pub fn settings_of_tenant(json: &str, default: &Bounds) -> Result<Settings, Vec<Problem>> {
    read_settings("settings", json, &shapes::STORED_TENANT, |section| of_tenant(section, default))
}

pub(super) fn of_key(section: &Section<'_>, default: &Bounds) -> Settings {
    of_anybody(section, &shapes::OF_KEY, default)
}

pub(super) fn of_tenant(section: &Section<'_>, default: &Bounds) -> Settings {
    let tags = section.items("tags");
    if let Some(field) = tags.get(MOST_TAGS) {
        field.refuse(format!("is one too many: {MOST_TAGS} are the most"));
    }
    Settings {
        tags: tags.iter().filter_map(|field| field.read(units::label)).collect(),
        residency: section.optional("residency", units::label),
        ..of_anybody(section, &shapes::OF_TENANT, default)
    }
}

fn of_anybody(section: &Section<'_>, shapes: &'static Bounded, default: &Bounds) -> Settings {
    Settings {
        models: section.items("models").iter().filter_map(Field::text).collect(),
        failover: section.optional("failover", units::switch).unwrap_or(true),
        bounds: limits::own(section, shapes, default),
        tags: Vec::new(),
        residency: None,
    }
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
        let read = settings_of_tenant(json, &Bounds::default()).unwrap();
        assert_eq!((read.models, read.failover), (vec!["fast".to_owned(), "$$x".to_owned()], false));
        assert_eq!((read.tags, read.residency.as_deref()), (vec!["team-a".to_owned()], Some("eu")));
        let nothing = settings_of_key("{}", &Bounds::default()).unwrap();
        assert!(nothing.models.is_empty() && nothing.failover);
    }

    #[test]
    fn all_problems_of_stored_settings_are_told_with_their_fields() {
        let json = r#"{"modles":[],"failover":"maybe","limits":{"requests":"often","x":1},"tags":[]}"#;
        let problems = told(settings_of_key(json, &Bounds::default()));
        for part in [
            "modles is not a setting",
            "failover must be",
            "limits.requests must be",
            "limits.x is not",
            "tags is not",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part}: {problems:?}");
        }
        assert_eq!(told(settings_of_key("[]", &Bounds::default())), [" must be a mapping, found a list"]);
        assert!(told(settings_of_key("{", &Bounds::default()))[0].contains("cannot be read"));
    }
}
