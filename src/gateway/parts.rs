//! What the gateway is made of. A step takes the part it uses.

use crate::cache::ExactCache;
use crate::cache::flights::Flights;
use crate::cache::memo::Memo;
use crate::edge::Doors;
use crate::edge::acme::Challenges;
use crate::gateway::jobs::desk::Desk;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::leave::Leave;
use crate::gateway::record::Ledger;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::threads::Threads;
use crate::gateway::warnings::Warnings;
use crate::health::Board;
use crate::state::State;
use crate::state::bytes::ByteStore;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::tenants::credentials::Credentials;
use crate::tenants::in_force::in_force;
use crate::tenants::registry::Registry;
use crate::upstream::Upstreams;
use crate::usage::pricing::PriceTable;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::OnceCell;
use tracing::error;

/// Everything that outlives a request.
pub struct Parts {
    pub snapshot: ArcSwap<Snapshot>,
    /// The listeners for clients.
    pub doors: Doors,
    /// What authorities that give certificates are answered.
    pub challenges: Challenges,
    pub upstreams: Upstreams,
    pub state: Arc<State>,
    pub board: Board,
    pub prices: &'static PriceTable,
    /// Empty until it could be opened. Nothing a client waits for may wait for it.
    pub store: OnceCell<Arc<Store>>,
    pub registry: Registry,
    /// The keys of the file and of the registry, put together by [`Parts::renew_credentials`].
    pub credentials: ArcSwap<Credentials>,
    /// One renewal at a time: of two, the one that saw older keys must not come into force last.
    pub renewal: Mutex<()>,
    pub ledger: Arc<Ledger>,
    pub cache: Cache,
    pub keepsakes: Keepsakes,
    pub threads: Threads,
    pub warnings: Warnings,
    pub leave: Leave,
    pub jobs: Arc<Desk>,
}

/// The exact cache, the keys of late requests to it, and the flights that may share its misses.
pub struct Cache {
    pub exact: ExactCache,
    pub memo: Memo,
    pub flights: Flights,
    pub store: Arc<ByteStore>,
}

impl Cache {
    pub fn new(store: ByteStore) -> Cache {
        let store = Arc::new(store);
        Cache { exact: ExactCache::new(store.clone()), memo: Memo::default(), flights: Flights::new(), store }
    }
}

impl Parts {
    pub fn metrics(&self) -> &Metrics {
        &self.ledger.metrics
    }

    /// Puts the keys in force that the configuration and the registry hold now.
    pub fn renew_credentials(&self) {
        let _turn = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        let (credentials, problems) =
            in_force(&self.snapshot.load().config, &self.registry.known(), &self.state);
        for problem in problems {
            error!(problem, "the store holds what cannot be in force");
        }
        self.credentials.store(Arc::new(credentials));
    }
}
