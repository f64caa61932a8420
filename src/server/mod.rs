//! A configuration becomes a running server: listeners for clients, and one service that keeps house.

pub mod allowances;
mod checks;
pub mod doors;
pub mod drain;
pub mod housekeeping;
pub mod listeners;
pub mod names;
pub mod reload;
pub mod signals;
pub mod simulate;

use crate::config::Config;
use crate::gateway::Gateway;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::parts::Cache;
use crate::gateway::parts::Parts;
use crate::gateway::record::Ledger;
use crate::gateway::slow_head::Front;
use crate::gateway::snapshot::Lasting;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::snapshot::Unservable;
use crate::gateway::threads::Threads;
use crate::gateway::vendor::Counting;
use crate::health::Board;
use crate::server::housekeeping::Housekeeping;
use crate::server::reload::Reloader;
use crate::server::signals::Signals;
use crate::state::State;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::sink::Sink;
use crate::tenants::first_keys::FirstKeys;
use crate::upstream::Upstreams;
use crate::usage::pricing::PriceTable;
use arc_swap::ArcSwap;
use pingora::apps::HttpServerOptions;
use pingora::proxy::http_proxy;
use pingora::server::RunArgs;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::services::background::GenBackgroundService;
use pingora::services::listening::Service;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("cannot listen on {address}: {cause}; stop what listens there, or change {setting}")]
    Taken { address: std::net::SocketAddr, setting: &'static str, cause: std::io::Error },
    #[error("cannot use the certificate `{cert}` with the key `{key}`: {cause}")]
    Certificate { cert: String, key: String, cause: String },
    #[error(transparent)]
    Unservable(#[from] Unservable),
}

/// What a server is started with.
pub struct Start {
    pub config: Config,
    pub first_keys: FirstKeys,
    pub sink: Sink,
    pub reloader: Reloader,
    /// Simulated providers that run in this process.
    pub simulated: Vec<TcpListener>,
}

/// A server that only has to be run.
pub struct Ready {
    server: Server,
    signals: Signals,
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
        first_keys: &FirstKeys::default(),
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
    let Start { config, first_keys, sink, reloader, simulated } = start;
    listeners::are_free(&config)?;
    listeners::have_certificates(&config)?;
    let conf = pingora_conf(&config);
    let (listen, settings, admin) = (config.listen.clone(), config.server.clone(), config.admin);
    let parts = parts(config, first_keys, sink)?;
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut proxy = http_proxy(&server.configuration, Gateway::new(parts.clone()));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(settings.idle_timeout);
    proxy.server_options = Some(options);
    let front =
        Front { proxy: Arc::new(proxy), patience: settings.head_timeout, ledger: parts.ledger.clone() };
    let mut service = Service::new("gateway".to_owned(), front);
    for listener in &listen {
        listeners::add(&mut service, listener)?;
    }
    let gateway = server.add_service(service);
    let signals = Signals { parts: parts.clone(), notice: settings.notice };
    let housekeeping = Housekeeping::new(parts, reloader, admin, settings.grace, simulated);
    let housekeeping = GenBackgroundService::new("housekeeping".to_owned(), Arc::new(housekeeping));
    gateway.add_dependency(server.add_service(housekeeping));
    Ok(Ready { server, signals })
}

impl Ready {
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
        grace_period_seconds: Some(config.server.grace.as_millis().div_ceil(1000) as u64),
        graceful_shutdown_timeout_seconds: Some(1),
        max_retries: 1,
        pid_file: config.data_dir.join("tollgate.pid").display().to_string(),
        upgrade_sock: config.data_dir.join("upgrade.sock").display().to_string(),
        ..ServerConf::default()
    }
}

fn parts(config: Config, first_keys: FirstKeys, sink: Sink) -> Result<Arc<Parts>, NotStarted> {
    let (metrics, board, state) = (Arc::new(Metrics::new()), Board::default(), State::memory());
    let prices = PriceTable::embedded();
    let lasting = Lasting {
        board: &board,
        state: &state,
        counting: Counting { metrics: &metrics, prices },
        first_keys: &first_keys,
        before: None,
    };
    let ledger =
        Ledger { metrics: metrics.clone(), sink, format: config.log.format, access: config.log.access };
    let cache = Cache::new(config.cache.max_entries, config.cache.max_bytes);
    let upstreams = Upstreams::new(config.server.upstream_idle);
    let threads = Threads::new(&config.responses);
    let snapshot = Snapshot::new(config, &lasting)?;
    Ok(Arc::new(Parts {
        snapshot: ArcSwap::from_pointee(snapshot),
        upstreams,
        state: Arc::new(state),
        board,
        prices,
        first_keys,
        ledger: Arc::new(ledger),
        cache,
        keepsakes: Keepsakes::default(),
        threads,
        draining: AtomicBool::new(false),
    }))
}
