//! One call to a provider on the wire: head and body out, head and body in, each within its time.

use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Upstreams;
use bytes::Bytes;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::protocols::Stream;
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::http::v1::client::HttpSession as Http1Session;
use pingora::protocols::http::v1::client::http_req_header_to_wire;
use pingora::upstreams::peer::HttpPeer;
use pingora::upstreams::peer::Peer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncWriteExt;

/// Addresses of one name that are tried before the provider counts as unreachable.
const MAX_ADDRESSES: usize = 3;
/// A body is written in slices, so that the write timeout means progress and not the whole.
const SLICE: usize = 64 * 1024;
/// Up to here head and body go out in one write; copying more costs as much as a second write.
const IN_ONE: usize = 16 * 1024;
/// How long the body of a failed answer is read, to know why and to keep the connection.
const DREGS_PATIENCE: Duration = Duration::from_millis(500);
/// How much of it.
const DREGS: usize = 64 * 1024;

/// An open connection with one request on it. Dropping it ends the call at once.
pub struct Wire {
    line: Line,
    peer: Arc<HttpPeer>,
    pub reused: bool,
}

/// What a connection is at each stage of a call.
enum Line {
    /// HTTP/1, nothing sent yet.
    Silent(Stream),
    /// HTTP/1, the request is out. Boxed, as is the other: a wire is moved often.
    Http1(Box<Http1Session>),
    /// HTTP/2, or a version that is not agreed on before the connection is open.
    Http(Box<HttpSession>),
    Closed,
}

impl Upstreams {
    /// Connects to a host, from the pool where possible unless it must be `fresh`, else to its addresses
    /// one after the other.
    ///
    /// # Errors
    /// The last address's failure.
    pub async fn open(&self, host: &Host, fresh: bool) -> Result<Wire, Broken> {
        if let Some(wire) = self.reuse(host, fresh).await {
            return Ok(wire);
        }
        // Boxed: connecting is large and rare, and every request would carry the room for it.
        Box::pin(self.connect(host, fresh)).await
    }

    /// The common case: an idle HTTP/1 connection to the preferred address.
    async fn reuse(&self, host: &Host, fresh: bool) -> Option<Wire> {
        let peer = host.preferred().filter(|peer| !fresh && is_http1(peer))?;
        let stream = self.http1.reused_stream(&*peer).await?;
        Some(Wire { line: Line::Silent(stream), peer, reused: true })
    }

    async fn connect(&self, host: &Host, fresh: bool) -> Result<Wire, Broken> {
        let candidates = host.candidates().await?;
        let mut failure = Broken::Timeout("resolving");
        for (index, peer) in candidates.iter().take(MAX_ADDRESSES) {
            let peer = match fresh {
                true => self.unpooled(peer),
                false => peer.clone(),
            };
            match self.line_to(&peer).await {
                Ok((line, reused)) => {
                    host.prefer(index);
                    return Ok(Wire { line, peer, reused });
                }
                Err(error) => failure = unreachable(error),
            }
        }
        Err(failure)
    }

    async fn line_to(&self, peer: &Arc<HttpPeer>) -> pingora::Result<(Line, bool)> {
        if is_http1(peer) {
            let (stream, reused) = self.http1.get_stream(&**peer).await?;
            return Ok((Line::Silent(stream), reused));
        }
        let (session, reused) = self.any.get_http_session(&**peer).await?;
        Ok((Line::Http(Box::new(session)), reused))
    }

    /// The same peer under a name that no pooled connection goes by.
    fn unpooled(&self, peer: &HttpPeer) -> Arc<HttpPeer> {
        let mut alone = peer.clone();
        alone.group_key = self.serial.fetch_add(1, Ordering::Relaxed);
        Arc::new(alone)
    }

