//! What the gateway is made of. A step takes the part it uses.

use crate::cache::ExactCache;
use crate::cache::flights::Flights;
use crate::cache::memo::Memo;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::record::Ledger;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::threads::Threads;
use crate::health::Board;
use crate::state::State;
use crate::state::bytes::ByteStore;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::tenants::first_keys::FirstKeys;
use crate::upstream::Upstreams;
use crate::usage::pricing::PriceTable;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use tokio::sync::OnceCell;

/// Everything that outlives a request.
pub struct Parts {
    pub snapshot: ArcSwap<Snapshot>,
    pub upstreams: Upstreams,
    pub state: Arc<State>,
    /// Empty until it could be opened. Nothing a client waits for may wait for it.
    pub store: OnceCell<Store>,
    pub board: Board,
    pub prices: &'static PriceTable,
    pub first_keys: FirstKeys,
    pub ledger: Arc<Ledger>,
    pub cache: Cache,
    pub keepsakes: Keepsakes,
    pub threads: Threads,
    /// Set when the process has been told to end: readiness turns off first.
    pub draining: AtomicBool,
}

/// The exact cache, the keys of late requests to it, and the flights that may share its misses.
pub struct Cache {
    pub exact: ExactCache,
    pub memo: Memo,
    pub flights: Flights,
    pub store: Arc<ByteStore>,
}

impl Cache {
    pub fn new(max_entries: u64, max_bytes: u64) -> Cache {
        let store = Arc::new(ByteStore::memory(max_entries, max_bytes));
        Cache { exact: ExactCache::new(store.clone()), memo: Memo::new(), flights: Flights::new(), store }
    }
}

impl Parts {
    pub fn metrics(&self) -> &Metrics {
        &self.ledger.metrics
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
