//! What runs the gateway elsewhere holds together: image, compose, Kubernetes, systemd, dashboards, and the stack's configuration.
//!
//! Nothing is built or started here; files are compared with each other and with the code.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod compose;
mod dashboards;
mod image;
mod kubernetes;
mod stack;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use tollgate::config;
use tollgate::config::Environment;
use tollgate::config::Loaded;
use tollgate::config::Problem;
use tollgate::config::Source;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document of a file.
fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn load(name: &str, text: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let env =
        Environment(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    config::load(Some(&Source { name: name.to_owned(), text: text.to_owned() }), &env)
}

fn loaded(name: &str, text: &str, env: &[(&str, &str)]) -> Loaded {
    load(name, text, env).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// How long a gateway of this configuration may take to end.
fn farewell(config: &config::Config) -> Duration {
    config.server.notice + config.server.grace
}

/// Such as `75s`.
fn seconds(text: &str) -> Duration {
    let number = text.strip_suffix('s').unwrap_or(text);
    Duration::from_secs(number.parse().unwrap_or_else(|_| panic!("`{text}` is no number of seconds")))
}

/// What stands at a pointer, as a text.
fn said<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
    found.as_str().unwrap_or_else(|| panic!("{pointer} is no text: {found}"))
}

fn number(value: &Value, pointer: &str) -> u64 {
    let found = value.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
    found.as_u64().unwrap_or_else(|| panic!("{pointer} is no number: {found}"))
}

/// Every `${…}` of a text, without its braces; `$${` is none.
fn variables(text: &str) -> Vec<&str> {
    let rest = text.split("${");
    let before = text.split("${").map(|part| part.ends_with('$'));
    rest.skip(1)
        .zip(before)
        .filter(|(_, escaped)| !escaped)
        .filter_map(|(rest, _)| rest.split('}').next())
        .collect()
}

/// The name in what [`variables`] gives.
fn name(variable: &str) -> &str {
    variable.split(':').next().unwrap_or(variable)
}