    /// Gives the connection back to the pool if its answer was read to the end, else closes it.
    pub async fn close(&self, wire: Wire) {
        let idle = wire.peer.options.idle_timeout;
        match wire.line {
            Line::Http1(mut session) => {
                session.respect_keepalive();
                if let Some(stream) = session.reuse().await {
                    self.http1.release_stream(stream, wire.peer.reuse_hash(), idle);
                }
            }
            Line::Http(session) => self.any.release_http_session(*session, &*wire.peer, idle).await,
            Line::Silent(_) | Line::Closed => {}
        }
    }
}

fn is_http1(peer: &HttpPeer) -> bool {
    peer.options.alpn.get_max_http_version() == 1
}

impl Wire {
    /// Whether the connection speaks HTTP/2, where the address travels in the request's URI.
    pub fn is_http2(&self) -> bool {
        matches!(&self.line, Line::Http(session) if session.as_http2().is_some())
    }

    /// Sends a whole request.
    ///
    /// # Errors
    /// [`Broken`]; the provider may have answered all the same, which is worth reading.
    pub async fn send(&mut self, head: RequestHeader, body: Bytes) -> Result<(), Broken> {
        match std::mem::replace(&mut self.line, Line::Closed) {
            Line::Silent(stream) => self.send_http1(stream, &head, body).await,
            Line::Http(session) => match *session {
                HttpSession::H1(session) => self.send_http1(session.into_inner(), &head, body).await,
                session @ (HttpSession::H2(_) | HttpSession::Custom(_)) => {
                    self.line = Line::Http(Box::new(session));
                    self.send_http2(head, body).await
                }
            },
            Line::Http1(_) | Line::Closed => Err(Broken::Timeout("using a connection twice")),
        }
    }

    /// Head and body in as few writes as can be: Pingora's session sends the head by itself, and a packet costs
    /// more than all else that is done for a small request. The session is made when there is something to read.
    async fn send_http1(
        &mut self,
        mut stream: Stream,
        head: &RequestHeader,
        body: Bytes,
    ) -> Result<(), Broken> {
        let forbidden =
            || pingora::Error::explain(ErrorType::InvalidHTTPHeader, "the request head cannot be written");
        let mut first = http_req_header_to_wire(head).ok_or_else(|| Broken::Protocol(forbidden()))?;
        let mut rest = body;
        first.extend_from_slice(&rest.split_to(rest.len().min(IN_ONE)));
        let mut sent = self.write(&mut stream, &first).await;
        while sent.is_ok() && !rest.is_empty() {
            let slice = rest.split_to(rest.len().min(SLICE));
            sent = self.write(&mut stream, &slice).await;
        }
        self.line = Line::Http1(Box::new(Http1Session::new_with_options(stream, &*self.peer)));
        sent
    }

    async fn write(&self, stream: &mut Stream, bytes: &[u8]) -> Result<(), Broken> {
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        let patience = self.peer.options.write_timeout.unwrap_or(DREGS_PATIENCE);
        match tokio::time::timeout(patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(Broken::Reset(pingora::Error::because(
                ErrorType::WriteError,
                "sending the request",
                cause,
            ))),
            Err(_) => Err(Broken::Timeout("sending the request")),
        }
    }

    async fn send_http2(&mut self, head: RequestHeader, body: Bytes) -> Result<(), Broken> {
        let Line::Http(session) = &mut self.line else {
            return Err(Broken::Timeout("using a closed connection"));
        };
        session.write_request_header(Box::new(head)).await.map_err(sending)?;
        let mut rest = body;
        while rest.len() > SLICE {
            session.write_request_body(rest.split_to(SLICE), false).await.map_err(sending)?;
        }
        session.write_request_body(rest, true).await.map_err(sending)?;
        session.finish_request_body().await.map_err(sending)
    }

