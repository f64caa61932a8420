//! The names of a cluster's servers become addresses, again and again.

use crate::config::edge;
use crate::edge::cluster::Cluster;
use crate::upstream::resolve;
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
use tracing::info;
use tracing::warn;

/// How long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);
/// How soon a name is tried again that has no address at all: its servers are about to start, perhaps.
const SOON: Duration = Duration::from_secs(1);

/// What is still to be looked up for the first time.
pub struct Names {
    awaited: watch::Sender<usize>,
}

/// The address that an entry already is.
pub fn literal(entry: &edge::Server) -> Option<SocketAddr> {
    resolve::literal(&entry.host, entry.port)
}

impl Names {
    pub fn new(config: &edge::Cluster) -> Names {
        let names = config.servers.iter().filter(|entry| literal(entry).is_none()).count();
        Names { awaited: watch::Sender::new(names) }
    }

    pub fn are_awaited(&self) -> bool {
        *self.awaited.borrow() > 0
    }

    /// Waits until one of them has addresses, or none can have any.
    pub async fn first_look(&self, patience: Duration) {
        let mut looks = self.awaited.subscribe();
        // Whoever runs out of patience finds nobody, which is said to the client.
        let _ = tokio::time::timeout(patience, looks.wait_for(|awaited| *awaited == 0)).await;
    }

    /// Each by itself: one that waits for a slow resolver must not hold up the others.
    pub async fn keep(&self, cluster: &Cluster) {
        let names = cluster.config.servers.iter().filter(|entry| literal(entry).is_none());
        join_all(names.map(|entry| self.keep_one(cluster, entry))).await;
    }

    async fn keep_one(&self, cluster: &Cluster, entry: &edge::Server) {
        let (mut looked, mut failing) = (false, false);
        loop {
            let found = resolve::look_up(&entry.host, entry.port, LOOK_UP).await;
            let (name, host) = (cluster.config.name.as_str(), entry.host.as_str());
            match &found {
                Ok(addresses) => {
                    let joins = looked && !cluster.roster.is_empty();
                    cluster.roster.set(&cluster.config, entry, addresses, joins);
                    if failing {
                        info!(cluster = name, host, "name resolves again");
                    }
                    failing = false;
                    self.awaited.send_replace(0);
                }
                // It keeps the addresses it had.
                Err(cause) => {
                    if !failing {
                        warn!(cluster = name, host, %cause, "name does not resolve");
                    }
                    failing = true;
                    if !looked {
                        self.awaited.send_modify(|awaited| *awaited = awaited.saturating_sub(1));
                    }
                }
            }
            looked = true;
            let every = cluster.config.resolve;
            tokio::time::sleep(if failing { every.min(SOON) } else { every }).await;
        }
    }
}
