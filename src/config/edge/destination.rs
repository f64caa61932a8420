//! Where routes lead.

use crate::config::edge::cluster::Cluster;
use crate::config::edge::pattern;
use crate::config::near;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::path::PathBuf;

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The AI API.
    Api,
    /// The AI API, its answers to be fetched later.
    Jobs,
    /// Index into [`crate::config::edge::Edge::clusters`].
    Cluster(usize),
    Redirect(Redirect),
    Answer {
        status: u16,
        body: String,
        content_type: String,
    },
    Files(Files),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `{host}`, `{path}`, `{uri}`, `{query}` and `{1}` to `{9}` are filled in.
    pub to: String,
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub root: PathBuf,
    /// For folders.
    pub index: String,
    /// For what is not there: a path below the root.
    pub fallback: Option<String>,
}

/// Exactly one destination.
pub fn read(item: &Field<'_>, section: &Section<'_>, clusters: &[Cluster]) -> Option<Destination> {
    let names = ["cluster", "api", "jobs", "redirect", "answer", "files"];
    let mut written = names.into_iter().filter_map(|name| Some((name, section.field(name)?)));
    let Some((name, field)) = written.next() else {
        item.refuse(format!("leads nowhere: write {}", units::either(names.into_iter())));
        return None;
    };
    if let Some((second, other)) = written.next() {
        other.refuse(format!(
            "cannot stand beside `{name}`: a route leads to one place, not to `{second}` too"
        ));
    }
    match name {
        "cluster" => cluster(&field, clusters),
        "redirect" => redirect(&field),
        "answer" => answer(&field),
        "files" => files(&field),
        "jobs" => on(&field).then_some(Destination::Jobs),
        _ => on(&field).then_some(Destination::Api),
    }
}

fn on(field: &Field<'_>) -> bool {
    let on = field.read(units::switch) == Some(true);
    if !on {
        field.refuse("must be `true`, or leave it out");
    }
    on
}

fn cluster(field: &Field<'_>, clusters: &[Cluster]) -> Option<Destination> {
    let name = field.text()?;
    let found = clusters.iter().position(|cluster| cluster.name == name);
    if found.is_none() {
        let hint = near::did_you_mean(&name, clusters.iter().map(|cluster| cluster.name.as_str()));
        field.refuse_with_hint(format!("names {}, which is no cluster", field.shown()), hint);
    }
    found.map(Destination::Cluster)
}

fn redirect(field: &Field<'_>) -> Option<Destination> {
    let section = field.section(&shapes::REDIRECT);
    let to = section.required("to").and_then(|field| field.text());
    let status = section.optional("status", redirect_status).unwrap_or(308);
    Some(Destination::Redirect(Redirect { to: to?, status }))
}

fn redirect_status(text: &str) -> Result<u16, String> {
    units::word(&[("301", 301), ("302", 302), ("303", 303), ("307", 307), ("308", 308)])(text)
}

fn answer(field: &Field<'_>) -> Option<Destination> {
    let section = field.section(&shapes::ANSWER);
    let text = |name| section.optional(name, |text| Ok(text.to_owned()));
    let (body, kind) = (text("body").unwrap_or_default(), text("type"));
    let status = section.required("status").and_then(|field| field.read(status));
    let content_type = kind.unwrap_or_else(|| "text/plain; charset=utf-8".to_owned());
    Some(Destination::Answer { status: status?, body, content_type })
}

fn status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(status @ 200..=599) => Ok(status),
        Ok(_) | Err(_) => Err("must be a status from 200 to 599".to_owned()),
    }
}

fn files(field: &Field<'_>) -> Option<Destination> {
    let section = field.section(&shapes::FILES);
    let root = section.required("root").and_then(|field| field.text());
    let index = section.optional("index", |text| Ok(text.to_owned())).unwrap_or("index.html".to_owned());
    let fallback = section.optional("fallback", pattern::absolute);
    Some(Destination::Files(Files { root: PathBuf::from(root?), index, fallback }))
}
