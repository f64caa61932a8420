//! A configuration becomes a running server: listeners for clients, and one service that keeps house.

pub mod allowances;
mod certificates;
mod checks;
mod clusters;
mod descriptors;
pub mod doors;
pub mod drain;
pub mod housekeeping;
pub mod jobs;
pub mod ledger;
pub mod listeners;
pub mod names;
pub mod notify;
pub mod outage;
pub mod recount;
pub mod reload;
pub mod signals;
pub mod simulate;
pub mod standings;
pub mod stored;

use crate::clock;
use crate::config::CacheBackend;
use crate::config::Config;
use crate::config::ExactCache;
use crate::config::StateUrl;
use crate::edge::Doors;
use crate::edge::acme::Challenges;
use crate::edge::tls::BadTls;
use crate::gateway::Gateway;
use crate::gateway::front::Front;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::parts::Cache;
use crate::gateway::parts::Parts;
use crate::gateway::record::Ledger;
use crate::gateway::snapshot::Lasting;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::snapshot::Unservable;
use crate::gateway::threads::Threads;
use crate::gateway::vendor::Counting;
use crate::gateway::warnings::Warnings;
use crate::health::Board;
use crate::server::housekeeping::Housekeeping;
use crate::server::reload::Reloader;
use crate::server::signals::Signals;
use crate::server::stored::Home;
use crate::state::BadAddress;
use crate::state::State;
use crate::state::bytes::ByteStore;
use crate::store::StoreError;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::sink::Sink;
use crate::tenants::credentials::Credentials;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::first_keys::Fresh;
use crate::tenants::first_keys::Unusable;
use crate::tenants::registry::Known;
use crate::tenants::registry::Registry;
use crate::upstream::Upstreams;
use crate::usage::pricing::PriceTable;
use crate::usage::spool::Spool;
use arc_swap::ArcSwap;
use pingora::apps::HttpServerOptions;
use pingora::proxy::http_proxy;
use pingora::server::RunArgs;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::background::GenBackgroundService;
use pingora::services::listening::Service;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use tokio::sync::OnceCell;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("cannot listen on {address}: {cause}; stop what listens there, or change {setting}")]
    Taken { address: std::net::SocketAddr, setting: &'static str, cause: std::io::Error },
    #[error(transparent)]
    Tls(#[from] BadTls),
    #[error("cannot write to `{folder}`: {cause}; make it writable, or choose another `data_dir`")]
    Spool { folder: String, cause: std::io::Error },
    #[error(transparent)]
    Unservable(#[from] Unservable),
    #[error(transparent)]
    Folder(#[from] Unusable),
    #[error("{0}; see `store`")]
    Store(#[from] StoreError),
    #[error("{0}; see `state`")]
    State(#[from] BadAddress),
    #[error("no task can be run: {cause}")]
    NoRuntime { cause: std::io::Error },
}

/// What a server is started with.
pub struct Start {
    pub config: Config,
    pub sink: Sink,
    pub reloader: Reloader,
    /// Simulated providers that run in this process.
    pub simulated: Vec<TcpListener>,
}

/// A server that only has to be run.
pub struct Ready {
    server: Server,
    signals: Signals,
    parts: Arc<Parts>,
    home: Home,
}

/// Whether a configuration could be served as far as this machine's files tell; opens nothing.
///
/// # Errors
/// [`NotStarted`], except that an address is not tried.
pub fn check(config: &Config) -> Result<(), NotStarted> {
    listeners::have_certificates(config)?;
    let (metrics, board, state) = (Metrics::new(), Board::default(), State::memory());
    let lasting = Lasting {
        board: &board,
        state: &state,
        counting: Counting { metrics: &metrics, prices: PriceTable::embedded() },
        before: None,
    };
    Snapshot::new(config.clone(), &lasting)?;
    Ok(())
}

/// Builds everything and makes sure that it can start; takes no request yet.
///
/// # Errors
/// [`NotStarted`] says what stands in the way.
pub fn prepare(start: Start) -> Result<Ready, NotStarted> {
    let Start { config, sink, reloader, simulated } = start;
    descriptors::take_all();
    listeners::are_free(&config)?;
    listeners::have_certificates(&config)?;
    let conf = pingora_conf(&config);
    let (listen, settings, admin) = (config.listen.clone(), config.server.clone(), config.admin);
    let home = Home { url: config.store.clone(), folder: config.data_dir.clone() };
    let parts = parts(config, sink)?;
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut proxy = http_proxy(&server.configuration, Gateway::new(parts.clone()));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(settings.idle_timeout);
    proxy.server_options = Some(options);
    let proxy = Arc::new(proxy);
    let front = Front { proxy: proxy.clone(), patience: settings.head_timeout, parts: parts.clone() };
    let mut service = Service::new("gateway".to_owned(), front);
    for listener in &listen {
        service.add_tcp(&listener.address.to_string());
    }
    let gateway = server.add_service(service);
    let signals = Signals { parts: parts.clone(), notice: settings.notice };
    let housekeeping =
        Housekeeping::new((parts.clone(), proxy), reloader, admin, settings.grace, simulated, home.clone());
    let housekeeping = GenBackgroundService::new("housekeeping".to_owned(), Arc::new(housekeeping));
    gateway.add_dependency(server.add_service(housekeeping));
    Ok(Ready { server, signals, parts, home })
}

impl Ready {
    /// Puts the stored keys in force, and makes those that are missing: to be shown now, as nobody sees them again.
    ///
    /// # Errors
    /// [`NotStarted`] when the store or the data folder cannot be used at all.
    pub fn settle_keys(&self, wants_client: bool) -> Result<Fresh, NotStarted> {
        stored::first_look(&self.parts, &self.home, wants_client)
    }

    /// Serves until a signal ends the process; returns when the last stream has ended or the grace period has.
    pub fn run(self) {
        self.server.run(RunArgs { shutdown_signal: Box::new(self.signals) });
    }
}

fn pingora_conf(config: &Config) -> ServerConf {
    ServerConf {
        threads: config.server.threads,
        work_stealing: config.server.threads > 1,
        upstream_keepalive_pool_size: config.server.upstream_idle,
        // Housekeeping ends the process as soon as the last stream has ended; this is the latest moment.
        grace_period_seconds: Some(clock::whole_seconds(config.server.grace)),
        graceful_shutdown_timeout_seconds: Some(1),
        // Routes of the edge say themselves when it is enough.
        max_retries: 16,
        pid_file: config.data_dir.join("tollgate.pid").display().to_string(),
        upgrade_sock: config.data_dir.join("upgrade.sock").display().to_string(),
        ..ServerConf::default()
    }
}

fn parts(config: Config, sink: Sink) -> Result<Arc<Parts>, NotStarted> {
    let (metrics, board) = (Arc::new(Metrics::new()), Board::default());
    let state = state(&config, &metrics)?;
    let prices = PriceTable::embedded();
    let lasting = Lasting {
        board: &board,
        state: &state,
        counting: Counting { metrics: &metrics, prices },
        before: None,
    };
    let spool = spool(&config.data_dir, &metrics)?;
    let ledger = Ledger {
        metrics: metrics.clone(),
        sink,
        spool,
        format: config.log.format,
        access: config.log.access,
    };
    let cache = Cache::new(cached_bytes(&config.cache, &state));
    let (doors, upstreams) = (Doors::open(&config.listen)?, Upstreams::new(config.server.upstream_idle));
    let threads = Threads::new(&config.responses);
    let snapshot = Snapshot::new(config, &lasting)?;
    let parts = Parts {
        snapshot: ArcSwap::from_pointee(snapshot),
        doors,
        challenges: Challenges::default(),
        upstreams,
        state: Arc::new(state),
        board,
        prices,
        store: OnceCell::new(),
        registry: Registry::new(Known::First(FirstKeys::default())),
        credentials: ArcSwap::from_pointee(Credentials::default()),
        renewal: Mutex::new(()),
        ledger: Arc::new(ledger),
        cache,
        keepsakes: Keepsakes::default(),
        threads,
        warnings: Warnings::default(),
        jobs: Arc::default(),
        draining: AtomicBool::new(false),
    };
    parts.renew_credentials();
    Ok(Arc::new(parts))
}

fn state(config: &Config, metrics: &Arc<Metrics>) -> Result<State, NotStarted> {
    match &config.state {
        StateUrl::Memory => Ok(State::memory()),
        StateUrl::Redis(url) => Ok(State::redis(url, config.state_within, metrics.clone())?),
    }
}

fn cached_bytes(cache: &ExactCache, state: &State) -> ByteStore {
    let in_memory = || ByteStore::memory(cache.max_entries, cache.max_bytes);
    match cache.backend {
        CacheBackend::Memory => in_memory(),
        // Beside the answer stand a few words about it.
        CacheBackend::Redis => state.shared_bytes(cache.max_answer as u64 + 4096).unwrap_or_else(in_memory),
    }
}

fn spool(data_dir: &Path, metrics: &Metrics) -> Result<Spool, NotStarted> {
    let folder = data_dir.join("spool");
    let shown = folder.display().to_string();
    Spool::open(folder, rand::random(), metrics.ledger())
        .map_err(|cause| NotStarted::Spool { folder: shown, cause })
}
