//! What comes before the first request of a connection: the PROXY header and the TLS handshake, as its listener has it.

use crate::edge::address;
use crate::edge::doors::Manner;
use crate::edge::line;
use crate::edge::line::Line;
use crate::edge::proxy_protocol;
use crate::edge::proxy_protocol::NotSpoken;
use crate::edge::proxy_protocol::Progress;
use crate::edge::proxy_protocol::Spoken;
use crate::gateway::Gateway;
use crate::gateway::parts::Parts;
use crate::gateway::rest;
use crate::gateway::slow_head::Watched;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::listeners::tls::Acceptor;
use pingora::protocols::ALPN;
use pingora::protocols::Stream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tracing::debug;
use tracing::warn;

/// Over the slowest lines a handshake takes a second or two.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The proxy behind watched connections.
pub struct Front {
    pub proxy: Arc<HttpProxy<Gateway>>,
    /// From a head's first byte to its end; likewise from the first moment to the end of a PROXY header.
    pub patience: Duration,
    pub parts: Arc<Parts>,
}

/// No `cleanup`: it would close connections that rest, with a request perhaps on its way to them.
#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let open = self.parts.metrics().connection_begins();
        let (peer, local) = line::ends(&stream)?;
        let door = self.parts.doors.find(local)?;
        let stream = match !door.listener.proxy_protocol && door.tls.is_none() {
            true => stream,
            // In a box: what a handshake needs is not kept for as long as the connection is.
            false => Box::pin(self.welcome(stream, peer, &door)).await?,
        };
        drop(door);
        let (front, shutdown) = (self.clone(), shutdown.clone());
        // Pingora's task for a connection is 8 KiB, as if it still had a handshake before it.
        tokio::spawn(async move {
            let _open = open;
            match stream.selected_alpn_proto() {
                Some(ALPN::H2) => front.proxy.process_new(stream, &shutdown).await,
                _ => {
                    let stall = front.parts.snapshot.load().config.server.write_timeout;
                    rest::serve(&front, Watched::new(stream, front.patience, stall), &shutdown).await
                }
            }
        });
        None
    }
}

impl Front {
    /// `None` closes the connection.
    async fn welcome(&self, stream: Stream, peer: SocketAddr, door: &Manner) -> Option<Stream> {
        let mut line = Line::new(stream);
        if door.listener.proxy_protocol {
            self.introduced(&mut line, peer).await.inspect_err(|why| refused(door, peer, why)).ok()?;
        }
        match &door.tls {
            None => Some(Box::new(line)),
            Some(tls) => shake_hands(tls, line, peer).await,
        }
    }

    async fn introduced(&self, line: &mut Line, peer: SocketAddr) -> Result<(), NotIntroduced> {
        let trusted = &self.parts.snapshot.load().config.edge.trusted;
        if !address::is_trusted(peer.ip().to_canonical(), trusted) {
            return Err(NotIntroduced::Untrusted);
        }
        match timeout(self.patience, header(line)).await.map_err(|_| NotIntroduced::TooSlow)?? {
            Spoken::ForItself => {}
            Spoken::For(client) => line.speaks_for(client),
        }
        Ok(())
    }
}

/// Why a connection that should begin with a PROXY header is closed.
#[derive(Debug, thiserror::Error)]
enum NotIntroduced {
    #[error("the peer is not in `trusted_proxies`")]
    Untrusted,
    #[error("the PROXY header came too slowly")]
    TooSlow,
    #[error(transparent)]
    NotSpoken(#[from] NotSpoken),
    #[error("the peer left: {0}")]
    Left(#[from] std::io::Error),
}

/// Takes not a byte more than the header has.
async fn header(line: &mut Line) -> Result<Spoken, NotIntroduced> {
    let mut bytes = Vec::new();
    loop {
        match proxy_protocol::read(&bytes)? {
            Progress::Whole(spoken) => return Ok(spoken),
            Progress::More(more) => {
                let at = bytes.len();
                bytes.resize(at + more, 0);
                line.read_exact(&mut bytes[at..]).await?;
            }
        }
    }
}

/// Whoever runs the gateway has to learn of a mistake in its settings, and nobody may fill its log.
fn refused(door: &Manner, peer: SocketAddr, why: &NotIntroduced) {
    let listener = door.listener.address;
    match door.told.swap(true, Ordering::Relaxed) {
        true => debug!(%listener, %peer, %why, "connection closed"),
        false => warn!(%listener, %peer, %why, "connection closed; further ones are told at the level debug"),
    }
}

async fn shake_hands(tls: &Acceptor, line: Line, peer: SocketAddr) -> Option<Stream> {
    match timeout(HANDSHAKE, tls.tls_handshake(line)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(why)) => {
            debug!(%peer, %why, "no handshake");
            None
        }
        Err(_) => {
            debug!(%peer, "handshake too slow");
            None
        }
    }
}
