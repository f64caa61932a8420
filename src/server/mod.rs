//! A configuration becomes a running server: listeners for clients, and one service that keeps house.

pub mod allowances;
mod certificates;
mod checks;
mod clusters;
mod descriptors;
pub mod doors;
pub mod drain;
mod frame;
pub mod housekeeping;
pub mod jobs;
pub mod ledger;
pub mod listeners;
pub mod names;
pub mod notify;
pub mod outage;
pub mod pid_file;
pub mod recount;
pub mod reload;
pub mod signals;
pub mod simulate;
pub mod standings;
pub mod stored;
pub mod supervisor;
pub mod takeover;

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
use crate::gateway::leave::Leave;
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
use crate::server::pid_file::PidFile;
use crate::server::reload::Reloader;
use crate::server::signals::Signals;
use crate::server::stored::Home;
use crate::server::supervisor::Supervisor;
use crate::server::takeover::NotTaken;
use crate::server::takeover::Takeover;
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
use pingora::server::configuration::Opt;
use pingora::services::background::GenBackgroundService;
use pingora::services::listening::Service;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::sync::OnceCell;
use tracing::info;

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
    #[error("cannot take over: {0}")]
    NotTaken(#[from] NotTaken),
    #[error(transparent)]
    Folder(#[from] Unusable),
    #[error("{0}; see `store`")]
    Store(#[from] StoreError),
    #[error("{0}; see `state`")]
    State(#[from] BadAddress),
    #[error("cannot write `tollgate.pid` into `{folder}`: {cause}; make it writable")]
    PidFile { folder: String, cause: std::io::Error },
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
    /// Take the listening sockets over from the process that serves with the same data folder.
    pub upgrade: bool,
    pub supervisor: Supervisor,
}

/// A server that only has to be run.
pub struct Ready {
    server: Server,
    signals: Signals,
    parts: Arc<Parts>,
    home: Home,
    listen: Vec<String>,
    takeover: Option<Takeover>,
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
    let Start { config, sink, reloader, simulated, upgrade, supervisor } = start;
    descriptors::take_all();
    let takeover = upgrade.then(|| Takeover::begin(&config)).transpose()?;
    listeners::are_free(&config, takeover.as_ref())?;
    listeners::have_certificates(&config)?;
    let conf = frame::conf(&config);
    let (listen, settings, admin) = (config.listen.clone(), config.server.clone(), config.admin);
    let home = Home { url: config.store.clone(), folder: config.data_dir.clone() };
    let parts = parts(config, sink)?;
    let mut server = Server::new_with_opt_and_conf(Opt { upgrade, ..Opt::default() }, conf);
    let mut proxy = http_proxy(&server.configuration, Gateway::new(parts.clone()));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(settings.idle_timeout);
    proxy.server_options = Some(options);
    let proxy = Arc::new(proxy);
    let front = Front { proxy: proxy.clone(), patience: settings.head_timeout, parts: parts.clone() };
    let mut service = Service::new("gateway".to_owned(), front);
    for listener in &listen {
        service.add_listener(listeners::plain(listener.address));
    }
    let gateway = server.add_service(service);
    let signals = Signals {
        parts: parts.clone(),
        notice: settings.notice,
        data_dir: home.folder.clone(),
        supervisor: supervisor.clone(),
    };
    let housekeeping = Housekeeping {
        parts: parts.clone(),
        proxy,
        reloader: Arc::new(reloader),
        admin,
        grace: settings.grace,
        simulated: Mutex::new(simulated),
        home: home.clone(),
        supervisor,
    };
    let housekeeping = GenBackgroundService::new("housekeeping".to_owned(), Arc::new(housekeeping));
    gateway.add_dependency(server.add_service(housekeeping));
    let listen = listen.iter().map(|listener| listener.address.to_string()).collect();
    Ok(Ready { server, signals, parts, home, listen, takeover })
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
    /// With sockets to take over it waits for them first, for a few seconds; Pingora ends the process if none come.
    ///
    /// # Errors
    /// [`NotStarted::PidFile`].
    pub fn run(mut self) -> Result<(), NotStarted> {
        self.server.bootstrap();
        if self.takeover.take().is_some() {
            info!("took over");
        }
        let folder = &self.home.folder;
        let pid_file = PidFile::write(folder, &self.listen)
            .map_err(|cause| NotStarted::PidFile { folder: folder.display().to_string(), cause })?;
        self.server.run(RunArgs { shutdown_signal: Box::new(self.signals) });
        drop(pid_file);
        Ok(())
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
    upstreams.ready_for(&config.providers);
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
        leave: Leave::default(),
        jobs: Arc::default(),
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
