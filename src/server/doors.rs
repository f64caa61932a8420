//! The admin listener: what its doors open on.

use crate::admin;
use crate::admin::Doors;
use crate::admin::office::Caller;
use crate::admin::office::Office;
use crate::admin::office::Running;
use crate::clock;
use crate::config::Rate;
use crate::edge::cluster;
use crate::gateway::parts::Parts;
use crate::gateway::vendor::Vendor;
use crate::health::Standing;
use crate::limits::IpLimit;
use crate::server::allowances;
use crate::server::reload::Reloader;
use crate::server::standings;
use crate::server::stored;
use crate::server::stored::Home;
use crate::telemetry::metrics::ClusterReading;
use crate::telemetry::metrics::ProviderReading;
use crate::telemetry::metrics::Readings;
use crate::telemetry::metrics::ServerReading;
use crate::tenants::credentials::Admin;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tracing::error;
use tracing::info;

/// How long a question waits for a store that is being opened.
const PATIENCE: Duration = Duration::from_secs(2);

/// Enough for a person who mistypes a token, too little to guess one.
const BAD_KEYS: Rate = Rate { amount: 30, per: Duration::from_secs(60) };

/// Opens the admin listener, if there is to be one.
pub async fn bind(address: Option<SocketAddr>) -> Option<TcpListener> {
    let address = address?;
    match TcpListener::bind(address).await {
        Ok(listener) => {
            info!(%address, "admin listener open");
            Some(listener)
        }
        Err(cause) => {
            error!(%address, %cause, "admin listener not opened");
            None
        }
    }
}

/// Serves the admin listener for as long as the process lives.
pub async fn open(parts: &Arc<Parts>, reloader: &Arc<Reloader>, home: &Home, listener: Option<TcpListener>) {
    if let Some(listener) = listener {
        admin::serve(listener, doors(parts, reloader, home), std::future::pending()).await;
    }
}

fn doors(parts: &Arc<Parts>, reloader: &Arc<Reloader>, home: &Home) -> Doors {
    let (for_tokens, for_readings) = (parts.clone(), parts.clone());
    Doors {
        metrics: parts.ledger.metrics.clone(),
        admin: Arc::new(move |token| for_tokens.credentials.load().admin(token).map(caller)),
        bad_keys: Arc::new(IpLimit::new(BAD_KEYS)),
        refresh: Arc::new(move || read_gauges(&for_readings)),
        office: office(parts, reloader, home),
    }
}

fn caller(admin: &Admin) -> Caller {
    Caller { id: admin.id.to_string(), name: admin.name.to_string(), role: admin.role }
}

fn office(parts: &Arc<Parts>, reloader: &Arc<Reloader>, home: &Home) -> Office {
    let (for_store, for_config, for_changes) = (parts.clone(), parts.clone(), parts.clone());
    let (at_store, home) = (home.clone(), home.clone());
    Office {
        store: Arc::new(move || {
            let (parts, home) = (for_store.clone(), at_store.clone());
            Box::pin(async move {
                let opened = tokio::time::timeout(PATIENCE, stored::opened(&parts, &home)).await;
                opened.ok()?.ok().cloned()
            })
        }),
        config: Arc::new(move || Arc::new(for_config.snapshot.load().config.clone())),
        changed: Arc::new(move || {
            let (parts, home) = (for_changes.clone(), home.clone());
            Box::pin(async move { stored::catch_up(&parts, &home).await })
        }),
        running: Some(running(parts, reloader)),
    }
}

fn running(parts: &Arc<Parts>, reloader: &Arc<Reloader>) -> Running {
    let (for_reload, for_providers, for_limits) = (parts.clone(), parts.clone(), parts.clone());
    let for_clusters = parts.clone();
    let (reloading, checking) = (reloader.clone(), reloader.clone());
    Running {
        reload: Arc::new(move || reloading.reload(&for_reload)),
        check: Arc::new(move |text| checking.check(text)),
        providers: Arc::new(move || standings::providers(&for_providers)),
        clusters: Arc::new(move || {
            let snapshot = for_clusters.snapshot.load();
            snapshot.edge.clusters.iter().map(|cluster| cluster.standing()).collect()
        }),
        limits: Arc::new(move |whose| standings::limits(&for_limits, whose)),
    }
}

fn read_gauges(parts: &Parts) {
    let (snapshot, now) = (parts.snapshot.load(), clock::now());
    let spool = &parts.ledger.spool;
    spool.counts().spool_bytes(spool.backlog());
    let reading = |vendor: &Vendor| (vendor.vitals.standing(now, None), vendor.vitals.usable(now));
    let states: Vec<_> = snapshot.vendors.iter().map(|v| (v.name.clone(), reading(v))).collect();
    let providers: Vec<ProviderReading<'_>> = states
        .iter()
        .map(|(name, (standing, keys_usable))| ProviderReading {
            name,
            healthy: *standing == Standing::Healthy,
            keys_usable: *keys_usable,
        })
        .collect();
    let allowances = allowances::read(&snapshot.vendors, &parts.state);
    let clusters: Vec<ClusterReading> =
        snapshot.edge.clusters.iter().map(|cluster| cluster_reading(cluster.standing())).collect();
    let (clusters, log_lines_dropped) = (&clusters[..], parts.ledger.sink.dropped());
    let readings = Readings { providers: &providers, allowances: &allowances, clusters, log_lines_dropped };
    parts.metrics().read(&readings);
}

fn cluster_reading(standing: cluster::Standing) -> ClusterReading {
    let server = |server: &cluster::ServerStanding| ServerReading {
        server: server.address.to_string(),
        healthy: server.is_healthy(),
        in_flight: server.in_flight,
    };
    ClusterReading {
        servers: standing.servers.iter().map(server).collect(),
        name: standing.cluster,
        queued: standing.queued,
        ejections: standing.ejections,
    }
}
