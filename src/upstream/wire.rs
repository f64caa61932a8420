//! One call to a provider on the wire: request out, head and body in, each within its time.

use crate::upstream::Broken;
use crate::upstream::Silence;
use crate::upstream::request::Request;
use bytes::Bytes;
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
use tokio::io::AsyncWriteExt;

/// A body is written in slices, so that the write timeout means progress and not the whole.
const SLICE: usize = 64 * 1024;
/// Up to here a body goes out in one write with its head: a packet costs more than all else that is done for a
/// small request. Copying more would cost as much as a second write.
const IN_ONE: usize = 16 * 1024;
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

    /// Sends a whole request.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at the `deadline` or when nothing can be written for too long,
    /// [`Broken::Reset`] when the connection ends. The provider may have answered nevertheless.
    pub async fn send(&mut self, request: &Request<'_>, deadline: Instant) -> Result<(), Broken> {
        let sent = tokio::time::timeout_at(deadline.into(), self.send_all(request)).await;
        sent.unwrap_or(Err(Broken::Timeout(SENDING)))?;
        self.sent = true;
        Ok(())
    }

    async fn send_all(&mut self, request: &Request<'_>) -> Result<(), Broken> {
        match std::mem::replace(&mut self.line, Line::Closed) {
            Line::Silent(stream) => self.send_http1(stream, request).await,
            Line::Http(session) => match *session {
                HttpSession::H1(session) => self.send_http1(session.into_inner(), request).await,
                session @ (HttpSession::H2(_) | HttpSession::Custom(_)) => {
                    self.line = Line::Http(Box::new(session));
                    self.send_http2(request).await
                }
            },
            Line::Http1(_) | Line::Closed => Err(Broken::Timeout("using a connection twice")),
        }
    }

    /// Head and body in as few writes as can be. The session is made when there is something to read.
    async fn send_http1(&mut self, mut stream: Stream, request: &Request<'_>) -> Result<(), Broken> {
        let mut rest = request.body.clone();
        let mut first = request.http1_head();
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
            Ok(Err(cause)) => {
                Err(Broken::Reset(pingora::Error::because(ErrorType::WriteError, SENDING, cause)))
            }
            Err(_) => Err(Broken::Timeout(SENDING)),
        }
    }

    async fn send_http2(&mut self, request: &Request<'_>) -> Result<(), Broken> {
        let Line::Http(session) = &mut self.line else {
            return Err(Broken::Timeout("using a closed connection"));
        };
        session.set_write_timeout(self.peer.options.write_timeout);
        session.write_request_header(Box::new(request.http2_head()?)).await.map_err(sending)?;
        let mut rest = request.body.clone();
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
        // A head has to be waited for, so a timer is set in any case. Pingora's cost less than the runtime's, which
        // wakes its poller for the first of them.
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

const SENDING: &str = "sending the request";
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

fn sending(error: Box<pingora::Error>) -> Broken {
    match error.etype() {
        ErrorType::WriteTimedout => Broken::Timeout(SENDING),
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