    /// Reads the head of the answer; informational ones are passed over.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at `until`, [`Broken::Reset`] when the connection ends before it.
    pub async fn head(&mut self, until: Instant) -> Result<&ResponseHeader, Broken> {
        const DOING: &str = "waiting for the answer";
        match &mut self.line {
            Line::Http1(session) => loop {
                session.read_timeout = Some(left(until, DOING)?);
                session.read_response().await.map_err(|e| receiving(e, DOING))?;
                if session.resp_header().is_some_and(|h| !h.status.is_informational()) {
                    break;
                }
            },
            Line::Http(session) => {
                session.set_read_timeout(Some(left(until, DOING)?));
                session.read_response_header().await.map_err(|e| receiving(e, DOING))?;
            }
            Line::Silent(_) | Line::Closed => return Err(Broken::Timeout(DOING)),
        }
        let head = match &self.line {
            Line::Http1(session) => session.resp_header(),
            Line::Http(session) => session.response_header(),
            Line::Silent(_) | Line::Closed => None,
        };
        head.ok_or(Broken::Timeout(DOING))
    }

    /// The next bytes of the answer; `None` at its end.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at `until`, [`Broken::Reset`] when the body is cut short.
    pub async fn body(&mut self, until: Instant) -> Result<Option<Bytes>, Broken> {
        const DOING: &str = "waiting for more of the answer";
        match &mut self.line {
            Line::Http1(session) => {
                session.read_timeout = Some(left(until, DOING)?);
                session.read_body_bytes().await.map_err(|e| receiving(e, DOING))
            }
            Line::Http(session) => {
                session.set_read_timeout(Some(left(until, DOING)?));
                session.read_response_body().await.map_err(|e| receiving(e, DOING))
            }
            Line::Silent(_) | Line::Closed => Err(Broken::Timeout(DOING)),
        }
    }

    /// The rest of the answer in one piece.
    ///
    /// # Errors
    /// As [`Wire::body`], and [`Broken::TooLarge`].
    pub async fn whole(&mut self, limit: usize, until: Instant) -> Result<Bytes, Broken> {
        let Some(first) = self.body(until).await? else {
            return Ok(Bytes::new());
        };
        let mut all = Vec::new();
        while let Some(more) = self.body(until).await? {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&more);
            if all.len() > limit {
                return Err(Broken::TooLarge { limit });
            }
        }
        match all.is_empty() {
            true if first.len() > limit => Err(Broken::TooLarge { limit }),
            true => Ok(first),
            false => Ok(all.into()),
        }
    }

    /// What a failed answer says, up to 64 KiB and half a second. Cut short, it is what came till then.
    pub async fn dregs(&mut self) -> Vec<u8> {
        let until = Instant::now() + DREGS_PATIENCE;
        let mut said = Vec::new();
        while said.len() < DREGS {
            match self.body(until).await {
                Ok(Some(more)) => said.extend_from_slice(&more),
                Ok(None) | Err(_) => break,
            }
        }
        said.truncate(DREGS);
        said
    }

    /// Ends the call at once: an HTTP/2 stream is reset, an HTTP/1 connection closed.
    pub async fn abandon(self) {
        match self.line {
            Line::Http1(mut session) => session.shutdown().await,
            Line::Http(mut session) => session.shutdown().await,
            Line::Silent(_) | Line::Closed => {}
        }
    }
}

fn left(until: Instant, doing: &'static str) -> Result<Duration, Broken> {
    let left = until.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(Broken::Timeout(doing)),
        false => Ok(left),
    }
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

fn sending(error: Box<pingora::Error>) -> Broken {
    match error.etype() {
        ErrorType::WriteTimedout => Broken::Timeout("sending the request"),
        _ => Broken::Reset(error),
    }
}

fn receiving(error: Box<pingora::Error>, doing: &'static str) -> Broken {
    match error.etype() {
        ErrorType::ReadTimedout => Broken::Timeout(doing),
        ErrorType::InvalidHTTPHeader | ErrorType::InvalidH2 => Broken::Protocol(error),
        _ => Broken::Reset(error),
    }
}
