//! `routes`: what becomes of a request, by its host and path.

use crate::config::Limits;
use crate::config::edge::cluster::Cluster;
use crate::config::edge::destination;
use crate::config::edge::destination::Destination;
use crate::config::edge::guard;
use crate::config::edge::guard::{Cors, RouteAuth, RouteLimits};
use crate::config::edge::headers;
use crate::config::edge::headers::{HeaderChanges, Rewrite, UpstreamHost};
use crate::config::edge::pattern;
use crate::config::edge::pattern::{HostPattern, PathPattern};
use crate::config::range::IpRange;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use http::Method;
use std::collections::HashMap;
use std::time::Duration;

/// Longest name of a route, in signs.
const LONGEST_NAME: usize = 100;

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

/// Longest wait for a piece of an answer.
const ANSWER: Duration = Duration::from_secs(60);
/// WebSockets may be silent for longer.
const SILENCE: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Default 5 s.
    pub connect: Duration,
    /// Between two pieces of an answer, the head being the first. Default 60 s; 1 h once it is a WebSocket.
    pub read: Option<Duration>,
    /// Between two pieces of a request. Default 60 s.
    pub write: Duration,
}

impl Timeouts {
    /// Longest wait for a piece of an answer, the head being the first.
    pub fn answer(self) -> Duration {
        self.read.unwrap_or(ANSWER)
    }

    /// Longest wait for the head of an answer that may become a WebSocket: a route that lets those be silent for long
    /// does not mean their beginning.
    pub fn opening(self) -> Duration {
        self.answer().min(ANSWER)
    }

    /// How long an open WebSocket may be silent in one direction.
    pub fn silence(self) -> Duration {
        self.read.unwrap_or(SILENCE)
    }
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
    let (hosts, path, to) =
        (pattern::hosts(&section), pattern::path(&section), destination::read(item, &section, clusters));
    // Reading goes on, so that all problems are told at once.
    let is_whole = path.is_some() && to.is_some();
    let (path, to) = (path.unwrap_or(PathPattern::Prefix(String::new())), to.unwrap_or(Destination::Api));
    let default = format!("{}{}", hosts.first().map(ToString::to_string).unwrap_or_default(), path.text());
    let name = section.optional("name", words).unwrap_or(default);
    let switch = |name, default| section.optional(name, units::switch).unwrap_or(default);
    if matches!((&to, &path), (Destination::Jobs, PathPattern::Exact(_) | PathPattern::Regex(_))) {
        item.refuse("needs a prefix `path` for `jobs`");
    }
    let route = Route {
        zone: section.optional("zone", words).unwrap_or_else(|| name.clone()),
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
    };
    is_whole.then_some(route)
}

/// What stands in lines of the log and as a label of metrics.
fn words(text: &str) -> Result<String, String> {
    match text.chars().count() <= LONGEST_NAME && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!("must have {LONGEST_NAME} signs or less, and no control signs")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_websockets_may_be_silent_for_long() {
        let (ten, minute, hour) =
            (Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(3600));
        for (read, expected) in
            [(None, (minute, minute, hour)), (Some(ten), (ten, ten, ten)), (Some(hour), (hour, minute, hour))]
        {
            let timeouts = Timeouts { connect: ten, read, write: ten };
            assert_eq!((timeouts.answer(), timeouts.opening(), timeouts.silence()), expected, "{read:?}");
        }
    }
}
