//! Connections of HTTP/1 from request to request: one that rests holds its stream and nothing else.
//!
//! Pingora would have it wait as a request whose head has yet to come, with a session, a buffer and the future of all
//! that is done with one: some 28 KiB.

use crate::edge::line::Line;
use crate::gateway::front::Front;
use crate::gateway::slow_head::Watched;
use bytes::BytesMut;
use http::header;
use pingora::apps::HttpPersistentSettings;
use pingora::apps::HttpServerApp;
use pingora::apps::ReusedHttpStream;
use pingora::apps::ServerApp;
use pingora::protocols::Ssl;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::proxy::Session;
use pingora::server::ShutdownWatch;
use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::ReadBuf;
use tokio::time::timeout;

/// A connection that never says anything.
const SILENCE: Duration = Duration::from_secs(60);

/// What HTTP/2 without TLS opens with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is read of a request at first, in bytes: its head, mostly.
const FIRST: usize = 4096;

/// Lies in what Pingora keeps of a connection of which nothing has been read but its requests so far.
struct Even;

/// Serves what comes on a connection until one side has had enough.
pub async fn serve(front: &Front, mut stream: Watched, shutdown: &ShutdownWatch) -> Option<Stream> {
    let is_plain = stream.get_ssl_digest().is_none();
    let mut first = first_bytes(&mut stream, SILENCE).await?;
    while is_plain && first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
        first.unsplit(first_bytes(&mut stream, SILENCE).await?);
    }
    if is_plain && first.starts_with(PREFACE) {
        let stream = Line::rewound(stream.let_go(), first.freeze());
        return front.proxy.process_new(Box::new(stream), shutdown).await;
    }
    let mut next = Next { stream: Box::new(stream), settings: None, first: Some(first) };
    loop {
        let reused = front.proxy.process_new_http(next.session(), shutdown).await?;
        next = next_of(front, reused).await?;
    }
}

/// What the next request is read from. A session takes a kilobyte, so it is made when it is needed.
struct Next {
    stream: Stream,
    /// What the request before has settled.
    settings: Option<HttpPersistentSettings>,
    /// What has been read of it.
    first: Option<BytesMut>,
}

impl Next {
    fn session(self) -> ServerSession {
        let mut session = ServerSession::new_http1(self.stream);
        match self.settings {
            None => session.set_keepalive(Some(SILENCE.as_secs())),
            Some(settings) => settings.apply_to_session(&mut session),
        }
        if let Some(first) = self.first {
            session.set_pipelined_prefix(first);
        }
        session
    }
}

/// Waits for the next request, where it is known that none of it has been read already.
async fn next_of(front: &Front, reused: ReusedHttpStream) -> Option<Next> {
    let (stream, settings) = reused.consume();
    let mut settings = settings?;
    if settings.take_user_context().is_none() {
        return Some(Next { stream, settings: Some(settings), first: None });
    }
    let mut stream = stream.into_any().downcast::<Watched>().ok()?;
    stream.forget();
    let patience = front.parts.snapshot.load().config.server.idle_timeout;
    let first = first_bytes(&mut stream, patience).await?;
    Some(Next { stream, settings: Some(settings), first: Some(first) })
}

/// What a request leaves to the next one of its connection. A body in chunks does not say where it ends, and Pingora
/// does not say whether it has read further: then the connection waits as Pingora's do.
pub fn left_by(session: &Session) -> Option<Box<dyn Any + Send + Sync>> {
    let ServerSession::H1(session) = session.as_downstream() else { return None };
    let stream = session.stream().as_any().downcast_ref::<Watched>()?;
    let headers = &session.req_header().headers;
    let body = match headers.get(header::CONTENT_LENGTH) {
        _ if headers.contains_key(header::TRANSFER_ENCODING) => return None,
        None => 0,
        Some(length) => length.to_str().ok()?.parse::<u64>().ok()?,
    };
    let behind_head = stream.heard().checked_sub(session.get_headers_raw_bytes().len() as u64);
    (behind_head == Some(body)).then(|| Box::new(Even) as _)
}

/// `None` if the client is silent for so long, or leaves.
async fn first_bytes(stream: &mut Watched, patience: Duration) -> Option<BytesMut> {
    let read = poll_fn(|cx| {
        // There is a buffer only while there is something to read.
        let mut space = [MaybeUninit::uninit(); FIRST];
        let mut buf = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut buf))?;
        Poll::Ready(io::Result::Ok(BytesMut::from(buf.filled())))
    });
    timeout(patience, read).await.ok()?.ok().filter(|bytes| !bytes.is_empty())
}
