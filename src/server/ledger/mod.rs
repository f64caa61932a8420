//! The ledger's way from the spool into the store, for as long as the process lives and a little longer.

pub mod drain;
mod retention;

use crate::config::StoreUrl;
use crate::gateway::parts::Parts;
use crate::server::outage::Outage;
use crate::store::Store;
use crate::usage::spool::Spool;
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// How often the spool is looked after.
const LOOK: Duration = Duration::from_millis(100);
/// How often files without an owner are looked for.
const ADOPT: Duration = Duration::from_secs(30);
/// Between two tries to open the store.
const REOPEN: Duration = Duration::from_secs(1);
/// How long the process goes on for what is not in the store when the last request has ended. The rest is put there
/// at the next start.
const LAST: Duration = Duration::from_secs(3);

/// Looks after the spool, drains it, and removes what is old.
pub async fn keep(parts: &Parts, url: &StoreUrl, outage: &Outage) {
    let spool = &parts.ledger.spool;
    let with_store = async {
        let store = opened(parts, url, outage).await;
        tokio::join!(drain::keep_draining(spool, store, outage), retention::keep_tidy(parts, store));
    };
    tokio::join!(tend(spool), adopt(spool), with_store);
}

/// Waits until everything is in the store, 3 s at most.
pub async fn finish(parts: &Parts) {
    let spool = &parts.ledger.spool;
    let emptied = async {
        while spool.backlog() > 0 {
            tokio::time::sleep(LOOK / 10).await;
        }
    };
    if tokio::time::timeout(LAST, emptied).await.is_err() {
        warn!(bytes = spool.backlog(), "entries of the ledger are left for the next start");
    }
}

/// The store, as soon as it can be had.
async fn opened<'p>(parts: &'p Parts, url: &StoreUrl, outage: &Outage) -> &'p Store {
    let spool = &parts.ledger.spool;
    loop {
        match parts.store.get_or_try_init(async || Store::open(url).await.map(Arc::new)).await {
            Ok(store) => {
                drain::is_there(spool, outage);
                return store;
            }
            Err(cause) => drain::is_away(spool, outage, &cause),
        }
        tokio::time::sleep(REOPEN).await;
    }
}

async fn tend(spool: &Spool) {
    loop {
        spool.tend();
        tokio::time::sleep(LOOK).await;
    }
}

async fn adopt(spool: &Spool) {
    loop {
        if let Err(cause) = spool.adopt() {
            warn!(%cause, "the spool's folder cannot be read");
        }
        tokio::time::sleep(ADOPT).await;
    }
}
