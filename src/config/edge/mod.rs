//! `routes`, `clusters`, `jobs`, `trusted_proxies`: what the gateway does for all that is no AI request.

mod check;
mod cluster;
mod destination;
mod guard;
mod headers;
mod jobs;
mod pattern;
mod route;

pub use check::{Check, Probe};
pub use cluster::{Balance, Cluster, Eject, HashOn, Queue, Server, Sticky, StickyBy, Tls};
pub use destination::{Destination, Files, Redirect};
pub use guard::{Basic, Cors, Origins, RouteAuth, RouteLimits};
pub use headers::{HeaderChanges, Rewrite, UpstreamHost};
pub use jobs::Jobs;
pub use pattern::{HostPattern, PathPattern};
pub use route::{Route, Timeouts};

use crate::config::Limits;
use crate::config::range;
use crate::config::range::IpRange;
use crate::config::reader::Section;
use crate::config::units;

/// Everything the edge is told.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Peers that are believed when they say whom they speak for.
    pub trusted: Vec<IpRange>,
    pub real_ip: RealIp,
    /// As written.
    pub routes: Vec<Route>,
    pub clusters: Vec<Cluster>,
    pub jobs: Jobs,
}

/// The header in which a trusted proxy says whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealIp {
    /// `X-Forwarded-For`: the last address that is not trusted itself.
    ForwardedFor,
    /// `Forwarded` (RFC 7239), likewise.
    Forwarded,
    CfConnectingIp,
    RealIp,
    None,
}

impl RealIp {
    pub const WORDS: [(&'static str, RealIp); 5] = [
        ("x-forwarded-for", RealIp::ForwardedFor),
        ("forwarded", RealIp::Forwarded),
        ("cf-connecting-ip", RealIp::CfConnectingIp),
        ("x-real-ip", RealIp::RealIp),
        ("none", RealIp::None),
    ];
}

/// Reads all sections of the edge.
pub fn read(root: &Section<'_>, limits: &Limits) -> Edge {
    let trusted = root.items("trusted_proxies");
    let clusters = cluster::read(root);
    Edge {
        trusted: trusted.into_iter().filter_map(|item| item.read(range::range)).collect(),
        real_ip: root.optional("real_ip", units::word(&RealIp::WORDS)).unwrap_or(RealIp::ForwardedFor),
        routes: route::read(root, &clusters, limits),
        clusters,
        jobs: jobs::read(root),
    }
}
