//! Typed reading of the tree. What is wrong goes into the report, and reading goes on.

use crate::config::near;
use crate::config::problem::Place;
use crate::config::problem::Report;
use crate::config::shapes::Shape;
use crate::config::tree::Entry;
use crate::config::tree::NOTHING;
use crate::config::tree::Node;
use crate::config::tree::Scalar;
use crate::config::tree::Value;
use crate::secret::Secret;
use http::HeaderValue;

/// Longest value that is shown in a problem.
const LONGEST_SHOWN: usize = 60;

/// One value of the file or the environment, with its name.
#[derive(Clone)]
pub struct Field<'a> {
    path: String,
    place: Place,
    node: &'a Node,
    report: &'a Report,
}

impl<'a> Field<'a> {
    pub fn new(path: impl Into<String>, node: &'a Node, report: &'a Report) -> Field<'a> {
        Field { path: path.into(), place: node.place, node, report }
    }

    pub fn refuse(&self, message: impl Into<String>) {
        self.report.refuse(self.place, &self.path, message, None);
    }

    pub fn refuse_with_hint(&self, message: impl Into<String>, hint: Option<String>) {
        self.report.refuse(self.place, &self.path, message, hint);
    }

    pub fn note(&self, message: impl Into<String>) {
        self.report.note(self.place, &self.path, message);
    }

    /// What `unit` makes of a single value; `None` if it is none, or is refused.
    pub fn read<T>(&self, unit: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let scalar = self.filled_scalar()?;
        match unit(scalar.text.trim()) {
            Ok(value) => Some(value),
            Err(must) => {
                self.refuse(format!("{must}, found {}", shown(scalar)));
                None
            }
        }
    }

    /// A text that is not empty.
    pub fn text(&self) -> Option<String> {
        self.read(|text| Ok(text.to_owned()))
    }

    /// A text that is not empty and never shown; it can travel in a header.
    pub fn secret(&self) -> Option<Secret> {
        self.filled_scalar()?;
        self.secret_if_set()
    }

    /// As [`Field::secret`], but a variable that is not set is no problem.
    pub fn secret_if_set(&self) -> Option<Secret> {
        let text = self.scalar()?.text.trim();
        if text.is_empty() {
            return None;
        }
        // Not only what HTTP forbids: outside ASCII the two ends would not agree on the signs.
        if !text.is_ascii() || HeaderValue::from_str(text).is_err() {
            self.refuse("holds signs that cannot travel in a header, such as a line break");
            return None;
        }
        Some(Secret::new(text))
    }

    /// How the value may be shown; without what variables put in, which may be secret.
    pub fn shown(&self) -> String {
        match &self.node.value {
            Value::Scalar(scalar) => shown(scalar),
            Value::Null | Value::List(_) | Value::Map(_) => self.what().to_owned(),
        }
    }

    pub fn is_scalar(&self) -> bool {
        matches!(self.node.value, Value::Scalar(_))
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Field<'a>> {
        let Value::List(items) = &self.node.value else {
            self.refuse(format!("must be a list, found {}", self.what()));
            return Vec::new();
        };
        let item = |(i, node)| Field::new(format!("{}[{i}]", self.path), node, self.report);
        items.iter().enumerate().map(item).collect()
    }

    /// The entries of a mapping whose keys are names of the user's choice.
    pub fn entries(&self) -> Vec<(&'a str, Field<'a>)> {
        let entry = |entry: &'a Entry| (entry.name.as_str(), self.entry(entry));
        self.mapping().iter().map(entry).collect()
    }

    /// A mapping of settings; refuses those that `shape` does not know.
    pub fn section(&self, shape: &'static Shape) -> Section<'a> {
        let entries = self.mapping();
        for entry in entries.iter().filter(|e| !shape.known.contains(&e.name.as_str())) {
            self.refuse_unknown(entry, shape);
        }
        Section { field: self.clone(), entries, shape }
    }

    fn refuse_unknown(&self, entry: &Entry, shape: &Shape) {
        let path = self.child(&entry.name, &entry.node).path;
        if shape.later.contains(&entry.name.as_str()) {
            let message = "comes with a later version; this one does not have it yet";
            return self.report.refuse(entry.place, &path, message, None);
        }
        let hint = near::did_you_mean(&entry.name, shape.known.iter().copied());
        let hint = hint.unwrap_or_else(|| format!("known here: {}", shape.known.join(", ")));
        self.report.refuse(entry.place, &path, "is not a setting", Some(hint));
    }

    fn mapping(&self) -> &'a [Entry] {
        match &self.node.value {
            Value::Map(entries) => entries,
            // A section whose every line is commented out.
            Value::Null => &[],
            Value::Scalar(_) | Value::List(_) => {
                self.refuse(format!("must be a mapping, found {}", self.what()));
                &[]
            }
        }
    }

    fn filled_scalar(&self) -> Option<&'a Scalar> {
        let scalar = self.scalar()?;
        if !scalar.text.trim().is_empty() {
            return Some(scalar);
        }
        match scalar.unset.first() {
            Some(name) => self.refuse_with_hint(
                format!("is empty because the variable `{name}` is not set"),
                Some(format!("set it, or write `${{{name}:-default}}`")),
            ),
            None => self.refuse("must not be empty"),
        }
        None
    }

    fn scalar(&self) -> Option<&'a Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Null | Value::List(_) | Value::Map(_) => {
                self.refuse(format!("must be a single value, found {}", self.what()));
                None
            }
        }
    }

    fn what(&self) -> &'static str {
        match &self.node.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// A mapping stands where its key does; its own place would be that of the first key within it.
    fn entry(&self, entry: &'a Entry) -> Field<'a> {
        let field = self.child(&entry.name, &entry.node);
        let own_key = matches!(entry.node.value, Value::Map(_) | Value::Null);
        if own_key { Field { place: entry.place, ..field } } else { field }
    }

    fn child(&self, name: &str, node: &'a Node) -> Field<'a> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Field::new(format!("{}{dot}{name}", self.path), node, self.report)
    }
}

