//! One call to a provider on the wire: request out, head and body in, each within its time.

use crate::upstream::Broken;
use crate::upstream::Silence;
use bytes::Bytes;
use futures_util::FutureExt;
use pingora::ErrorType;
use pingora::RetryType;
use pingora::http::ResponseHeader;
use pingora::protocols::Stream;
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::http::v1::client::HttpSession as Http1Session;
use pingora::upstreams::peer::HttpPeer;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// How long the body of a failed answer is read, to know why and to keep the connection.
const DREGS_PATIENCE: Duration = Duration::from_millis(500);
/// How much of it.
const DREGS: usize = 64 * 1024;

/// An open connection with one request on it. Dropping it ends the call at once.
pub struct Wire {
    pub(super) line: Line,
    pub(super) peer: Arc<HttpPeer>,
    pub reused: bool,
    /// The whole request is out, so that another one may follow.
    pub(super) sent: bool,
}

/// What a connection is at each stage of a call. Boxed where it is large, for a wire is moved often.
pub(super) enum Line {
    /// HTTP/1, nothing sent yet.
    Silent(Stream),
    /// HTTP/1, the request is out.
    Http1(Box<Http1Session>),
    /// HTTP/2, or a version that is not agreed on before the connection is open.
    Http(Box<HttpSession>),
    Closed,
}

impl Wire {
    /// Whether the failure is that of a connection which had died in the pool: nothing of an answer has
    /// come, so the request may go out again.
    pub fn was_dead(&self, broken: &Broken) -> bool {
        let Broken::Reset(error) = broken else {
            return false;
        };
        let http2 = matches!(&self.line, Line::Http(session) if session.as_http2().is_some());
        self.reused
            && match http2 {
                true => matches!(error.retry, RetryType::ReusedOnly | RetryType::Decided(true)),
                false => !error.context.as_ref().is_some_and(|context| has_begun(context.as_str())),
            }
    }

    /// Reads the head of the answer; informational ones are passed over.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at `until`, [`Broken::Reset`] when the connection ends before it.
    pub async fn head(&mut self, until: Instant) -> Result<&ResponseHeader, Broken> {
        while self.next_head(until).await?.status.is_informational() {}
        self.current_head()
    }

    /// Reads the next head, an informational one perhaps.
    ///
    /// # Errors
    /// As [`Wire::head`].
    pub async fn next_head(&mut self, until: Instant) -> Result<&ResponseHeader, Broken> {
        // A head has to be waited for, so a timer is set in any case. Pingora's cost less than the runtime's, which
        // wakes its poller for the first of them. Its session's own would begin anew with each byte.
        match &mut self.line {
            Line::Http1(session) => {
                session.read_timeout = None;
                let read = pingora::time::timeout(left(until, WAITING)?, session.read_response()).await;
                read.map_err(|_| Broken::Timeout(WAITING))?.map_err(|e| receiving(e, WAITING))?;
            }
            Line::Http(session) => {
                session.set_read_timeout(Some(left(until, WAITING)?));
                session.read_response_header().await.map_err(|e| receiving(e, WAITING))?;
            }
            Line::Silent(_) | Line::Closed => return Err(Broken::Timeout(WAITING)),
        }
        self.current_head()
    }

    /// The head that was read last.
    ///
    /// # Errors
    /// None was.
    pub fn current_head(&self) -> Result<&ResponseHeader, Broken> {
        let head = match &self.line {
            Line::Http1(session) => session.resp_header(),
            Line::Http(session) => session.response_header(),
            Line::Silent(_) | Line::Closed => None,
        };
        head.ok_or(Broken::Timeout(WAITING))
    }

    /// The next bytes of the answer; `None` at its end.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at `until`, [`Broken::Reset`] when the body is cut short.
    pub async fn body(&mut self, until: Instant) -> Result<Option<Bytes>, Broken> {
        let read = tokio::time::timeout_at(until.into(), self.unbounded()).await;
        read.map_err(|_| Broken::Timeout(MORE))?.map_err(|e| receiving(e, MORE))
    }

    /// The next bytes of a stream; `None` at its end.
    ///
    /// # Errors
    /// [`Broken::Timeout`] when the `silence` lasts too long, else as [`Wire::body`].
    pub async fn more(&mut self, silence: &mut Silence) -> Result<Option<Bytes>, Broken> {
        tokio::select! {
            biased;
            read = self.unbounded() => read.map_err(|e| receiving(e, MORE)),
            () = silence.lasts() => Err(Broken::Timeout(MORE)),
        }
    }

    /// Pingora's own timeouts are made anew for each read, needed or not, and the clock is read for each; most bodies
    /// are there with their head, and most events with others.
    async fn unbounded(&mut self) -> pingora::Result<Option<Bytes>> {
        match &mut self.line {
            Line::Http1(session) => {
                session.read_timeout = None;
                session.read_body_bytes().await
            }
            Line::Http(session) => {
                session.set_read_timeout(None);
                session.read_response_body().await
            }
            Line::Silent(_) | Line::Closed => Ok(None),
        }
    }

    /// The next bytes if they have come; `None` if they have to be waited for.
    pub fn at_hand(&mut self) -> Option<pingora::Result<Option<Bytes>>> {
        tokio::task::unconstrained(self.unbounded()).now_or_never()
    }

    /// Whether the answer of an HTTP/1 call has been read to its end.
    pub fn is_read(&mut self) -> bool {
        match &mut self.line {
            Line::Http1(session) => session.is_body_done(),
            Line::Http(_) | Line::Silent(_) | Line::Closed => false,
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

    /// Ends the call at once: an HTTP/2 stream is reset, an HTTP/1 connection dropped. TLS would have a word to
    /// say at its end, and wait for ever behind what the provider does not read.
    pub async fn abandon(self) {
        match self.line {
            Line::Http(mut session) if session.as_http1().is_none() => session.shutdown().await,
            Line::Http(_) | Line::Http1(_) | Line::Silent(_) | Line::Closed => {}
        }
    }
}

const WAITING: &str = "waiting for the answer";
const MORE: &str = "waiting for more of the answer";

/// The sign of an answer that broke off within its head; Pingora tells it in no other way.
fn has_begun(context: &str) -> bool {
    context.split_once("bytes already read: ").is_some_and(|(_, bytes)| bytes != "0")
}

fn left(until: Instant, doing: &'static str) -> Result<Duration, Broken> {
    let left = until.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(Broken::Timeout(doing)),
        false => Ok(left),
    }
}

fn receiving(error: Box<pingora::Error>, doing: &'static str) -> Broken {
    match error.etype() {
        ErrorType::ReadTimedout => Broken::Timeout(doing),
        ErrorType::InvalidHTTPHeader | ErrorType::InvalidH2 => Broken::Protocol(error),
        _ => Broken::Reset(error),
    }
}
