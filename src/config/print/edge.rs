//! Routes, clusters and jobs.

use crate::config::Config;
use crate::config::edge::Cors;
use crate::config::edge::Destination;
use crate::config::edge::Edge;
use crate::config::edge::HeaderChanges;
use crate::config::edge::Jobs;
use crate::config::edge::Origins;
use crate::config::edge::PathPattern;
use crate::config::edge::RealIp;
use crate::config::edge::Route;
use crate::config::edge::RouteAuth;
use crate::config::edge::RouteLimits;
use crate::config::edge::Timeouts;
use crate::config::edge::UpstreamHost;
use crate::config::print::block;
use crate::config::print::cluster::cluster;
use crate::config::print::section;
use crate::config::print::words::duration;
use crate::config::print::words::list;
use crate::config::print::words::or_off;
use crate::config::print::words::path;
use crate::config::print::words::quoted;
use crate::config::print::words::rate;
use crate::config::print::words::size;
use http::HeaderValue;

/// All of the edge.
pub fn edge(config: &Config) -> String {
    let edge = &config.edge;
    let real_ip = RealIp::WORDS.iter().find(|(_, by)| *by == edge.real_ip).map_or("none", |(word, _)| word);
    let routes = edge.routes.iter().map(|one| route(one, edge)).collect();
    [
        format!("trusted_proxies: {}\nreal_ip: {real_ip}\n", texts(&edge.trusted)),
        block("routes", "[]", routes),
        block("clusters", "{}", edge.clusters.iter().map(cluster).collect()),
        jobs(&edge.jobs),
    ]
    .concat()
}

pub fn texts<T: ToString>(values: &[T]) -> String {
    list(&values.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn route(route: &Route, edge: &Edge) -> String {
    let mut lines: Vec<(&str, String)> = vec![("name", quoted(&route.name))];
    if !route.hosts.is_empty() {
        lines.push(("host", texts(&route.hosts)));
    }
    let kind = match &route.path {
        PathPattern::Prefix(_) => "path",
        PathPattern::Exact(_) => "exact",
        PathPattern::Regex(_) => "regex",
    };
    lines.push((kind, quoted(route.path.text())));
    lines.push(("methods", texts(&route.methods)));
    lines.push(to(&route.to, edge));
    lines.push(("strip_prefix", route.strip_prefix.to_string()));
    if let Some(rewrite) = &route.rewrite {
        let (regex, to) = (quoted(rewrite.regex.as_str()), quoted(&rewrite.to));
        lines.push(("rewrite", format!("{{ regex: {regex}, to: {to} }}")));
    }
    let upstream_host = match &route.upstream_host {
        UpstreamHost::Keep => "keep".to_owned(),
        UpstreamHost::Server => "server".to_owned(),
        UpstreamHost::Value(host) => value(host),
    };
    lines.push(("upstream_host", upstream_host));
    lines.push(("request_headers", changes(&route.request_headers)));
    lines.push(("response_headers", changes(&route.response_headers)));
    lines.push(("body", size(route.body)));
    lines.push(("timeouts", timeouts(&route.timeouts)));
    lines.push(("limits", limits(&route.limits)));
    lines.push(("zone", quoted(&route.zone)));
    lines.extend(auth(&route.auth));
    lines.push(("allow", texts(&route.allow)));
    lines.push(("deny", texts(&route.deny)));
    lines.extend(route.cors.as_ref().map(|rules| ("cors", cors(rules))));
    lines.push(("compress", route.compress.to_string()));
    lines.push(("websocket", route.websocket.to_string()));
    lines.push(("retries", route.retries.to_string()));
    let lines = lines.iter().enumerate();
    lines
        .map(|(at, (name, text))| format!("  {} {name}: {text}\n", if at == 0 { "-" } else { " " }))
        .collect()
}

fn to(to: &Destination, edge: &Edge) -> (&'static str, String) {
    match to {
        Destination::Api => ("api", "true".to_owned()),
        Destination::Jobs => ("jobs", "true".to_owned()),
        Destination::Cluster(index) => {
            ("cluster", quoted(edge.clusters.get(*index).map_or("", |cluster| &cluster.name)))
        }
        Destination::Redirect(redirect) => {
            ("redirect", format!("{{ to: {}, status: {} }}", quoted(&redirect.to), redirect.status))
        }
        Destination::Answer { status, body, content_type } => {
            let (body, kind) = (quoted(body), quoted(content_type));
            ("answer", format!("{{ status: {status}, body: {body}, type: {kind} }}"))
        }
        Destination::Files(files) => {
            let fallback = files.fallback.as_deref().map(|path| format!(", fallback: {}", quoted(path)));
            let (root, index) = (path(&files.root), quoted(&files.index));
            ("files", format!("{{ root: {root}, index: {index}{} }}", fallback.unwrap_or_default()))
        }
    }
}

/// Its signs are those of a header.
fn value(value: &HeaderValue) -> String {
    quoted(&String::from_utf8_lossy(value.as_bytes()))
}

fn changes(changes: &HeaderChanges) -> String {
    let set: Vec<String> =
        changes.set.iter().map(|(name, to)| format!("{}: {}", quoted(name.as_str()), value(to))).collect();
    format!("{{ set: {{ {} }}, remove: {} }}", set.join(", "), texts(&changes.remove))
}

fn timeouts(timeouts: &Timeouts) -> String {
    let read = timeouts.read.map(|read| format!(", read: {}", duration(read))).unwrap_or_default();
    format!("{{ connect: {}{read}, write: {} }}", duration(timeouts.connect), duration(timeouts.write))
}

fn limits(limits: &RouteLimits) -> String {
    let (per_ip, concurrent) =
        (or_off(limits.per_ip, rate), or_off(limits.concurrent, |most| most.to_string()));
    format!("{{ per_ip: {per_ip}, burst: {}, concurrent: {concurrent} }}", limits.burst)
}

fn auth(auth: &RouteAuth) -> Option<(&'static str, String)> {
    match auth {
        RouteAuth::Nothing => None,
        RouteAuth::Keys => Some(("auth", "keys".to_owned())),
        RouteAuth::Basic(basic) => {
            let users = vec!["\"***\""; basic.users.len()].join(", ");
            Some(("auth", format!("{{ basic: [{users}], realm: {} }}", quoted(&basic.realm))))
        }
    }
}

fn cors(cors: &Cors) -> String {
    let origins = match &cors.origins {
        Origins::Any => quoted("*"),
        Origins::These(origins) => format!("[{}]", origins.iter().map(value).collect::<Vec<_>>().join(", ")),
    };
    let lists = [
        ("methods", texts(&cors.methods)),
        ("headers", texts(&cors.headers)),
        ("expose", texts(&cors.expose)),
    ];
    let lists: Vec<String> = lists.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    let (credentials, max_age) = (cors.credentials, duration(cors.max_age));
    format!("{{ origins: {origins}, {}, credentials: {credentials}, max_age: {max_age} }}", lists.join(", "))
}

fn jobs(jobs: &Jobs) -> String {
    let values = [
        ("concurrency", jobs.concurrency.to_string()),
        ("keep", duration(jobs.keep)),
        ("body", size(jobs.body as u64)),
        ("timeout", duration(jobs.timeout)),
        ("retries", jobs.retries.to_string()),
        ("retry_delay", duration(jobs.retry_delay)),
        ("most", jobs.most.to_string()),
    ];
    section("jobs", &values)
}
