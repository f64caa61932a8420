//! The YAML file as a tree whose every value knows its line and column.

mod spanned;

use crate::config::Source;
use crate::config::environment::Environment;
use crate::config::problem::Place;
use crate::config::problem::Report;
use crate::config::tree::spanned::Shape;
use crate::config::variables;
use serde_saphyr::Error;
use serde_saphyr::Location;
use serde_saphyr::Options;
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::options::NonFiniteFloatPolicy;

/// A configuration of this size is a mistake, say a log file given by its name.
const LARGEST: usize = 4 << 20;

/// One value of the file, with variables put in.
#[derive(Debug)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A single value, as text: what it stands for is known to whoever reads it.
#[derive(Debug)]
pub struct Scalar {
    pub text: String,
    /// As written, if variables were put in: what may be shown in their stead.
    pub written: Option<String>,
    /// Variables it asks for that are not set.
    pub unset: Vec<String>,
}

#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub place: Place,
    pub node: Node,
}

/// Stands for what is not written.
pub static NOTHING: Node = Node::NOTHING;

impl Node {
    pub const NOTHING: Node = Node { place: Place::Environment, value: Value::Null };

    /// A value from elsewhere than the file.
    pub fn of_environment(text: &str) -> Node {
        let scalar = Scalar { text: text.to_owned(), written: None, unset: Vec::new() };
        Node { place: Place::Environment, value: Value::Scalar(scalar) }
    }
}

/// Reads the file; `None` (and a problem in the report) if it is no YAML.
pub fn parse(source: &Source, env: &Environment, report: &Report) -> Option<Node> {
    if source.text.len() > LARGEST {
        let place = Place::File { line: 1, column: 1 };
        report.refuse(place, "", "is larger than 4 MiB; this is not a configuration", None);
        return None;
    }
    let read = |policy| serde_saphyr::from_str_with_options(&source.text, options(policy));
    let read = read(DuplicateKeyPolicy::Error).or_else(|error| match &error {
        // Told once; then the first one counts, so that the rest of the file is looked at as well.
        Error::DuplicateMappingKey { .. } => {
            refuse(&error, source, report);
            read(DuplicateKeyPolicy::FirstWins)
        }
        _ => Err(error),
    });
    match read {
        Ok(root) => Some(Builder { text: &source.text, env, report }.node(root)),
        Err(error) => {
            refuse(&error, source, report);
            None
        }
    }
}

/// Small limits: a configuration has no use for a million nodes, and `&a [*b, *b, …]` makes them of a few bytes.
fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // A snippet of the file may hold a secret.
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: 100_000, max_depth: 32 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000 },
    }
}

fn refuse(error: &Error, source: &Source, report: &Report) {
    let location = error.location();
    let place = location.map_or(Place::File { line: 1, column: 1 }, place);
    let message = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is written twice"),
        Error::MultipleDocuments { .. } => "holds more than one YAML document".to_owned(),
        other => {
            let text = other.to_string();
            let what = text.split_once(" at line ").map_or(text.as_str(), |(what, _)| what);
            format!("cannot be read as YAML: {what}")
        }
    };
    let line =
        location.and_then(|at| source.text.lines().nth(usize::try_from(at.line()).ok()?.checked_sub(1)?));
    let hint = line
        .filter(|line| line.contains("${"))
        .map(|_| "within `[ ]` and `{ }`, `\"${NAME}\"` needs its quotes".to_owned());
    report.refuse(place, "", message, hint);
}

fn place(location: Location) -> Place {
    Place::File { line: location.line(), column: location.column() }
}

struct Builder<'a> {
    text: &'a str,
    env: &'a Environment,
    report: &'a Report,
}

impl Builder<'_> {
    fn node(&self, spanned: Spanned<Shape>) -> Node {
        let place = place(spanned.referenced);
        let value = match spanned.value {
            Shape::Null => Value::Null,
            Shape::Bare(number) => {
                Value::Scalar(self.scalar(place, self.as_written(spanned.defined).unwrap_or(&number)))
            }
            Shape::Text(text) => Value::Scalar(self.scalar(place, &text)),
            Shape::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Shape::Map(entries) => Value::Map(entries.into_iter().map(|entry| self.entry(entry)).collect()),
        };
        Node { place, value }
    }

    fn entry(&self, (key, value): (Spanned<String>, Spanned<Shape>)) -> Entry {
        Entry { place: place(key.referenced), name: key.value, node: self.node(value) }
    }

    fn scalar(&self, place: Place, text: &str) -> Scalar {
        match variables::fill(text, self.env) {
            Ok(filled) => Scalar {
                written: filled.changed.then(|| text.to_owned()),
                text: filled.text,
                unset: filled.unset,
            },
            Err(message) => {
                self.report.refuse(place, "", format!("the value here {message}"), None);
                Scalar { text: text.to_owned(), written: None, unset: Vec::new() }
            }
        }
    }

    /// The signs in the file, for what YAML took for a number or a truth value: a key of digits stays as it is.
    fn as_written(&self, location: Location) -> Option<&str> {
        let span = location.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
        self.text.get(start..end)
    }
}

#[cfg(test)]
mod tests;
