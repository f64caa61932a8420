//! `clusters`: servers that do the same, and how one of them is chosen.

use crate::config::edge::check;
use crate::config::edge::check::Check;
use crate::config::edge::headers;
use crate::config::edge::pattern;
use crate::config::files;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use http::HeaderName;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    pub servers: Vec<Server>,
    /// Between two looks at the names of servers. Default 10 s.
    pub resolve: Duration,
    pub balance: Balance,
    pub tls: Option<Tls>,
    pub http2: bool,
    pub check: Option<Check>,
    pub eject: Option<Eject>,
    /// A server that comes gets its share step by step over this long.
    pub slow_start: Option<Duration>,
    /// Requests at once.
    pub per_server: Option<u32>,
    pub queue: Queue,
    pub sticky: Option<Sticky>,
    /// Where clients in private networks see how it stands.
    pub status: Option<String>,
    /// How long unused connections are kept. Default 60 s.
    pub idle: Duration,
}

/// A name or an address, without brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub weight: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Balance {
    RoundRobin,
    LeastConnections,
    /// Two are drawn, the one with fewer requests is taken.
    RandomTwo,
    Random,
    Hash(HashOn),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashOn {
    Ip,
    Path,
    Header(HeaderName),
    Cookie(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// What certificates must be for. Default: the server's name.
    pub name: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub verify: bool,
}

/// When failures of real requests leave a server out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eject {
    pub after: u32,
    pub period: Duration,
}

