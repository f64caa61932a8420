//! Request heads that arrive too slowly or cannot be read: answered and closed, on any connection that speaks HTTP/1.
//!
//! Pingora bounds each read of a head but not the whole, so a client that sends a byte a minute would hold its
//! connection for ever. The stream is watched instead: the clock runs only while a head is incomplete. And as the
//! watcher sees what is written, too, it puts Pingora's bare refusals into the words clients expect.

use crate::edge::line::like_inner;
use crate::gateway::unread;
use memchr::memchr_iter;
use pingora::protocols::GetSocketDigest;
use pingora::protocols::Peek;
use pingora::protocols::SocketDigest;
use pingora::protocols::Stream;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::time::Sleep;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No byte of the next head has come.
    Between,
    /// Line ends have come, which are passed over before a head (RFC 9112 §2.2).
    Blank,
    /// Bytes of a head have come, its end has not.
    InHead,
    /// The head is complete; what comes is body.
    Past,
    /// Another protocol, which bounds itself, or nothing any more.
    Off,
}

/// A connection on which heads have to come to their end in time.
pub struct Watched {
    /// Locked by those who only look; Pingora lends its streams in no other way.
    inner: Mutex<Stream>,
    patience: Duration,
    phase: Phase,
    /// The last bytes of an incomplete head: its end may be cut in two.
    tail: [u8; 3],
    alarm: Option<Pin<Box<Sleep>>>,
    heard: u64,
}

impl Watched {
    pub fn new(inner: Stream, patience: Duration) -> Watched {
        Watched {
            inner: Mutex::new(inner),
            patience,
            phase: Phase::Between,
            tail: [0; 3],
            alarm: None,
            heard: 0,
        }
    }

    /// Bytes that were read since the last [`Watched::forget`].
    pub fn heard(&self) -> u64 {
        self.heard
    }

    pub fn forget(&mut self) {
        self.heard = 0;
    }

    /// Takes the connection away from whoever holds this, for a protocol without heads. What is left is closed.
    pub fn let_go(&self) -> Stream {
        let (closed, _) = tokio::io::duplex(1);
        std::mem::replace(&mut self.inner(), Box::new(closed))
    }

    fn inner(&self) -> MutexGuard<'_, Stream> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner_mut(&mut self) -> &mut Stream {
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&mut self, bytes: &[u8]) {
        self.heard += bytes.len() as u64;
        if bytes.is_empty() || matches!(self.phase, Phase::Past | Phase::Off) {
            return;
        }
        let bytes = match self.phase {
            Phase::Between | Phase::Blank => without_line_ends(bytes),
            Phase::InHead | Phase::Past | Phase::Off => bytes,
        };
        if bytes.is_empty() {
            self.phase = Phase::Blank;
            return;
        }
        if ends_head(bytes) || (self.phase == Phase::InHead && ends_head(&self.joint(bytes))) {
            self.phase = Phase::Past;
            self.tail = [0; 3];
            self.alarm = None;
            return;
        }
        self.phase = Phase::InHead;
        for byte in &bytes[bytes.len().saturating_sub(3)..] {
            self.tail.rotate_left(1);
            self.tail[2] = *byte;
        }
    }

    /// Where the last bytes and these meet.
    fn joint(&self, bytes: &[u8]) -> Vec<u8> {
        self.tail.iter().chain(bytes.iter().take(3)).copied().collect()
    }

    fn wrote(&mut self, bytes: &[u8]) {
        if self.phase == Phase::Past && bytes.starts_with(b"HTTP/1.1 101") {
            // What follows is another protocol, whose bytes are neither heads nor refusals.
            self.phase = Phase::Off;
            return;
        }
        // "100 Continue" is answered by the rest of the body, not by a new head.
        if self.phase == Phase::Past && !bytes.starts_with(b"HTTP/1.1 100") {
            self.phase = Phase::Between;
        }
    }

    fn is_too_slow(&mut self, cx: &mut Context<'_>) -> bool {
        let patience = self.patience;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        alarm.as_mut().poll(cx).is_ready()
    }
}

fn without_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    &bytes[start.unwrap_or(bytes.len())..]
}

fn ends_head(bytes: &[u8]) -> bool {
    let is_empty = |line: &[u8]| matches!(line, [b'\n', ..] | [b'\r', b'\n', ..]);
    memchr_iter(b'\n', bytes).any(|at| is_empty(&bytes[at + 1..]))
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(this.inner_mut()).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                this.read(&buf.filled()[before..]);
                Poll::Ready(Ok(()))
            }
            Poll::Pending if matches!(this.phase, Phase::Blank | Phase::InHead) && this.is_too_slow(cx) => {
                this.phase = Phase::Off;
                // If the client does not take it either, there is nothing more to do for it.
                let _ = Pin::new(this.inner_mut()).poll_write(cx, &unread::too_slow());
                let _ = Pin::new(this.inner_mut()).poll_flush(cx);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote(buf);
        match unread::in_our_words(buf) {
            // So short an answer fits into the buffer of a connection that nothing was written to before.
            Some(words) if self.phase != Phase::Off => {
                Pin::new(self.inner_mut()).poll_write(cx, &words).map_ok(|_| buf.len())
            }
            Some(_) | None => Pin::new(self.inner_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.inner_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.inner_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote(bufs.first().map_or(&[], |b| b));
        Pin::new(self.inner_mut()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner().is_write_vectored()
    }
}

like_inner!(Watched);

impl Peek for Watched {}

impl GetSocketDigest for Watched {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner().get_socket_digest()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("inner", &self.inner).field("phase", &self.phase).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched() -> Watched {
        let (near, _far) = tokio::io::duplex(64);
        Watched::new(Box::new(near), Duration::from_secs(1))
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_is_cut() {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for at in 1..head.len() {
            let mut stream = watched();
            stream.read(&head[..at]);
            assert_eq!(stream.phase, Phase::InHead, "cut at {at}");
            stream.read(&head[at..]);
            assert_eq!(stream.phase, Phase::Past, "cut at {at}");
        }
        let mut stream = watched();
        head.iter().for_each(|b| stream.read(&[*b]));
        assert_eq!(stream.phase, Phase::Past);
    }

    #[test]
    fn line_ends_before_a_head_do_not_end_it() {
        for start in ["\n\n", "\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n"] {
            let mut stream = watched();
            stream.read(start.as_bytes());
            assert!(matches!(stream.phase, Phase::Blank | Phase::InHead), "{start:?}");
            stream.read(b"\nx: y\r\n\r\n");
            assert_eq!(stream.phase, Phase::Past, "{start:?}");
        }
    }

    #[test]
    fn an_answer_begins_the_next_head_but_a_hundred_does_not() {
        let mut stream = watched();
        stream.read(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n");
        stream.wrote(b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.read(b"slow body");
        assert_eq!(stream.phase, Phase::Past);
        stream.wrote(b"HTTP/1.1 200 OK\r\n");
        assert_eq!(stream.phase, Phase::Between);
    }

    #[test]
    fn another_protocol_has_no_heads() {
        let mut stream = watched();
        stream.read(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        stream.wrote(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
        stream.read(b"a frame");
        assert_eq!(stream.phase, Phase::Off);
    }
}
