//! What a configuration file may say, and how its mistakes are told.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod printed;
mod problems;
mod providers;
mod sample;
mod settings;

use tollgate::config;
use tollgate::config::Config;
use tollgate::config::Environment;
use tollgate::config::Loaded;
use tollgate::config::Problem;
use tollgate::config::Source;
use tollgate::config::shapes::SHAPES;
use tollgate::config::shapes::Shape;

const SAMPLE: &str = include_str!("../../conf/tollgate.yaml");

fn load(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let env = Environment(env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect());
    config::load(Some(&Source { name: "t.yaml".to_owned(), text: text.to_owned() }), &env)
}

fn accepted(text: &str) -> Config {
    load(text, &[]).map(|loaded| loaded.config).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

/// The problems of a text that must have some, one a line.
fn refused(text: &str) -> String {
    shown(&load(text, &[]).err().unwrap_or_else(|| panic!("accepted:\n{text}")))
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn has(text: &str, expected: &str) {
    let problems = refused(text);
    assert!(problems.contains(expected), "expected `{expected}`, got:\n{problems}");
}

/// Two usable providers and one without a key, for tests of what refers to them.
const PROVIDERS: &str = "providers:\n  openai: { api_key: sk-1, weight: 7 }\n  local: { kind: vllm, base_url: \
                         'http://127.0.0.1:1' }\n  groq: { api_key: '${NO_SUCH_VARIABLE}' }\n";

fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.iter().flat_map(|shape: &&Shape| shape.known.iter().map(|name| (shape.path, *name)))
}

/// A file that says nothing but `path.name: value`.
fn document(path: &str, name: &str, value: &str) -> String {
    let mut text = format!("{{ {name}: {value} }}");
    for segment in path.split('.').rev().filter(|segment| !segment.is_empty()) {
        text = match segment.strip_suffix("[]") {
            Some(list) => format!("{{ {list}: [ {text} ] }}"),
            None => format!("{{ {}: {text} }}", segment.replace('*', "groq")),
        };
    }
    text
}
