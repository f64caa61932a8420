//! Request heads that arrive too slowly or cannot be read: answered and closed, on any connection that speaks HTTP/1.
//!
//! Pingora bounds each read of a head but not the whole, so a client that sends a byte a minute would hold its
//! connection for ever. The stream is watched instead: the clock runs only while a head is incomplete. Nor does it bound
//! how long a short answer may wait for a client that reads nothing, which is bounded here as well. And as the watcher
//! sees what is written, it puts Pingora's bare refusals into the words clients expect.

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
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
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
    /// The head is complete; what comes is body, until somebody [waits](Watched::await_head) for the next one.
    Past,
    /// Another protocol, which bounds itself, or nothing any more.
    Off,
}

/// What has been read of a head before anybody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    Nothing,
    Part,
    /// All of it, and more perhaps.
    Head,
}

/// A connection on which heads have to come to their end in time, and clients have to take what they are sent.
pub struct Watched {
    /// Locked by those who only look; Pingora lends its streams in no other way.
    inner: Mutex<Stream>,
    patience: Duration,
    phase: Phase,
    /// The last bytes of an incomplete head: its end may be cut in two.
    tail: [u8; 3],
    alarm: Option<Pin<Box<Sleep>>>,
    /// Bytes that have come behind the head; `None` where it came in pieces.
    behind: Option<u64>,
    /// They are of this request.
    is_even: AtomicBool,
    /// Longest wait for a client that takes nothing.
    stall: Duration,
    /// Runs while it does.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub fn new(inner: Stream, patience: Duration, stall: Duration) -> Watched {
        Watched {
            inner: Mutex::new(inner),
            patience,
            phase: Phase::Between,
            tail: [0; 3],
            alarm: None,
            behind: None,
            is_even: AtomicBool::new(false),
            stall,
            stalled: None,
        }
    }

    /// The next head may come; so much of it has.
    pub fn await_head(&mut self, ahead: Ahead) {
        self.phase = match ahead {
            Ahead::Nothing => Phase::Between,
            Ahead::Part => Phase::InHead,
            Ahead::Head => Phase::Past,
        };
        // What stands at the end of a part is not known here: an end of a line, if one more is all that comes.
        self.tail = [0, 0, b'\n'];
        self.alarm = None;
        self.behind = None;
        *self.is_even.get_mut() = false;
    }

    /// Of a request so many bytes of body have been handed out. More than have come never are, and what frames chunks
    /// comes besides: only where both counts are equal is nothing left over.
    pub fn has_read(&self, body: u64) {
        self.is_even.store(self.behind == Some(body), Ordering::Relaxed);
    }

    /// Whether it is sure that nothing of the next request has been read along with this one.
    pub fn is_even(&self) -> bool {
        self.is_even.load(Ordering::Relaxed)
    }

    /// Takes the connection away from whoever holds this, for a protocol without heads. What is left is closed.
    pub fn let_go(&self) -> Stream {
        let (closed, _) = tokio::io::duplex(1);
        std::mem::replace(&mut self.inner(), Box::new(closed))
    }

    /// The longest wait for a client that takes nothing.
    pub fn stall(&self) -> Duration {
        self.stall
    }

    fn inner(&self) -> MutexGuard<'_, Stream> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner_mut(&mut self) -> &mut Stream {
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        *self.is_even.get_mut() = false;
        if matches!(self.phase, Phase::Past | Phase::Off) {
            self.behind = self.behind.map(|behind| behind + bytes.len() as u64);
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
        let is_cut = self.phase == Phase::InHead;
        let end = end_of_head(bytes);
        if end.is_some() || (is_cut && end_of_head(&self.joint(bytes)).is_some()) {
            self.phase = Phase::Past;
            self.behind = end.filter(|_| !is_cut).map(|end| (bytes.len() - end) as u64);
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
        }
    }

    /// What became of a write, unless the client has taken nothing for too long.
    fn within_stall<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let alarm = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        alarm.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
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

/// Where what follows the head begins.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', bytes).find_map(|at| match &bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
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
                // Who sent ends of lines alone has asked for nothing.
                if std::mem::replace(&mut this.phase, Phase::Off) == Phase::InHead {
                    // If the client does not take it either, there is nothing more to do for it.
                    let _ = Pin::new(this.inner_mut()).poll_write(cx, &unread::too_slow());
                    let _ = Pin::new(this.inner_mut()).poll_flush(cx);
                }
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote(buf);
        let written = match unread::in_our_words(buf) {
            // So short an answer fits into the buffer of a connection that nothing was written to before.
            Some(words) if self.phase != Phase::Off => {
                Pin::new(self.inner_mut()).poll_write(cx, &words).map_ok(|_| buf.len())
            }
            Some(_) | None => Pin::new(self.inner_mut()).poll_write(cx, buf),
        };
        self.within_stall(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(self.inner_mut()).poll_flush(cx);
        self.within_stall(cx, flushed)
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
        let written = Pin::new(self.inner_mut()).poll_write_vectored(cx, bufs);
        self.within_stall(cx, written)
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
mod tests;
