//! Connections of HTTP/1 from request to request: one that rests holds its stream and nothing else.
//!
//! Pingora would have it wait as a request whose head has yet to come, with a session, a buffer and the future of all
//! that is done with one: some 28 KiB.

use crate::edge::line::Line;
use crate::gateway::front::Front;
use crate::gateway::slow_head::Ahead;
use crate::gateway::slow_head::Watched;
use bytes::BytesMut;
use pingora::apps::HttpPersistentSettings;
use pingora::apps::HttpServerApp;
use pingora::apps::ReusedHttpStream;
use pingora::apps::ServerApp;
use pingora::protocols::Ssl;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::proxy::Session;
use pingora::server::ShutdownWatch;
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

/// Notes at the end of a request how much of what has come is its own.
pub fn note_end(session: &Session) {
    let ServerSession::H1(session) = session.as_downstream() else { return };
    if let Some(stream) = session.stream().as_any().downcast_ref::<Watched>() {
        stream.has_read(session.body_bytes_read() as u64);
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

/// Waits for the next request, where none of it has been read already.
async fn next_of(front: &Front, reused: ReusedHttpStream) -> Option<Next> {
    let (stream, settings) = reused.consume();
    let (settings, mut stream) = (settings?, stream.into_any().downcast::<Watched>().ok()?);
    let ahead = if stream.is_even() { Ahead::Nothing } else { ahead(&settings) };
    stream.await_head(ahead);
    let first = match ahead {
        Ahead::Nothing => {
            let patience = front.parts.snapshot.load().config.server.idle_timeout;
            Some(first_bytes(&mut stream, patience).await?)
        }
        Ahead::Part | Ahead::Head => None,
    };
    Some(Next { stream, settings: Some(settings), first })
}

/// What has been read of the next request along with the last one, where counting bytes does not tell. Pingora keeps it
/// to itself, but shows it to whoever debugs; in any other words it would be taken for a part of a head.
fn ahead(settings: &HttpPersistentSettings) -> Ahead {
    let shown = format!("{settings:?}");
    // What a client sends is quoted, and stands before the last words.
    if shown.ends_with(", pipelined_prefix: None, pipelining_enabled: true }") {
        return Ahead::Nothing;
    }
    let has_empty_line = shown.contains("\\n\\r\\n") || shown.contains("\\n\\n");
    if has_empty_line { Ahead::Head } else { Ahead::Part }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(prefix: Option<&[u8]>) -> HttpPersistentSettings {
        let (near, _far) = tokio::io::duplex(64);
        let mut session = ServerSession::new_http1(Box::new(near));
        session.set_pipelining_enabled(true);
        let mut settings = HttpPersistentSettings::for_session(&session);
        prefix.into_iter().for_each(|prefix| settings.set_pipelined_prefix(BytesMut::from(prefix)));
        settings
    }

    #[test]
    fn what_pingora_has_read_ahead_is_seen() {
        assert_eq!(ahead(&settings(None)), Ahead::Nothing);
        let lie: &[u8] = b", pipelined_prefix: None, pipelining_enabled: true }";
        for (prefix, seen) in [
            (b"G".as_slice(), Ahead::Part),
            (lie, Ahead::Part),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", Ahead::Part),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ahead::Head),
            (b"POST / HTTP/1.1\nContent-Length: 2\n\nx", Ahead::Head),
        ] {
            assert_eq!(ahead(&settings(Some(prefix))), seen, "{}", prefix.escape_ascii());
        }
    }
}
