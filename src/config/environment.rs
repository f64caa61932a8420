//! The variables Tollgate reads from its environment.

use crate::config::near;
use crate::config::problem::Report;
use crate::config::reader::Field;
use crate::config::tree::NOTHING;
use crate::config::tree::Node;
use crate::secret::Secret;
use std::collections::BTreeMap;

/// Every `GATEWAY_*` variable.
pub const VARIABLES: &[&str] = &[
    "GATEWAY_LISTEN",
    "GATEWAY_ADMIN_LISTEN",
    "GATEWAY_API_KEYS",
    "GATEWAY_RATE_LIMIT",
    "GATEWAY_PROVIDERS",
    "GATEWAY_WEIGHTS",
    "GATEWAY_RETRY_MAX",
    "GATEWAY_HEALTH_CHECK_INTERVAL",
    "GATEWAY_CACHE_BACKEND",
    "GATEWAY_CACHE_TTL",
    "GATEWAY_CACHE_MAX_SIZE",
    "GATEWAY_DATA_DIR",
    "GATEWAY_LOG_FORMAT",
    "GATEWAY_LOG_LEVEL",
];

/// Variables people set for what comes with a later version.
const NOT_YET: &[&str] = &["OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Name → value of every environment variable.
#[derive(Clone, Default)]
pub struct Environment(pub BTreeMap<String, String>);

impl Environment {
    /// The environment this process was started with. Variables that are no UTF-8 are none of ours.
    pub fn of_process() -> Environment {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Environment(std::env::vars_os().filter_map(text).collect())
    }
}

/// The environment, read like the file: typed, and with its mistakes in the same report.
pub struct Variables<'a> {
    nodes: BTreeMap<&'a str, Node>,
    report: &'a Report,
}

impl<'a> Variables<'a> {
    /// An empty variable counts as not set: container tools pass on what their user left out as empty.
    pub fn new(env: &'a Environment, report: &'a Report) -> Variables<'a> {
        let set = env.0.iter().filter(|(_, value)| !value.trim().is_empty());
        let nodes = set.map(|(name, value)| (name.as_str(), Node::of_environment(value))).collect();
        Variables { nodes, report }
    }

    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        Some(Field::new(name, self.nodes.get(name)?, self.report))
    }

    /// A name the environment implies without giving it a value.
    pub fn nothing(&self, name: &str) -> Field<'_> {
        Field::new(name, &NOTHING, self.report)
    }

    pub fn optional<T>(&self, name: &str, unit: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.field(name)?.read(unit)
    }

    /// The parts of a comma list; what is empty between two commas is left out.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let text = self.field(name)?.text()?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.map(str::to_owned).collect())
    }

    /// `NAME`, then every `NAME_<number>` in the order of the numbers; gaps are fine.
    pub fn numbered(&self, name: &str) -> Vec<Field<'_>> {
        let number = |variable: &str| {
            let number = variable.strip_prefix(name)?.strip_prefix('_')?;
            number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse::<u32>().ok())?
        };
        let mut found: Vec<(u32, &str)> =
            self.nodes.keys().filter_map(|variable| Some((number(variable)?, *variable))).collect();
        found.sort_unstable();
        let names = std::iter::once(name).chain(found.into_iter().map(|(_, variable)| variable));
        names.filter_map(|name| self.field(name)).collect()
    }

    /// Refuses `GATEWAY_*` variables that mean nothing, and notes those that mean nothing yet.
    pub fn judge(&self) {
        for name in NOT_YET {
            if let Some(field) = self.field(name) {
                field.note("is not used yet; it comes with a later version");
            }
        }
        for (name, node) in &self.nodes {
            if name.starts_with("GATEWAY_") && !VARIABLES.contains(name) && !is_of_kubernetes(name) {
                let hint = near::did_you_mean(name, VARIABLES.iter().copied());
                self.report.refuse(node.place, name, "is not a variable Tollgate knows", hint);
            }
        }
    }
}

/// Kubernetes tells every pod where a service named `gateway…` is: `GATEWAY_SERVICE_HOST`, `GATEWAY_PORT_80_TCP`, ….
fn is_of_kubernetes(name: &str) -> bool {
    ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"].iter().any(|part| name.contains(part))
        || name.ends_with("_PORT")
}

/// The distinct secrets of some fields, in their order.
pub fn distinct_secrets<'a>(fields: impl IntoIterator<Item = Field<'a>>) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for secret in fields.into_iter().filter_map(|field| field.secret_if_set()) {
        if !secrets.contains(&secret) {
            secrets.push(secret);
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::problem::Problem;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    fn judged(variables: &[(&str, &str)]) -> Result<Vec<Problem>, Vec<Problem>> {
        let (env, report) = (environment(variables), Report::new("f"));
        Variables::new(&env, &report).judge();
        report.conclude(()).map(|((), notes)| notes)
    }

    #[test]
    fn a_mistyped_variable_is_refused_with_the_right_one() {
        let problems = judged(&[("GATEWAY_LISTENS", "x"), ("GATEWAY_FROBNICATE", "x")]).unwrap_err();
        let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            shown,
            [
                "environment: GATEWAY_FROBNICATE is not a variable Tollgate knows",
                "environment: GATEWAY_LISTENS is not a variable Tollgate knows\n  \
                 hint: did you mean `GATEWAY_LISTEN`?",
            ]
        );
    }

    #[test]
    fn variables_of_a_kubernetes_service_are_left_alone() {
        let names =
            ["GATEWAY_SERVICE_HOST", "GATEWAY_SERVICE_PORT_HTTP", "GATEWAY_PORT", "GATEWAY_PORT_80_TCP"];
        assert_eq!(judged(&names.map(|name| (name, "tcp://10.0.0.1:80"))), Ok(vec![]));
    }

    #[test]
    fn what_comes_later_is_noted() {
        let notes =
            judged(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://:hunter2@r"), ("REDIS_URL", "redis://r")])
                .unwrap();
        assert_eq!(notes.len(), 1);
        assert_eq!(
            notes[0].to_string(),
            "environment: OTEL_EXPORTER_OTLP_ENDPOINT is not used yet; it comes with a later version"
        );
    }

    #[test]
    fn numbered_keys_may_have_gaps_and_are_sorted_by_number() {
        let env = environment(&[
            ("A_KEY_10", "ten"),
            ("A_KEY_9", "nine"),
            ("A_KEY", "plain"),
            ("A_KEY_2", " "),
            ("A_KEY_X", "no"),
            ("A_KEY_3", "nine"),
        ]);
        let report = Report::new("f");
        let variables = Variables::new(&env, &report);
        let secrets = distinct_secrets(variables.numbered("A_KEY"));
        let shown: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        assert_eq!(shown, ["plain", "nine", "ten"]);
    }

    #[test]
    fn every_variable_of_ours_carries_our_prefix() {
        assert!(VARIABLES.iter().all(|name| name.starts_with("GATEWAY_") && !is_of_kubernetes(name)));
    }
}