/// A mapping of settings.
pub struct Section<'a> {
    field: Field<'a>,
    entries: &'a [Entry],
    shape: &'static Shape,
}

impl<'a> Section<'a> {
    /// The setting, if it is written and not null.
    pub fn field(&self, name: &'static str) -> Option<Field<'a>> {
        debug_assert!(self.shape.known.contains(&name), "`{name}` is missing in `{}`", self.shape.path);
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        let null = matches!(entry.node.value, Value::Null);
        (!null).then(|| self.field.entry(entry))
    }

    /// A setting with a default.
    pub fn optional<T>(&self, name: &'static str, unit: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.field(name)?.read(unit)
    }

    /// A setting that must be written.
    pub fn required(&self, name: &'static str) -> Option<Field<'a>> {
        let field = self.field(name);
        if field.is_none() {
            self.missing(name).refuse("is missing");
        }
        field
    }

    /// The items of a list; none if it is not written.
    pub fn items(&self, name: &'static str) -> Vec<Field<'a>> {
        self.field(name).map(|field| field.items()).unwrap_or_default()
    }

    /// The entries of a mapping with free names; none if it is not written.
    pub fn entries(&self, name: &'static str) -> Vec<(&'a str, Field<'a>)> {
        self.field(name).map(|field| field.entries()).unwrap_or_default()
    }

    /// A section within this one; an empty one if it is not written.
    pub fn section(&self, name: &'static str, shape: &'static Shape) -> Section<'a> {
        self.field(name).unwrap_or_else(|| self.missing(name)).section(shape)
    }

    /// A setting that is not written, named so that it can be refused at the place of its section.
    pub fn missing(&self, name: &str) -> Field<'a> {
        Field { place: self.field.place, ..self.field.child(name, &NOTHING) }
    }
}

fn shown(scalar: &Scalar) -> String {
    let text = scalar.written.as_deref().unwrap_or(&scalar.text).trim();
    let mut shown: String = text.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let number = shown.strip_prefix('-').unwrap_or(&shown).starts_with(|c: char| c.is_ascii_digit());
    if number { shown } else { format!("`{}`", shown.escape_debug()) }
}
