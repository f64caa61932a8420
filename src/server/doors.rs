//! The admin listener: what its doors open on.

use crate::admin;
use crate::admin::Doors;
use crate::admin::office::KeyStanding;
use crate::admin::office::Office;
use crate::admin::office::ProviderStanding;
use crate::admin::office::Running;
use crate::clock;
use crate::config::Rate;
use crate::gateway::parts::Parts;
use crate::gateway::vendor::Vendor;
use crate::health::KeyState;
use crate::health::Standing;
use crate::limits::IpLimit;
use crate::server::desk::Desk;
use crate::server::reload::Reloader;
use crate::telemetry::metrics::ProviderReading;
use crate::telemetry::metrics::Readings;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tracing::error;
use tracing::info;

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
pub async fn open(parts: &Arc<Parts>, reloader: &Arc<Reloader>, listener: Option<TcpListener>) {
    if let Some(listener) = listener {
        let desk = Arc::new(Desk::default());
        let url = parts.snapshot.load().config.store.clone();
        let doors = doors(parts, reloader, &desk);
        tokio::join!(admin::serve(listener, doors, std::future::pending()), desk.keep_looking(&url));
    }
}

fn doors(parts: &Arc<Parts>, reloader: &Arc<Reloader>, desk: &Arc<Desk>) -> Doors {
    let (for_keys, for_readings, at_desk) = (parts.clone(), parts.clone(), desk.clone());
    Doors {
        metrics: parts.ledger.metrics.clone(),
        admin: Arc::new(move |token| at_desk.admin(token, for_keys.snapshot.load().admin)),
        bad_keys: Arc::new(IpLimit::new(BAD_KEYS)),
        refresh: Arc::new(move || read_gauges(&for_readings)),
        office: office(parts, reloader, desk),
    }
}

fn office(parts: &Arc<Parts>, reloader: &Arc<Reloader>, desk: &Arc<Desk>) -> Office {
    let (for_config, for_changes, at_desk, looking) =
        (parts.clone(), parts.clone(), desk.clone(), desk.clone());
    Office {
        store: Arc::new(move || at_desk.store.load_full()),
        config: Arc::new(move || Arc::new(for_config.snapshot.load().config.clone())),
        changed: Arc::new(move || {
            let (parts, desk) = (for_changes.clone(), looking.clone());
            Box::pin(async move {
                let url = parts.snapshot.load().config.store.clone();
                if let Err(error) = desk.look(&url).await {
                    error!(%error, "a change is not in force here yet");
                }
            })
        }),
        running: Some(running(parts, reloader)),
    }
}

fn running(parts: &Arc<Parts>, reloader: &Arc<Reloader>) -> Running {
    let (for_reload, for_providers) = (parts.clone(), parts.clone());
    let (reloading, checking) = (reloader.clone(), reloader.clone());
    Running {
        reload: Arc::new(move || reloading.reload(&for_reload)),
        check: Arc::new(move |text| checking.check(text)),
        providers: Arc::new(move || providers(&for_providers)),
        limits: Arc::new(|_| None),
    }
}

fn providers(parts: &Parts) -> Vec<ProviderStanding> {
    let (snapshot, now) = (parts.snapshot.load(), clock::now());
    let standing = |vendor: &Vendor| match vendor.vitals.standing(now) {
        Standing::Healthy => "healthy",
        Standing::Probe => "probe",
        Standing::Out => "out",
    };
    let configured = snapshot.vendors.iter().zip(&snapshot.config.providers);
    configured
        .map(|(vendor, provider)| ProviderStanding {
            name: vendor.name.to_string(),
            kind: vendor.preset.kind,
            tier: provider.tier.to_string(),
            standing: standing(vendor),
            keys: vendor.vitals.keys(now).into_iter().enumerate().map(key_standing).collect(),
            models: vendor.vitals.catalogue().len(),
        })
        .collect()
}

fn key_standing((index, state): (usize, KeyState)) -> KeyStanding {
    let (state, left) = match state {
        KeyState::Usable => ("usable", None),
        KeyState::Cooling(left) => ("cooling", Some(left)),
        KeyState::Aside(left) => ("aside", Some(left)),
    };
    KeyStanding { number: index + 1, state, seconds: left.map(|left| left.as_millis().div_ceil(1000) as u64) }
}

fn read_gauges(parts: &Parts) {
    let (snapshot, now) = (parts.snapshot.load(), clock::now());
    let reading = |vendor: &Vendor| (vendor.vitals.standing(now), vendor.vitals.usable(now));
    let states: Vec<_> = snapshot.vendors.iter().map(|v| (v.name.clone(), reading(v))).collect();
    let providers: Vec<ProviderReading<'_>> = states
        .iter()
        .map(|(name, (standing, keys_usable))| ProviderReading {
            name,
            healthy: *standing == Standing::Healthy,
            keys_usable: *keys_usable,
        })
        .collect();
    parts.metrics().read(&Readings { providers: &providers, log_lines_dropped: parts.ledger.sink.dropped() });
}
