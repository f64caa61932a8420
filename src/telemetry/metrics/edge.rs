//! What is counted of routes and clusters.

use crate::telemetry::metrics::families::Table;
use crate::telemetry::metrics::words;
use prometheus::IntCounterVec;
use prometheus::IntGaugeVec;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::PoisonError;

/// How a cluster stands when Prometheus asks.
pub struct ClusterReading {
    pub name: String,
    pub queued: usize,
    /// Since the start.
    pub ejections: u64,
    pub servers: Vec<ServerReading>,
}

pub struct ServerReading {
    /// Its address: of the configuration, or what a name of it resolves to.
    pub server: String,
    pub healthy: bool,
    pub in_flight: u32,
}

pub(super) struct EdgeFamilies {
    requests: IntCounterVec,
    retries: IntCounterVec,
    healthy: IntGaugeVec,
    in_flight: IntGaugeVec,
    queued: IntGaugeVec,
    ejections: IntCounterVec,
    /// Clusters that the last readings showed.
    shown: Mutex<HashSet<String>>,
}

impl EdgeFamilies {
    pub(super) fn new(table: &Table) -> EdgeFamilies {
        let of_server = ["cluster", "server"];
        EdgeFamilies {
            requests: table.counters(
                "tollgate_route_requests_total",
                "Requests on routes, by class of status.",
                &["route", "code"],
            ),
            retries: table.counters(
                "tollgate_route_retries_total",
                "Further servers that were asked.",
                &["route"],
            ),
            healthy: table.gauges("tollgate_server_healthy", "1 while it is in rotation.", &of_server),
            in_flight: table.gauges("tollgate_server_in_flight", "Requests under way.", &of_server),
            queued: table.gauges("tollgate_cluster_queued", "Requests that wait for a server.", &["cluster"]),
            ejections: table.counters(
                "tollgate_cluster_ejections_total",
                "Times that a server was left out after failed requests.",
                &["cluster"],
            ),
            shown: Mutex::default(),
        }
    }

    /// Routes are those of configurations.
    pub(super) fn routed(&self, route: &str, status: u16, retries: u32) {
        self.requests.with_label_values(&[route, words::class(status)]).inc();
        if retries > 0 {
            self.retries.with_label_values(&[route]).inc_by(u64::from(retries));
        }
    }

    /// What is missing here disappears: servers come and go.
    pub(super) fn read(&self, clusters: &[ClusterReading]) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in shown.iter().filter(|name| clusters.iter().all(|cluster| cluster.name != **name)) {
            // An error says that it was not there.
            let _ = self.ejections.remove_label_values(&[gone]);
        }
        *shown = clusters.iter().map(|cluster| cluster.name.clone()).collect();
        [&self.healthy, &self.in_flight, &self.queued].into_iter().for_each(IntGaugeVec::reset);
        for cluster in clusters {
            let name = cluster.name.as_str();
            self.queued.with_label_values(&[name]).set(i64::try_from(cluster.queued).unwrap_or(i64::MAX));
            let ejections = self.ejections.with_label_values(&[name]);
            ejections.inc_by(cluster.ejections.saturating_sub(ejections.get()));
            for server in &cluster.servers {
                let labels = [name, server.server.as_str()];
                self.healthy.with_label_values(&labels).set(i64::from(server.healthy));
                self.in_flight.with_label_values(&labels).set(i64::from(server.in_flight));
            }
        }
    }
}
