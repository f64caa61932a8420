//! The admin listener: what its doors open on.

use crate::admin;
use crate::admin::Doors;
use crate::clock;
use crate::gateway::parts::Parts;
use crate::health::Standing;
use crate::server::allowances;
use crate::server::reload::Reloader;
use crate::telemetry::metrics::ProviderReading;
use crate::telemetry::metrics::Readings;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing::error;
use tracing::info;

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
pub async fn open(parts: &Arc<Parts>, reloader: &Arc<Reloader>, listener: Option<TcpListener>) {
    if let Some(listener) = listener {
        admin::serve(listener, doors(parts, reloader), std::future::pending()).await;
    }
}

fn doors(parts: &Arc<Parts>, reloader: &Arc<Reloader>) -> Doors {
    let (for_reload, for_keys, for_readings) = (parts.clone(), parts.clone(), parts.clone());
    let reloader = reloader.clone();
    Doors {
        metrics: parts.ledger.metrics.clone(),
        reload: Arc::new(move || reloader.reload(&for_reload)),
        admin_keys: Arc::new(move || for_keys.snapshot.load().admin.into_iter().collect()),
        refresh: Arc::new(move || read_gauges(&for_readings)),
    }
}

fn read_gauges(parts: &Parts) {
    let (snapshot, now) = (parts.snapshot.load(), clock::now());
    let reading = |vendor: &crate::gateway::vendor::Vendor| {
        (vendor.vitals.standing(now, None), vendor.vitals.usable(now))
    };
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
    let log_lines_dropped = parts.ledger.sink.dropped();
    parts.metrics().read(&Readings { providers: &providers, allowances: &allowances, log_lines_dropped });
}
