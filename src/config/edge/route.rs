//! `routes`: what becomes of a request, by its host and path.

use crate::config::Limits;
use crate::config::edge::cluster::Cluster;
use crate::config::edge::guard;
use crate::config::edge::guard::{Cors, RouteAuth, RouteLimits};
use crate::config::edge::headers;
use crate::config::edge::headers::{HeaderChanges, Rewrite, UpstreamHost};
use crate::config::edge::pattern;
use crate::config::edge::pattern::{HostPattern, PathPattern};
use crate::config::near;
use crate::config::range::IpRange;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use http::Method;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// One rule.
#[derive(Clone, Debug)]
pub struct Route {
    /// In logs and metrics.
    pub name: String,
    /// Empty: any.
    pub hosts: Vec<HostPattern>,
    pub path: PathPattern,
    /// Empty: any.
    pub methods: Vec<Method>,
    pub to: Destination,
    pub strip_prefix: bool,
    pub rewrite: Option<Rewrite>,
    pub upstream_host: UpstreamHost,
    pub request_headers: HeaderChanges,
    pub response_headers: HeaderChanges,
    /// Largest body of a request, in bytes.
    pub body: u64,
    pub timeouts: Timeouts,
    pub limits: RouteLimits,
    /// Whose buckets the addresses fill.
    pub zone: String,
    pub auth: RouteAuth,
    /// Empty: everybody.
    pub allow: Vec<IpRange>,
    pub deny: Vec<IpRange>,
    pub cors: Option<Cors>,
    pub compress: bool,
    pub websocket: bool,
    /// More servers that are tried. Default 1.
    pub retries: u32,
}

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Default 5 s.
    pub connect: Duration,
    /// Between two pieces of an answer, the head being the first. Default 60 s; 1 h once it is a WebSocket.
    pub read: Option<Duration>,
    /// Between two pieces of a request. Default 60 s.
    pub write: Duration,
}

/// Reads `routes`.
pub fn read(root: &Section<'_>, clusters: &[Cluster], limits: &Limits) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for item in root.items("routes") {
        let Some(route) = route(&item, clusters, limits) else { continue };
        if routes.iter().any(|other| other.name == route.name) {
            item.refuse(format!("has the name of a route above, `{}`; give it a `name`", route.name));
        }
        routes.push(route);
    }
    agree_on_zones(root, &routes);
    routes
}

fn route(item: &Field<'_>, clusters: &[Cluster], limits: &Limits) -> Option<Route> {
    let section = item.section(&shapes::ROUTE);
    let (hosts, path, to) = (pattern::hosts(&section), pattern::path(&section), to(item, &section, clusters));
    let (path, to) = (path?, to?);
    let default = format!("{}{}", hosts.first().map(ToString::to_string).unwrap_or_default(), path.text());
    let name = section.optional("name", units::label).unwrap_or(default);
    let switch = |name, default| section.optional(name, units::switch).unwrap_or(default);
    if matches!((&to, &path), (Destination::Jobs, PathPattern::Exact(_) | PathPattern::Regex(_))) {
        item.refuse("needs a prefix `path` for `jobs`");
    }
    Some(Route {
        zone: section.optional("zone", units::label).unwrap_or_else(|| name.clone()),
        name,
        hosts,
        methods: section.items("methods").iter().filter_map(|item| item.read(guard::method)).collect(),
        strip_prefix: strip_prefix(&section, &path),
        path,
        to,
        rewrite: headers::rewrite(&section),
        upstream_host: headers::upstream_host(&section),
        request_headers: headers::changes(&section, "request_headers", &shapes::REQUEST_HEADERS),
        response_headers: headers::changes(&section, "response_headers", &shapes::RESPONSE_HEADERS),
        body: guard::body(&section, limits),
        timeouts: timeouts(&section),
        limits: guard::limits(&section),
        auth: guard::auth(&section),
        allow: guard::ranges(&section, "allow"),
        deny: guard::ranges(&section, "deny"),
        cors: guard::cors(&section),
        compress: switch("compress", false),
        websocket: switch("websocket", true),
        retries: section.optional("retries", units::count).unwrap_or(1).min(15),
    })
}

/// Exactly one destination.
fn to(item: &Field<'_>, section: &Section<'_>, clusters: &[Cluster]) -> Option<Destination> {
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
        field.refuse_with_hint(format!("names `{name}`, which is no cluster"), hint);
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
    let status = section.required("status").and_then(|field| field.read(status));
    Some(Destination::Answer {
        status: status?,
        body: section.optional("body", |text| Ok(text.to_owned())).unwrap_or_default(),
        content_type: section
            .optional("type", |text| Ok(text.to_owned()))
            .unwrap_or_else(|| "text/plain; charset=utf-8".to_owned()),
    })
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
    Some(Destination::Files(Files {
        root: PathBuf::from(root?),
        index: section.optional("index", |text| Ok(text.to_owned())).unwrap_or("index.html".to_owned()),
        fallback: section.optional("fallback", pattern::absolute),
    }))
}

fn strip_prefix(section: &Section<'_>, path: &PathPattern) -> bool {
    let strip = section.optional("strip_prefix", units::switch).unwrap_or(false);
    if let (true, PathPattern::Regex(_), Some(field)) = (strip, path, section.field("strip_prefix")) {
        field.refuse("needs a prefix; use `rewrite` beside `regex`");
    }
    strip
}

fn timeouts(section: &Section<'_>) -> Timeouts {
    let section = section.section("timeouts", &shapes::TIMEOUTS);
    let span = |name| section.optional(name, units::some_duration);
    Timeouts {
        connect: span("connect").unwrap_or(Duration::from_secs(5)),
        read: span("read"),
        write: span("write").unwrap_or(Duration::from_secs(60)),
    }
}

/// Routes of one zone fill the same buckets, which cannot have two sizes.
fn agree_on_zones(root: &Section<'_>, routes: &[Route]) {
    let mut zones: HashMap<&str, RouteLimits> = HashMap::new();
    for route in routes {
        let first = zones.entry(&route.zone).or_insert(route.limits);
        let same = first.per_ip == route.limits.per_ip && first.burst == route.limits.burst;
        if let (false, Some(field)) = (same, root.field("routes")) {
            field.refuse(format!("give the zone `{}` two limits per address; make them alike", route.zone));
        }
    }
}
