//! Where one provider lives: its addresses as ready-made peers, renewed in the background.

use crate::config::BaseUrl;
use crate::config::Failover;
use crate::upstream::Broken;
use crate::upstream::resolve;
use crate::upstream::version;
use arc_swap::ArcSwap;
use http::Uri;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::HttpPeer;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::IpAddr;
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
        version::speak(options, self.http2, self.base.tls);
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

    /// The host that a URL of this one's names, and the path there: itself, or a sibling under the same domain.
    /// `None` for any other, for whoever is asked there is given the key.
    pub fn related(&self, url: &str) -> Option<(Host, String)> {
        let url: Uri = url.parse().ok().filter(|url: &Uri| !has_user(url))?;
        let base = &self.manner.base;
        let (scheme, usual) = if base.tls { ("https", 443) } else { ("http", 80) };
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_same_door = url.scheme_str() == Some(scheme) && url.port_u16().unwrap_or(usual) == base.port;
        let path = url.path_and_query()?.as_str().to_owned();
        let known = match () {
            () if !is_same_door => return None,
            () if host == base.host => self.addresses(),
            () if are_siblings(&host, &base.host) => Vec::new(),
            () => return None,
        };
        let base = BaseUrl { host, ..base.clone() };
        Some((Host::new(Manner { base, ..self.manner.clone() }, &known), path))
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

fn has_user(url: &Uri) -> bool {
    url.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

/// Names that differ in their first label only, and have a domain in common that is more than a top-level one.
fn are_siblings(one: &str, other: &str) -> bool {
    let is_address = |host: &str| host.parse::<IpAddr>().is_ok();
    match (one.split_once('.'), other.split_once('.')) {
        (Some((_, one_domain)), Some((_, other_domain))) => {
            one_domain == other_domain && one_domain.contains('.') && !is_address(one) && !is_address(other)
        }
        _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn host(base: &str, port: u16) -> Host {
        let base = BaseUrl { tls: true, host: base.to_owned(), port, path: "/v1".to_owned() };
        let second = Duration::from_secs(1);
        Host::new(Manner { base, authority: None, http2: false, connect: second, write: second }, &[])
    }

    fn led(from: &Host, url: &str) -> Option<String> {
        let (host, path) = from.related(url)?;
        Some(host.authority() + &path)
    }

    #[test]
    fn a_url_leads_to_the_host_itself_or_to_a_sibling() {
        let api = host("api.replicate.com", 443);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(led(&api, "https://api.replicate.com/v1/p/1"), some("api.replicate.com/v1/p/1"));
        assert_eq!(led(&api, "https://Stream.replicate.com:443/f?x=1"), some("stream.replicate.com/f?x=1"));
        let local = host("127.0.0.1", 8443);
        assert_eq!(led(&local, "https://127.0.0.1:8443/x"), some("127.0.0.1:8443/x"));
    }

    #[test]
    fn a_url_that_leads_elsewhere_is_not_followed() {
        let elsewhere = [
            "http://api.replicate.com/x",
            "https://api.replicate.com:8443/x",
            "https://api.replicate.com.evil.test/x",
            "https://evilreplicate.com/x",
            "https://a.b.replicate.com/x",
            "https://replicate.com/x",
            "https://u:p@api.replicate.com/x",
            "https://169.254.169.254/latest",
            "/v1/x",
            "",
            "https://api.replicate.com/a b",
        ];
        let api = host("api.replicate.com", 443);
        for url in elsewhere {
            assert_eq!(led(&api, url), None, "{url}");
        }
        assert_eq!(led(&host("replicate.test", 443), "https://other.test/x"), None);
        assert_eq!(led(&host("127.0.0.1", 443), "https://126.0.0.1/x"), None);
        assert_eq!(led(&host("localhost", 443), "https://otherhost/x"), None);
    }
}
