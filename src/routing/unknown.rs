//! The refusal of a name that means nothing here.

use thiserror::Error;

/// Longest part of an unknown name that is repeated to the caller, in characters.
const SHOWN: usize = 128;

/// How many close names are offered.
const OFFERED: usize = 3;

/// Names at least this much alike (Jaro-Winkler, 0 to 1) are worth offering.
const ALIKE: f64 = 0.8;

/// Nobody here offers this model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("model `{name}` is not offered here{}; {}GET /v1/models lists what is", reason(*.away), question(.close))]
pub struct UnknownModel {
    /// Cut to 128 characters.
    pub name: String,
    /// Names that do mean something, closest first. The first three are offered.
    pub close: Vec<String>,
    /// It is a group whose providers are all disabled.
    pub away: bool,
}

impl UnknownModel {
    pub(super) fn new<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> UnknownModel {
        let name: String = name.chars().take(SHOWN).collect();
        let close = close(&name, known);
        UnknownModel { name, close, away: false }
    }

    pub(super) fn away(name: &str) -> UnknownModel {
        UnknownModel { name: name.to_owned(), close: Vec::new(), away: true }
    }

    /// Offers only names that this caller may say: the others are none of its business.
    pub fn known_to(mut self, may_name: impl Fn(&str) -> bool) -> UnknownModel {
        self.close.retain(|name| may_name(name));
        self.away &= may_name(&self.name);
        self
    }
}

fn close<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut ranked: Vec<(f64, &str)> = known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    ranked.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    ranked.dedup_by(|(_, one), (_, other)| one == other);
    ranked.into_iter().map(|(_, other)| other.to_owned()).collect()
}

fn reason(away: bool) -> &'static str {
    if away { ", as the providers of this group are disabled" } else { "" }
}

fn question(close: &[String]) -> String {
    let quoted: Vec<String> = close.iter().take(OFFERED).map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => format!("did you mean {only}? "),
        Some((last, rest)) => format!("did you mean {} or {last}? ", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_offered_closest_first() {
        let known = ["gpt-4o", "fast", "gpt-4o-mini", "gpt-4o", "smart", "gpt-4.1"];
        let unknown = UnknownModel::new("gpt-4p", known.into_iter());
        assert_eq!(unknown.close, ["gpt-4o", "gpt-4.1", "gpt-4o-mini"], "each once");
        assert_eq!(
            unknown.to_string(),
            "model `gpt-4p` is not offered here; did you mean `gpt-4o`, `gpt-4.1` or `gpt-4o-mini`? \
             GET /v1/models lists what is"
        );
    }

    #[test]
    fn a_caller_is_offered_three_names_that_it_may_say() {
        let known = ["gpt-4o", "gpt-4.1", "gpt-4", "gpt-4-x", "gpt-4o-mini"];
        let unknown = UnknownModel::new("gpt-4p", known.into_iter());
        assert!(unknown.to_string().matches('`').count() == 8, "{unknown}");
        let narrow = unknown.known_to(|name| name == "gpt-4o-mini");
        assert!(narrow.to_string().contains("did you mean `gpt-4o-mini`?"), "{narrow}");
    }

    #[test]
    fn without_a_close_name_none_is_offered() {
        let unknown = UnknownModel::new("zzz", ["gpt-4o"].into_iter());
        assert_eq!(unknown.to_string(), "model `zzz` is not offered here; GET /v1/models lists what is");
    }

    #[test]
    fn a_group_without_providers_says_so_to_whom_it_may_concern() {
        let away = UnknownModel::away("fast");
        assert_eq!(
            away.to_string(),
            "model `fast` is not offered here, as the providers of this group are disabled; GET /v1/models lists what is"
        );
        assert_eq!(
            away.known_to(|_| false).to_string(),
            "model `fast` is not offered here; GET /v1/models lists what is"
        );
    }

    #[test]
    fn an_endless_name_is_cut() {
        let unknown = UnknownModel::new(&"ü".repeat(100_000), [].into_iter());
        assert_eq!(unknown.name.chars().count(), 128);
    }
}
