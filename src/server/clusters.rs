//! Keeps the clusters of the configuration in force: names are looked up, servers checked.

use crate::edge::Cluster;
use crate::gateway::parts::Parts;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How soon a reload is noticed here.
const LOOK: Duration = Duration::from_millis(200);

/// Keeps them for ever. Each has a task of its own: one that waits for a slow resolver must not hold up the others.
pub async fn keep(parts: &Parts) {
    let mut kept: Vec<Arc<Cluster>> = Vec::new();
    let mut _tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let snapshot = parts.snapshot.load_full();
        let same = |one: &[Arc<Cluster>], other: &[Arc<Cluster>]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(one, other))
        };
        if !same(&kept, &snapshot.edge.clusters) {
            kept.clone_from(&snapshot.edge.clusters);
            // Those of before end with this.
            _tasks = kept.iter().cloned().map(|cluster| async move { cluster.keep().await }).collect();
        }
    }
}