/// Requests that wait for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    pub size: u32,
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sticky {
    pub by: StickyBy,
    pub ttl: Duration,
    /// Sessions that are remembered.
    pub size: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StickyBy {
    /// Set by us; names the server.
    Cookie(String),
    /// Learnt from responses.
    Header(HeaderName),
}

/// Reads `clusters`.
pub fn read(root: &Section<'_>) -> Vec<Cluster> {
    let entries = root.entries("clusters").into_iter();
    entries.filter_map(|(name, field)| cluster(name, &field)).collect()
}

fn cluster(name: &str, field: &Field<'_>) -> Option<Cluster> {
    if let Err(must) = units::label(name) {
        field.refuse(format!("{must}, found `{name}`"));
    }
    let section = field.section(&shapes::CLUSTER);
    let span =
        |name, seconds| section.optional(name, units::some_duration).unwrap_or(Duration::from_secs(seconds));
    let servers = section.required("servers").map(|list| list.items()).unwrap_or_default();
    let servers: Vec<Server> = servers.iter().filter_map(server).collect();
    if servers.is_empty() {
        field.refuse("has no server");
    }
    Some(Cluster {
        name: name.to_owned(),
        servers,
        resolve: span("resolve", 10),
        balance: balance(&section),
        tls: section.field("tls").map(|field| tls(&field)),
        http2: section.optional("http2", units::switch).unwrap_or(false),
        check: section.field("check").map(|field| check::read(&field)),
        eject: eject(&section),
        slow_start: section.optional("slow_start", units::duration_or_off).flatten(),
        per_server: section.optional("per_server", units::count_or_off).flatten(),
        queue: queue(&section),
        sticky: section.field("sticky").and_then(|field| sticky(&field)),
        status: section.optional("status", pattern::absolute),
        idle: span("idle", 60),
    })
}

fn server(item: &Field<'_>) -> Option<Server> {
    if item.is_scalar() {
        let (host, port) = item.read(address)?;
        return Some(Server { host, port, weight: 1 });
    }
    let section = item.section(&shapes::CLUSTER_SERVER);
    let address = section.required("address").and_then(|field| field.read(address));
    let weight = section.optional("weight", weight).unwrap_or(1);
    let (host, port) = address?;
    Some(Server { host, port, weight })
}

/// The balancer has a slot per unit of weight.
fn weight(text: &str) -> Result<u32, String> {
    match units::some_count(text)? {
        weight @ 1..=1000 => Ok(weight),
        _ => Err("must be 1000 or less".to_owned()),
    }
}

fn address(text: &str) -> Result<(String, u16), String> {
    let must = || "must be a host and a port such as `storage:9000` or `[::1]:9000`".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(must)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = |host: &str| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(must)?;
    match bare {
        Some(v6) if v6.parse::<std::net::Ipv6Addr>().is_ok() => Ok((v6.to_owned(), port)),
        None if named(host) => Ok((host.to_ascii_lowercase(), port)),
        Some(_) | None => Err(must()),
    }
}

fn balance(section: &Section<'_>) -> Balance {
    let on = section.optional("hash_on", hash_on);
    let words = ["round_robin", "least_connections", "random_two", "random", "hash"];
    let read = |text: &str| match text {
        "round_robin" => Ok(Balance::RoundRobin),
        "least_connections" => Ok(Balance::LeastConnections),
        "random_two" => Ok(Balance::RandomTwo),
        "random" => Ok(Balance::Random),
        "hash" => Ok(Balance::Hash(on.clone().unwrap_or(HashOn::Ip))),
        _ => Err(format!("must be {}", units::either(words.into_iter()))),
    };
    let balance = section.optional("balance", read).unwrap_or(Balance::RoundRobin);
    if let (Some(field), false) = (section.field("hash_on"), matches!(balance, Balance::Hash(_))) {
        field.refuse("needs `balance: hash`");
    }
    balance
}

fn hash_on(text: &str) -> Result<HashOn, String> {
    match (text, text.strip_prefix("header:"), text.strip_prefix("cookie:")) {
        ("ip", _, _) => Ok(HashOn::Ip),
        ("path", _, _) => Ok(HashOn::Path),
        (_, Some(name), _) => headers::header(name).map(HashOn::Header),
        (_, _, Some(name)) => cookie(name).map(HashOn::Cookie),
        (_, None, None) => Err("must be `ip`, `path`, `header:<name>` or `cookie:<name>`".to_owned()),
    }
}

fn cookie(text: &str) -> Result<String, String> {
    headers::header(text).map(|_| text.to_owned()).map_err(|_| "must be the name of a cookie".to_owned())
}

fn tls(field: &Field<'_>) -> Tls {
    // `tls: true` is all that most need.
    if field.is_scalar() {
        if field.read(units::switch) == Some(false) {
            field.refuse("must be `true` or a mapping; leave it out for plain connections");
        }
        return Tls { name: None, ca_file: None, verify: true };
    }
    let section = field.section(&shapes::CLUSTER_TLS);
    let verify = section.optional("verify", units::switch).unwrap_or(true);
    if let (false, Some(field)) = (verify, section.field("verify")) {
        field.note("is off: anybody on the way can pose as these servers");
    }
    Tls {
        name: section.field("name").and_then(|field| field.text()),
        ca_file: section.field("ca_file").and_then(|field| files::readable(&field)),
        verify,
    }
}

fn eject(section: &Section<'_>) -> Option<Eject> {
    const USUAL: Eject = Eject { after: 5, period: Duration::from_secs(10) };
    let Some(field) = section.field("eject") else { return Some(USUAL) };
    if field.is_scalar() {
        field.read(units::word(&[("off", ())]));
        return None;
    }
    let section = field.section(&shapes::EJECT);
    Some(Eject {
        after: section.optional("after", units::some_count).unwrap_or(USUAL.after),
        period: section.optional("for", units::some_duration).unwrap_or(USUAL.period),
    })
}

fn queue(section: &Section<'_>) -> Queue {
    let field = section.field("queue");
    if let (Some(field), None) = (&field, section.field("per_server")) {
        field.refuse("needs `per_server`: nobody waits where there is always room");
    }
    let queue = section.section("queue", &shapes::QUEUE);
    Queue {
        size: queue.optional("size", units::count).unwrap_or(100),
        timeout: queue.optional("timeout", units::some_duration).unwrap_or(Duration::from_secs(60)),
    }
}

fn sticky(field: &Field<'_>) -> Option<Sticky> {
    let section = field.section(&shapes::STICKY);
    let by = match (section.field("cookie"), section.field("header")) {
        (Some(field), None) => field.read(cookie).map(StickyBy::Cookie),
        (None, Some(field)) => field.read(headers::header).map(StickyBy::Header),
        (Some(_), Some(_)) | (None, None) => {
            field.refuse("must name either a `cookie` or a `header`");
            None
        }
    };
    Some(Sticky {
        ttl: section.optional("ttl", units::some_duration).unwrap_or(Duration::from_secs(3600)),
        size: section.optional("size", units::some_count).unwrap_or(10_000),
        // The last one: all other problems have been told when this one ends the reading.
        by: by?,
    })
}
