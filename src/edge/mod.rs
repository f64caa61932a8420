//! Everything nginx and HAProxy did: routes, clusters, TLS, headers.
//!
//! A request's way is a [`Passage`]: opened when its head has come, asked by the gateway's phases one after the other,
//! and closed when it is dropped.

pub mod acme;
pub mod address;
pub mod answer;
pub mod cluster;
pub mod cors;
pub mod doors;
pub mod encode;
pub mod files;
pub mod forward;
pub mod fresh;
pub mod guard;
pub mod line;
pub mod page;
pub mod passage;
pub mod path;
pub mod peer;
pub mod proxy_protocol;
pub mod redirect;
pub mod refused;
pub mod rule;
pub mod table;
pub mod tls;
pub mod tries;
pub mod vary;
pub mod zone;

pub use cluster::Cluster;
pub use doors::Doors;
pub use passage::Passage;
pub use refused::Refused;
pub use rule::Rule;
pub use tries::Fault;

use crate::config;
use crate::edge::cluster::Unusable;
use crate::edge::table::Table;
use crate::edge::zone::Zone;
use std::collections::HashMap;
use std::sync::Arc;

/// The routes and clusters of one configuration.
pub struct Edge {
    table: Table,
    /// In the order of the configuration.
    rules: Vec<Arc<Rule>>,
    pub clusters: Vec<Arc<Cluster>>,
    pub zones: HashMap<String, Arc<Zone>>,
}

impl Edge {
    /// Makes routes ready. Clusters and zones that did not change are those of `before`: a reload must not forget
    /// who is healthy, and let nobody begin anew.
    ///
    /// # Errors
    /// [`Unusable`] names the cluster.
    pub fn new(config: &config::edge::Edge, before: Option<&Edge>) -> Result<Edge, Unusable> {
        let clusters: Vec<Arc<Cluster>> =
            config.clusters.iter().map(|cluster| cluster_of(cluster, before)).collect::<Result<_, _>>()?;
        let zones = zones(config, before);
        let rules = config.routes.iter().map(|route| Arc::new(Rule::new(route, &clusters, &zones))).collect();
        // From here on nothing fails: clusters that share their servers with those of before may change them.
        clusters.iter().for_each(|cluster| cluster.settle());
        Ok(Edge { table: Table::new(&config.routes), rules, clusters, zones })
    }

    /// Whether there is anything but the AI API.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The rule for a host and a plain path.
    pub fn find(&self, host: &str, path: &str) -> Option<&Arc<Rule>> {
        self.table.find(host, path).map(|route| &self.rules[route])
    }
}

fn cluster_of(config: &config::edge::Cluster, before: Option<&Edge>) -> Result<Arc<Cluster>, Unusable> {
    let named = before.and_then(|edge| edge.clusters.iter().find(|old| old.config.name == config.name));
    match named {
        Some(same) if same.config == *config => Ok(same.clone()),
        _ => Cluster::new(config.clone(), named.map(|named| &**named)),
    }
}

fn zones(config: &config::edge::Edge, before: Option<&Edge>) -> HashMap<String, Arc<Zone>> {
    let mut zones = HashMap::new();
    for route in &config.routes {
        let Some(rate) = route.limits.per_ip else { continue };
        let same = before.and_then(|edge| edge.zones.get(&route.zone));
        let same = same.filter(|zone| zone.rate == rate && zone.burst == route.limits.burst);
        let zone = same.cloned().unwrap_or_else(|| Arc::new(Zone::new(rate, route.limits.burst)));
        zones.entry(route.zone.clone()).or_insert(zone);
    }
    zones
}
