//! Connections to all providers: from those at rest where possible, else new ones.

use crate::clock;
use crate::config::Provider;
use crate::turns;
use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Wire;
use crate::upstream::idle::Idle;
use crate::upstream::wire::Line;
use futures_util::FutureExt;
use pingora::ErrorType;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::TransportConnector;
use pingora::connectors::http::Connector;
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::http::v1::client::HttpSession as Http1Session;
use pingora::upstreams::peer::HttpPeer;
use pingora::upstreams::peer::Peer;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::Instant;

/// Addresses of one name that are tried before the provider counts as unreachable.
const MAX_ADDRESSES: usize = 3;
/// How long a connection may take to close.
const FAREWELL: Duration = Duration::from_millis(100);

/// How long the dead may lie among the resting connections.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Every connection that is not in use, and the ways to open another.
pub struct Upstreams {
    /// Connections that are known to speak HTTP/1 before they are open.
    idle: Idle,
    http1: TransportConnector,
    /// All others, in Pingora's own pools. Each of its two halves reads the system's authorities.
    any: OnceLock<Connector>,
    /// Idle connections it keeps.
    most_idle: usize,
}

impl Upstreams {
    /// `idle` bounds the idle connections kept, all providers together.
    pub fn new(idle: usize) -> Upstreams {
        Upstreams {
            idle: Idle::new(idle),
            http1: TransportConnector::new(Some(ConnectorOptions::new(0))),
            any: OnceLock::new(),
            most_idle: idle,
        }
    }

    /// Makes ready what these providers need, so that no request waits for it.
    pub fn ready_for(&self, providers: &[Provider]) {
        if providers.iter().any(|provider| provider.http2) {
            self.any();
        }
    }

    fn any(&self) -> &Connector {
        self.any.get_or_init(|| Connector::new(Some(ConnectorOptions::new(self.most_idle))))
    }

    /// Closes connections that have rested too long or have ended, for ever.
    pub async fn keep_tidy(&self) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            self.idle.sweep(clock::now());
        }
    }

    /// Connects to a host, from the pool where possible unless it must be `fresh`, else to its addresses
    /// one after the other.
    ///
    /// # Errors
    /// The last address's failure; [`Broken::Timeout`] at the `deadline`.
    pub async fn open(&self, host: &Host, fresh: bool, deadline: Instant) -> Result<Wire, Broken> {
        if let Some(wire) = self.reuse(host, fresh).await {
            return Ok(wire);
        }
        // Boxed: connecting is large and rare, and every request would carry the room for it.
        let connected = tokio::time::timeout_at(deadline.into(), Box::pin(self.connect(host, fresh))).await;
        connected.unwrap_or(Err(Broken::Timeout("connecting")))
    }

    /// The common case: an idle HTTP/1 connection to the preferred address.
    async fn reuse(&self, host: &Host, fresh: bool) -> Option<Wire> {
        self.at_rest(&host.preferred().filter(|peer| !fresh && is_http1(peer))?).await
    }

    /// Connects to a peer whose address is known and that speaks HTTP/1: from the pool unless it must be `fresh`. As
    /// long as the peer's own options let it take.
    ///
    /// # Errors
    /// It cannot be connected to.
    pub async fn open_http1(&self, peer: &Arc<HttpPeer>, fresh: bool) -> pingora::Result<Wire> {
        if let Some(wire) = if fresh { None } else { self.at_rest(peer).await } {
            return Ok(wire);
        }
        let (line, reused) = Box::pin(self.line_to(peer, fresh)).await?;
        Ok(Wire { line, peer: peer.clone(), reused, sent: false })
    }

    /// Requests that come to this in the same moment are written in a row. They wait for each other here, and not when
    /// they are written, so that what is taken is known to be alive.
    async fn at_rest(&self, peer: &Arc<HttpPeer>) -> Option<Wire> {
        turns::together().await;
        let stream = self.idle.take(peer.reuse_hash())?;
        Some(Wire { line: Line::Silent(stream), peer: peer.clone(), reused: true, sent: false })
    }

    async fn connect(&self, host: &Host, fresh: bool) -> Result<Wire, Broken> {
        let candidates = host.candidates().await?;
        let mut failure = Broken::Timeout("resolving");
        for (index, peer) in candidates.iter().take(MAX_ADDRESSES) {
            match self.line_to(peer, fresh).await {
                Ok((line, reused)) => {
                    host.prefer(index);
                    return Ok(Wire { line, peer: peer.clone(), reused, sent: false });
                }
                Err(error) => failure = unreachable(error),
            }
        }
        Err(failure)
    }

    /// A `fresh` connection closes those at rest: where one had died the others most likely have too.
    async fn line_to(&self, peer: &Arc<HttpPeer>, fresh: bool) -> pingora::Result<(Line, bool)> {
        if is_http1(peer) {
            let key = peer.reuse_hash();
            if fresh {
                self.idle.clear(key);
            } else if let Some(stream) = self.idle.take(key) {
                return Ok((Line::Silent(stream), true));
            }
            return Ok((Line::Silent(self.http1.new_stream(&**peer).await?), false));
        }
        loop {
            let (session, reused) = self.any().get_http_session(&**peer).await?;
            // A dead HTTP/2 connection leaves the pool by itself; a living one would come back for ever.
            if !(fresh && reused && session.as_http1().is_some()) {
                return Ok((Line::Http(Box::new(session)), reused));
            }
        }
    }

    /// Gives the connection back to the pool if its request was sent and its answer read to the end, else
    /// closes it.
    pub async fn close(&self, wire: Wire) {
        if !wire.sent {
            return wire.abandon().await;
        }
        let peer = wire.peer;
        match wire.line {
            Line::Http1(session) if is_http1(&peer) => self.rest(*session, &peer),
            Line::Http1(session) => {
                self.give_back(HttpSession::H1(*session), &peer).await;
            }
            Line::Http(session) => self.give_back(*session, &peer).await,
            Line::Silent(_) | Line::Closed => {}
        }
    }

    fn rest(&self, mut session: Http1Session, peer: &HttpPeer) {
        session.respect_keepalive();
        // At once where it can be kept. Elsewhere it says farewell in TLS, for which it has this one moment.
        if let Some(Some(stream)) = session.reuse().now_or_never() {
            let long = peer.options.idle_timeout.unwrap_or_default();
            self.idle.put(peer.reuse_hash(), stream, clock::now(), long);
        }
    }

    async fn give_back(&self, session: HttpSession, peer: &HttpPeer) {
        let released = Box::pin(self.any().release_http_session(session, peer, peer.options.idle_timeout));
        // One that cannot be kept says farewell in TLS, which its provider may not take.
        let _ = tokio::time::timeout(FAREWELL, released).await;
    }
}

fn is_http1(peer: &HttpPeer) -> bool {
    peer.options.alpn.get_max_http_version() == 1
}

fn unreachable(error: Box<pingora::Error>) -> Broken {
    match error.etype() {
        ErrorType::TLSHandshakeFailure
        | ErrorType::TLSHandshakeTimedout
        | ErrorType::InvalidCert
        | ErrorType::HandshakeError => Broken::Tls(error),
        _ => Broken::Connect(error),
    }
}
