//! The store: opened beside the requests, and tried again for as long as it is away.

use crate::config::StoreUrl;
use crate::gateway::parts::Parts;
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tracing::error;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The store, as soon as it can be had.
pub async fn open(parts: &Parts) -> &Arc<Store> {
    let url = parts.snapshot.load().config.store.clone();
    parts.store.get_or_init(async || Arc::new(until_open(&url).await)).await
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
