//! A configuration becomes a running server: listeners for clients, and one service that keeps house.

pub mod checks;
pub mod doors;
pub mod drain;
pub mod housekeeping;
pub mod names;
pub mod reload;
pub mod simulate;

use crate::config::Config;
use crate::config::Listener;
use crate::gateway::Gateway;
use crate::gateway::parts::Cache;
use crate::gateway::parts::Parts;
use crate::gateway::record::Ledger;
use crate::gateway::slow_head::Front;
use crate::gateway::snapshot::Lasting;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::snapshot::Unservable;
use crate::gateway::vendor::Counting;
use crate::health::Board;
use crate::server::housekeeping::Housekeeping;
use crate::server::reload::Reloader;
use crate::state::State;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::sink::Sink;
use crate::tenants::first_keys::FirstKeys;
use crate::upstream::Upstreams;
use crate::usage::pricing::PriceTable;
use arc_swap::ArcSwap;
use pingora::apps::HttpServerOptions;
use pingora::listeners::tls::TlsSettings;
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
    #[error("cannot use the certificate {path}: {cause}")]
    Certificate { path: String, cause: String },
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

/// Serves until a signal ends the process, and returns when the last stream has ended or the grace period has.
///
/// # Errors
/// [`NotStarted`] before the first request is taken.
pub fn serve(start: Start) -> Result<(), NotStarted> {
    let Start { config, first_keys, sink, reloader, simulated } = start;
    check_listeners(&config)?;
    let conf = pingora_conf(&config);
    let listeners = config.listen.clone();
    let (patience, admin) = (config.server.head_timeout, config.admin);
    let (grace, idle) = (config.server.grace, config.server.idle_timeout);
    let parts = parts(config, first_keys, sink)?;
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut proxy = http_proxy(&server.configuration, Gateway::new(parts.clone()));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(idle);
    proxy.server_options = Some(options);
    let mut service = Service::new("gateway".to_owned(), Front { proxy: Arc::new(proxy), patience });
    for listener in &listeners {
        listen(&mut service, listener)?;
    }
    server.add_service(service);
    let housekeeping = Housekeeping::new(parts, reloader, admin, grace, simulated);
    server.add_service(GenBackgroundService::new("housekeeping".to_owned(), Arc::new(housekeeping)));
    server.run(RunArgs::default());
    Ok(())
}

/// Pingora gives up without a word when an address is taken, so it is tried first.
fn check_listeners(config: &Config) -> Result<(), NotStarted> {
    let listen = config.listen.iter().map(|l| (l.address, "`listen`"));
    let admin = config.admin.iter().map(|address| (*address, "`admin.listen`"));
    for (address, setting) in listen.chain(admin) {
        TcpListener::bind(address).map_err(|cause| NotStarted::Taken { address, setting, cause })?;
    }
    Ok(())
}

fn pingora_conf(config: &Config) -> ServerConf {
    ServerConf {
        threads: config.server.threads,
        work_stealing: config.server.threads > 1,
        upstream_keepalive_pool_size: config.server.upstream_idle,
        // Housekeeping ends the process as soon as the last stream has ended; this is the latest moment.
        grace_period_seconds: Some(config.server.grace.as_secs()),
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
        last: None,
    };
    let ledger =
        Ledger { metrics: metrics.clone(), sink, format: config.log.format, access: config.log.access };
    let cache = Cache::new(config.cache.max_entries, config.cache.max_bytes);
    let upstreams = Upstreams::new(config.server.upstream_idle);
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
        draining: AtomicBool::new(false),
    }))
}

fn listen(service: &mut Service<Front>, listener: &Listener) -> Result<(), NotStarted> {
    let address = listener.address.to_string();
    let Some(pair) = &listener.tls else {
        service.add_tcp(&address);
        return Ok(());
    };
    let (cert, key) = (pair.cert.display().to_string(), pair.key.display().to_string());
    let unusable = |cause: String| NotStarted::Certificate { path: cert.clone(), cause };
    let mut tls = TlsSettings::intermediate(&cert, &key).map_err(|e| unusable(e.to_string()))?;
    tls.enable_h2();
    service.add_tls_with_settings(&address, None, tls);
    Ok(())
}
