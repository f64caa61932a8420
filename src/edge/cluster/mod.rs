//! Servers that do the same, and the choice of one for a request.

mod server;

pub use server::Outcome;
pub use server::Server;
pub use server::Slot;

use crate::config::edge;
use crate::edge::rule::Unusable;
use crate::upstream::resolve;
use crate::upstream::tls::authority;
use arc_swap::ArcSwap;
use http::HeaderMap;
use pingora::protocols::tls::CaType;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);

/// One cluster. It outlives a reload that does not change it.
pub struct Cluster {
    pub config: edge::Cluster,
    pub authority: Option<Arc<CaType>>,
    /// What makes connections of two clusters to one address different ones: whom they trust.
    pub group_key: u64,
    servers: ArcSwap<Vec<Arc<Server>>>,
    turn: AtomicUsize,
}

/// What a request brings that the choice may hang on.
pub struct Wish<'a> {
    pub client: Option<IpAddr>,
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    /// Servers that this request has failed on.
    pub tried: &'a [SocketAddr],
}

/// Why there is no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoServer {
    /// No name resolves, or all are out.
    NoneThere,
    QueueFull,
    /// It waited for so long.
    TooLong(Duration),
}

impl Cluster {
    /// Addresses are known at once, names as soon as they are looked up.
    ///
    /// # Errors
    /// [`Unusable`]: its authorities cannot be read.
    pub fn new(config: edge::Cluster) -> Result<Arc<Cluster>, Unusable> {
        let file = config.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        let unusable = |cause| Unusable::Authority { cluster: config.name.clone(), cause };
        let authority = file.map(authority).transpose().map_err(unusable)?;
        let mut hasher = DefaultHasher::new();
        (&config.name, config.http2).hash(&mut hasher);
        let literal = |server: &edge::Server| {
            let address = resolve::literal(&server.host, server.port)?;
            Some(Arc::new(Server::new(address, &server.host, server.port)))
        };
        let servers = config.servers.iter().filter_map(literal).collect();
        Ok(Arc::new(Cluster {
            config,
            authority,
            group_key: hasher.finish(),
            servers: ArcSwap::from_pointee(servers),
            turn: AtomicUsize::new(0),
        }))
    }

    /// A place with one of the servers.
    ///
    /// # Errors
    /// [`NoServer`].
    pub async fn choose(&self, wish: &Wish<'_>) -> Result<Slot, NoServer> {
        let servers = self.servers.load();
        let fresh: Vec<&Arc<Server>> =
            servers.iter().filter(|server| !wish.tried.contains(&server.address)).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let server = fresh.get(turn % fresh.len().max(1)).ok_or(NoServer::NoneThere)?;
        Ok(Slot::new((*server).clone()))
    }

    /// Looks names up for as long as it is polled.
    pub async fn keep(&self) {
        loop {
            self.look_up().await;
            tokio::time::sleep(self.config.resolve).await;
        }
    }

    async fn look_up(&self) {
        let mut found = Vec::new();
        for server in &self.config.servers {
            // A name that does not resolve now keeps the addresses it had.
            let addresses = resolve::look_up(&server.host, server.port, LOOK_UP).await;
            found.extend(
                addresses
                    .unwrap_or_default()
                    .into_iter()
                    .map(|at| Arc::new(Server::new(at, &server.host, server.port))),
            );
        }
        if !found.is_empty() {
            self.servers.store(Arc::new(found));
        }
    }
}
