//! Where one provider lives: its addresses as ready-made peers, renewed in the background.

use crate::config::BaseUrl;
use crate::config::Failover;
use crate::upstream::Broken;
use crate::upstream::resolve;
use arc_swap::ArcSwap;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::HttpPeer;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Requests that may share one HTTP/2 connection to a provider.
const H2_STREAMS: usize = 100;
/// Vendors close idle connections after about a minute; we give up first.
const IDLE: Duration = Duration::from_secs(50);

/// How a provider is connected to.
#[derive(Clone)]
pub struct Manner {
    pub base: BaseUrl,
    pub authority: Option<Arc<CaType>>,
    pub http2: bool,
    pub connect: Duration,
    /// One write of the request.
    pub write: Duration,
}

impl Manner {
    pub fn new(base: BaseUrl, authority: Option<Arc<CaType>>, http2: bool, failover: &Failover) -> Manner {
        Manner { base, authority, http2, connect: failover.connect, write: failover.first_byte }
    }

    fn peer(&self, address: SocketAddr) -> Arc<HttpPeer> {
        // From an address, so no name is resolved here; the name goes out as SNI and is verified.
        let mut peer = HttpPeer::new(address, self.base.tls, self.base.host.clone());
        let options = &mut peer.options;
        options.connection_timeout = Some(self.connect);
        options.total_connection_timeout = Some(self.connect);
        options.read_timeout = Some(self.write);
        options.write_timeout = Some(self.write);
        options.idle_timeout = Some(IDLE);
        options.max_h2_streams = H2_STREAMS;
        options.ca = self.authority.clone();
        match (self.http2, self.base.tls) {
            (true, true) => options.set_http_version(2, 1),
            (true, false) => options.set_http_version(2, 2),
            (false, _) => options.set_http_version(1, 1),
        }
        // The pool tells peers apart by what they connect to, not by whom they trust.
        peer.group_key = self.trust();
        Arc::new(peer)
    }

    fn trust(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.http2.hash(&mut hasher);
        for certificate in self.authority.iter().flat_map(|a| a.iter()) {
            certificate.borrow_raw_cert().hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// One provider's address book.
pub struct Host {
    manner: Manner,
    peers: ArcSwap<Vec<Arc<HttpPeer>>>,
    /// Which of the peers is asked first: the last one that could be connected to.
    preferred: AtomicUsize,
}

impl Host {
    /// A host whose name, if it has one, was last found at the `known` addresses.
    pub fn new(manner: Manner, known: &[SocketAddr]) -> Host {
        let literal = resolve::literal(&manner.base.host, manner.base.port);
        let addresses = literal.as_ref().map_or(known, std::slice::from_ref);
        let peers = addresses.iter().map(|address| manner.peer(*address)).collect::<Vec<_>>();
        Host { manner, peers: ArcSwap::from_pointee(peers), preferred: AtomicUsize::new(0) }
    }

    /// Where it was last found.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.peers.load().iter().filter_map(|peer| address_of(peer)).collect()
    }

    /// The `Host` header: the port is left out where it is the scheme's own.
    pub fn authority(&self) -> String {
        let base = &self.manner.base;
        let host = match base.host.contains(':') {
            true => format!("[{}]", base.host),
            false => base.host.clone(),
        };
        match (base.tls, base.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    pub fn scheme(&self) -> &'static str {
        match self.manner.base.tls {
            true => "https",
            false => "http",
        }
    }

    /// Looks the name up again. Known addresses stay when that fails.
    ///
    /// # Errors
    /// [`Broken::Name`] with the resolver's words.
    pub async fn refresh(&self) -> Result<(), Broken> {
        let base = &self.manner.base;
        let found = resolve::look_up(&base.host, base.port, self.manner.connect).await;
        let found = found.map_err(|cause| Broken::Name { host: base.host.clone(), cause })?;
        if found != self.addresses() {
            self.peers.store(Arc::new(found.into_iter().map(|a| self.manner.peer(a)).collect()));
        }
        Ok(())
    }

    /// The peer to ask first, once the name has been looked up.
    pub(crate) fn preferred(&self) -> Option<Arc<HttpPeer>> {
        let peers = self.peers.load();
        peers.get(self.preferred.load(Ordering::Relaxed) % peers.len().max(1)).cloned()
    }

    /// Every peer, the one to ask first in front.
    pub(crate) async fn candidates(&self) -> Result<Candidates, Broken> {
        if self.peers.load().is_empty() {
            self.refresh().await?;
        }
        let peers = self.peers.load_full();
        let first = self.preferred.load(Ordering::Relaxed) % peers.len().max(1);
        Ok(Candidates { peers, first })
    }

    pub(crate) fn prefer(&self, index: usize) {
        self.preferred.store(index, Ordering::Relaxed);
    }
}

fn address_of(peer: &HttpPeer) -> Option<SocketAddr> {
    peer._address.as_inet().copied()
}

/// The peers of a host at one moment.
pub(crate) struct Candidates {
    peers: Arc<Vec<Arc<HttpPeer>>>,
    first: usize,
}

impl Candidates {
    /// Peers with their index, starting at the preferred one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<HttpPeer>)> {
        let count = self.peers.len();
        (0..count).map(move |step| {
            let index = (self.first + step) % count;
            (index, &self.peers[index])
        })
    }
}
