//! One route, ready to be used.

use crate::config::edge::Destination;
use crate::config::edge::PathPattern;
use crate::config::edge::Route;
use crate::edge::cluster::Cluster;
use crate::edge::zone::Zone;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// One route and what it leads to.
pub struct Rule {
    pub route: Route,
    /// Where it leads to one.
    pub cluster: Option<Arc<Cluster>>,
    /// Where addresses are limited.
    pub zone: Option<Arc<Zone>>,
    /// As lines of the log have it.
    pub name: Arc<str>,
    /// Requests under way.
    busy: Arc<AtomicU32>,
}

/// One of the requests a route has room for; its room is given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    busy: Arc<AtomicU32>,
}

impl Rule {
    pub fn new(route: &Route, clusters: &[Arc<Cluster>], zones: &HashMap<String, Arc<Zone>>) -> Rule {
        let cluster = match &route.to {
            Destination::Cluster(index) => clusters.get(*index).cloned(),
            Destination::Api
            | Destination::Jobs
            | Destination::Redirect(_)
            | Destination::Answer { .. }
            | Destination::Files(_) => None,
        };
        Rule {
            cluster,
            zone: route.limits.per_ip.and_then(|_| zones.get(&route.zone).cloned()),
            name: route.name.as_str().into(),
            busy: Arc::default(),
            route: route.clone(),
        }
    }

    /// Room for one more request; `None` if there is none.
    pub fn enter(&self) -> Option<Place> {
        let place = Place { busy: self.busy.clone() };
        let before = self.busy.fetch_add(1, Ordering::AcqRel);
        // Otherwise the place is given back at once.
        self.route.limits.concurrent.is_none_or(|most| before < most).then_some(place)
    }

    /// Whether its requests may have to wait for a server.
    pub fn may_wait(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.config.per_server.is_some())
    }

    /// What is taken off paths: a folder of files knows nothing of where it is shown, and jobs are asked for as the API
    /// is, behind theirs.
    pub fn prefix(&self) -> Option<&str> {
        let always = matches!(self.route.to, Destination::Files(_) | Destination::Jobs);
        match &self.route.path {
            PathPattern::Prefix(path) if self.route.strip_prefix || always => Some(path),
            PathPattern::Exact(path) if self.route.strip_prefix => Some(path),
            PathPattern::Prefix(_) | PathPattern::Exact(_) | PathPattern::Regex(_) => None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
    }
}
