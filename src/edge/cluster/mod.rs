//! Servers that do the same, and the choice of one for a request.

mod balance;
mod checks;
mod cookie;
mod crew;
mod health;
mod names;
mod queue;
mod ring;
mod roster;
mod seat;
mod server;
mod slot;
mod standing;
mod sticky;

pub use server::Server;
pub use slot::Outcome;
pub use slot::Slot;
pub use standing::ServerStanding;
pub use standing::Standing;

use crate::clock;
use crate::config::edge;
use crate::config::edge::Balance;
use crate::edge::cluster::names::Names;
use crate::edge::cluster::roster::Roster;
use crate::edge::cluster::sticky::Sessions;
use crate::edge::cluster::sticky::Wanted;
use crate::upstream::tls::BadAuthority;
use crate::upstream::tls::authority;
use http::HeaderMap;
use pingora::http::ResponseHeader;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::PeerOptions;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How soon those who wait hear that a server's time out of rotation is over.
const TICK: Duration = Duration::from_millis(100);

/// One cluster. It outlives a reload that does not change it; its servers outlive one that does.
pub struct Cluster {
    pub config: edge::Cluster,
    authority: Option<Arc<CaType>>,
    /// What makes connections of two clusters to one address different ones: whom they trust.
    pub group_key: u64,
    roster: Arc<Roster>,
    names: Names,
    sessions: Option<Sessions>,
}

/// What a request brings that the choice may hang on.
pub struct Wish<'a> {
    pub client: Option<IpAddr>,
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    /// Servers that this request has failed on.
    pub tried: &'a [SocketAddr],
    /// How long it waits for the first look-up of names.
    pub patience: Duration,
}

/// A cluster that is well written but cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("clusters.{cluster}: {cause}")]
    Authority { cluster: String, cause: BadAuthority },
}

/// Why there is no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoServer {
    /// No name resolves, or all have been tried.
    NoneThere,
    QueueFull,
    /// It waited for so long.
    TooLong(Duration),
}

impl Cluster {
    /// Ready to be [settled](Cluster::settle); with the servers of the cluster `before` it, if there was one.
    ///
    /// # Errors
    /// [`Unusable`]: its authorities cannot be read.
    pub fn new(config: edge::Cluster, before: Option<&Cluster>) -> Result<Arc<Cluster>, Unusable> {
        let file = config.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        let unusable = |cause| Unusable::Authority { cluster: config.name.clone(), cause };
        let authority = file.map(authority).transpose().map_err(unusable)?;
        let mut hasher = DefaultHasher::new();
        (&config.name, config.http2).hash(&mut hasher);
        let sessions = config.sticky.as_ref().map(|sticky| {
            let same = before.and_then(|before| before.sessions.as_ref()?.again(sticky));
            same.unwrap_or_else(|| Sessions::new(sticky.clone()))
        });
        Ok(Arc::new(Cluster {
            authority,
            group_key: hasher.finish(),
            roster: before.map_or_else(|| Roster::new(&config.name), |before| before.roster.clone()),
            names: Names::new(&config),
            sessions,
            config,
        }))
    }

    /// Comes into force. Addresses are known at once, names as soon as they are looked up.
    pub fn settle(&self) {
        let joins = !self.roster.is_empty();
        self.roster.settle(&self.config);
        for entry in &self.config.servers {
            if let Some(address) = names::literal(entry) {
                self.roster.set(&self.config, entry, &[address], joins);
            }
        }
    }

    /// A place with one of the servers.
    ///
    /// # Errors
    /// [`NoServer`].
    pub async fn choose(self: &Arc<Self>, wish: &Wish<'_>) -> Result<Slot, NoServer> {
        if self.names.are_awaited() && self.roster.is_empty() {
            self.names.first_look(wish.patience).await;
        }
        let wanted = self.sessions.as_ref().and_then(|sessions| sessions.wanted(wish.headers));
        let chance = match &self.config.balance {
            Balance::Random | Balance::RandomTwo => rand::random(),
            Balance::RoundRobin | Balance::LeastConnections | Balance::Hash(_) => [0, 0],
        };
        let server = self.roster.take(&self.config, wish, wanted, (clock::now(), chance)).await?;
        let is_known = wanted.is_some_and(|wanted| matches!(wanted, Wanted::Mark(_)) && wanted.is(&server));
        Ok(Slot::new(self, server, is_known))
    }

    /// What an answer means for the client's session; `tls`: how the client is connected.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn answered(&self, slot: &Slot, tls: bool, head: &mut ResponseHeader) -> pingora::Result<()> {
        let Some(sessions) = &self.sessions else { return Ok(()) };
        sessions.answered(&slot.server, slot.is_known, tls, head)
    }

    pub fn is_tls(&self) -> bool {
        self.config.tls.is_some()
    }

    /// What a server is called in a TLS handshake; empty where there is none.
    pub fn tls_name(&self, server: &Server) -> String {
        let tls = self.config.tls.as_ref();
        tls.map(|tls| tls.name.clone().unwrap_or_else(|| server.host.clone())).unwrap_or_default()
    }

    /// By whom its servers have to be vouched for.
    pub fn trust(&self, options: &mut PeerOptions) {
        options.ca = self.authority.clone();
        if self.config.tls.as_ref().is_some_and(|tls| !tls.verify) {
            (options.verify_cert, options.verify_hostname) = (false, false);
        }
    }

    /// Looks names up and checks servers for as long as it is polled.
    pub async fn keep(&self) {
        tokio::join!(self.names.keep(self), checks::keep(self), self.serve_waiting());
    }

    async fn serve_waiting(&self) {
        let mut ticks = tokio::time::interval(TICK);
        while self.config.per_server.is_some() {
            ticks.tick().await;
            self.roster.crew().serve_all(clock::now());
        }
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        Standing::of(&self.config.name, &self.roster.crew(), clock::now())
    }
}
