//! The store: tried before the start, opened beside it, and asked again for as long as it is away.

use crate::config::StoreUrl;
use crate::gateway::parts::Parts;
use crate::server::NotStarted;
use crate::store::Store;
use crate::store::StoreError;
use std::time::Duration;
use tracing::error;
use tracing::warn;

/// How long a start waits for a server. One that is there answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether the store can be used. A server that is away is not waited for: entries are spooled until it is there.
///
/// # Errors
/// [`NotStarted::Store`] where no waiting would help.
pub fn check(url: &StoreUrl) -> Result<(), NotStarted> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tried = match runtime {
        Ok(runtime) => runtime.block_on(try_to_open(url)),
        Err(cause) => Err(StoreError::Broken { why: cause.to_string() }),
    };
    match (url, tried) {
        (_, Ok(())) => Ok(()),
        (StoreUrl::Postgres(_), Err(cause @ StoreError::Away { .. })) => {
            warn!(%cause, "the gateway starts without it");
            Ok(())
        }
        (StoreUrl::Postgres(_) | StoreUrl::Sqlite(_), Err(cause)) => Err(NotStarted::Store(cause)),
    }
}

async fn try_to_open(url: &StoreUrl) -> Result<(), StoreError> {
    let opened = match url {
        StoreUrl::Sqlite(_) => Store::open(url).await,
        StoreUrl::Postgres(_) => {
            tokio::time::timeout(PATIENCE, Store::open(url)).await.unwrap_or_else(|_| {
                Err(StoreError::Away { why: format!("no answer within {} s", PATIENCE.as_secs()) })
            })
        }
    };
    opened?.close().await;
    Ok(())
}

/// The store, as soon as it can be had.
pub async fn open(parts: &Parts) -> &Store {
    let url = parts.snapshot.load().config.store.clone();
    parts.store.get_or_init(|| until_open(&url)).await
}

async fn until_open(url: &StoreUrl) -> Store {
    let mut said = false;
    loop {
        match Store::open(url).await {
            Ok(store) => return store,
            Err(cause) if !std::mem::replace(&mut said, true) => error!(%cause, "store not opened"),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}
