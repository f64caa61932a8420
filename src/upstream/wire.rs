//! One call to a provider on the wire: head and body out, head and body in, each within its time.

use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Upstreams;
use bytes::Bytes;
use pingora::ErrorType;
use pingora::RetryType;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Addresses of one name that are tried before the provider counts as unreachable.
const MAX_ADDRESSES: usize = 3;
/// A body is written in slices, so that the write timeout means progress and not the whole.
const SLICE: usize = 64 * 1024;
/// How long the body of a failed answer is read, to know why and to keep the connection.
const DREGS_PATIENCE: Duration = Duration::from_millis(500);
/// How much of it.
const DREGS: usize = 64 * 1024;

/// An open connection with one request on it. Dropping it ends the call at once.
pub struct Wire {
    session: Option<HttpSession>,
    peer: Arc<HttpPeer>,
    pub reused: bool,
    /// The whole request is out, so that another one may follow.
    sent: bool,
}

impl Upstreams {
    /// Connects to a host, from the pool where possible unless it must be `fresh`, else to its addresses
    /// one after the other.
    ///
    /// # Errors
    /// The last address's failure; [`Broken::Timeout`] at the `deadline`.
    pub async fn open(&self, host: &Host, fresh: bool, deadline: Instant) -> Result<Wire, Broken> {
        before(deadline, "connecting", self.open_any(host, fresh)).await
    }

    async fn open_any(&self, host: &Host, fresh: bool) -> Result<Wire, Broken> {
        let candidates = host.candidates().await?;
        let mut failure = Broken::Timeout("resolving");
        for (index, peer) in candidates.iter().take(MAX_ADDRESSES) {
            match self.connect(peer, fresh).await {
                Ok((session, reused)) => {
                    host.prefer(index);
                    return Ok(Wire { session: Some(session), peer: peer.clone(), reused, sent: false });
                }
                Err(error) => failure = unreachable(error),
            }
        }
        Err(failure)
    }

    /// A `fresh` connection empties the pool: where one had died the others most likely have too.
    async fn connect(&self, peer: &HttpPeer, fresh: bool) -> pingora::Result<(HttpSession, bool)> {
        loop {
            let (session, reused) = self.connector.get_http_session(peer).await?;
            // A dead HTTP/2 connection leaves the pool by itself; a living one would come back for ever.
            if !(fresh && reused && session.as_http1().is_some()) {
                return Ok((session, reused));
            }
        }
    }

    /// Gives the connection back to the pool if its request was sent and its answer read to the end, else
    /// closes it.
    pub async fn close(&self, mut wire: Wire) {
        if !wire.sent {
            return wire.abandon().await;
        }
        if let Some(session) = wire.session.take() {
            self.connector.release_http_session(session, &*wire.peer, wire.peer.options.idle_timeout).await;
        }
    }
}

impl Wire {
    /// Whether the connection speaks HTTP/2, where the address travels in the request's URI.
    pub fn is_http2(&self) -> bool {
        self.session.as_ref().is_some_and(|s| s.as_http2().is_some())
    }

    /// Whether the failure is that of a connection which had died in the pool: nothing of an answer has
    /// come, so the request may go out again.
    pub fn was_dead(&self, broken: &Broken) -> bool {
        let Broken::Reset(error) = broken else {
            return false;
        };
        self.reused
            && match self.is_http2() {
                true => matches!(error.retry, RetryType::ReusedOnly | RetryType::Decided(true)),
                false => !error.context.as_ref().is_some_and(|context| has_begun(context.as_str())),
            }
    }

    /// Sends a whole request.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at the `deadline` or when nothing can be written for too long,
    /// [`Broken::Reset`] when the connection ends. The provider may have answered nevertheless.
    pub async fn send(&mut self, head: RequestHeader, body: Bytes, deadline: Instant) -> Result<(), Broken> {
        before(deadline, "sending the request", self.send_all(head, body)).await?;
        self.sent = true;
        Ok(())
    }

    async fn send_all(&mut self, head: RequestHeader, body: Bytes) -> Result<(), Broken> {
        let session = open(&mut self.session)?;
        session.set_write_timeout(self.peer.options.write_timeout);
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
        let session = open(&mut self.session)?;
        loop {
            session.set_read_timeout(Some(left(until, "waiting for the answer")?));
            session.read_response_header().await.map_err(|e| receiving(e, "waiting for the answer"))?;
            if session.response_header().is_some_and(|h| !h.status.is_informational()) {
                break;
            }
        }
        session.response_header().ok_or(Broken::Timeout("waiting for the answer"))
    }

    /// The next bytes of the answer; `None` at its end.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at `until`, [`Broken::Reset`] when the body is cut short.
    pub async fn body(&mut self, until: Instant) -> Result<Option<Bytes>, Broken> {
        let session = open(&mut self.session)?;
        session.set_read_timeout(Some(left(until, "waiting for more of the answer")?));
        session.read_response_body().await.map_err(|e| receiving(e, "waiting for more of the answer"))
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
    pub async fn abandon(mut self) {
        if let Some(mut session) = self.session.take() {
            session.shutdown().await;
        }
    }
}

/// The sign of an answer that broke off within its head; Pingora tells it in no other way.
fn has_begun(context: &str) -> bool {
    context.split_once("bytes already read: ").is_some_and(|(_, bytes)| bytes != "0")
}

async fn before<T>(
    deadline: Instant,
    doing: &'static str,
    work: impl Future<Output = Result<T, Broken>>,
) -> Result<T, Broken> {
    tokio::time::timeout_at(deadline.into(), work).await.unwrap_or(Err(Broken::Timeout(doing)))
}

fn open(session: &mut Option<HttpSession>) -> Result<&mut HttpSession, Broken> {
    session.as_mut().ok_or(Broken::Timeout("using a closed connection"))
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
