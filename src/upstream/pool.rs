//! The pool of connections to all providers, and how a new one is made.

use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Wire;
use crate::upstream::wire::Line;
use pingora::ErrorType;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::TransportConnector;
use pingora::connectors::http::Connector;
use pingora::upstreams::peer::HttpPeer;
use pingora::upstreams::peer::Peer;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Addresses of one name that are tried before the provider counts as unreachable.
const MAX_ADDRESSES: usize = 3;
/// How long a connection may take to close.
const FAREWELL: Duration = Duration::from_millis(100);

/// Pingora's pools: idle connections that are watched, and closed when their time is over.
pub struct Upstreams {
    /// Connections that are known to speak HTTP/1 before they are open.
    http1: TransportConnector,
    /// All others.
    any: Connector,
}

impl Upstreams {
    /// `idle` bounds the idle connections kept, all providers together.
    pub fn new(idle: usize) -> Upstreams {
        let options = || Some(ConnectorOptions::new(idle));
        Upstreams { http1: TransportConnector::new(options()), any: Connector::new(options()) }
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
        let peer = host.preferred().filter(|peer| !fresh && is_http1(peer))?;
        let stream = self.http1.reused_stream(&*peer).await?;
        Some(Wire { line: Line::Silent(stream), peer, reused: true, sent: false })
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

    /// A `fresh` connection empties the pool: where one had died the others most likely have too.
    async fn line_to(&self, peer: &Arc<HttpPeer>, fresh: bool) -> pingora::Result<(Line, bool)> {
        if is_http1(peer) {
            if fresh {
                while self.http1.reused_stream(&**peer).await.is_some() {}
                // The pool may hold more: it says none as well when the next one is dead, or just being watched.
                return Ok((Line::Silent(self.http1.new_stream(&**peer).await?), false));
            }
            let (stream, reused) = self.http1.get_stream(&**peer).await?;
            return Ok((Line::Silent(stream), reused));
        }
        loop {
            let (session, reused) = self.any.get_http_session(&**peer).await?;
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
        // One that cannot be kept says farewell in TLS, which its provider may not take.
        let _ = tokio::time::timeout(FAREWELL, self.give_back(wire)).await;
    }

    async fn give_back(&self, wire: Wire) {
        let (peer, idle) = (&wire.peer, wire.peer.options.idle_timeout);
        match wire.line {
            Line::Http1(mut session) if is_http1(peer) => {
                session.respect_keepalive();
                if let Some(stream) = session.reuse().await {
                    self.http1.release_stream(stream, peer.reuse_hash(), idle);
                }
            }
            Line::Http1(session) => {
                let session = pingora::protocols::http::client::HttpSession::H1(*session);
                Box::pin(self.any.release_http_session(session, &**peer, idle)).await;
            }
            Line::Http(session) => Box::pin(self.any.release_http_session(*session, &**peer, idle)).await,
            Line::Silent(_) | Line::Closed => {}
        }
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
