//! Bytes both ways between a client and a server: each direction goes on, and ends, by itself.

use bytes::Bytes;
use futures_util::FutureExt;
use pingora::protocols::Shutdown;
use pingora::protocols::Stream;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::io::split;
use tokio::sync::Notify;
use tokio::time::timeout;

/// What one direction holds at most while nobody takes it, in bytes.
const BUFFER: usize = 16 << 10;

/// How long the other side may be silent when one has said its last: what is closed on one side only is mostly done
/// with, and holds a place with its server.
const AFTER_END: Duration = Duration::from_secs(60);

/// One side.
pub struct End {
    pub stream: Stream,
    /// Has been read of it already.
    pub early: Bytes,
    /// Longest it may take for what a buffer holds; `None` waits as long as the other direction moves.
    pub stall: Option<Duration>,
}

/// Carries until both sides have said their last, one of them breaks or takes nothing any more, or nothing has moved
/// for so long. Whoever has said its last may still listen, for a while.
pub async fn carry(mut client: End, mut server: End, silence: Duration) {
    let course = Course::default();
    let (mut said, mut heard) = split(&mut client.stream);
    let (mut answered, mut asked) = split(&mut server.stream);
    tokio::select! {
        // How one of them broke says nothing to anybody.
        _ = async {
            tokio::try_join!(
                one_way((&mut said, &client.early), (&mut asked, server.stall), &course),
                one_way((&mut answered, &server.early), (&mut heard, client.stall), &course),
            )
        } => {}
        () = course.stands_still(silence) => {}
    }
    drop((said, heard, answered, asked));
    for stream in [&mut client.stream, &mut server.stream] {
        // TLS says goodbye, if the other side takes it at once.
        let _ = Shutdown::shutdown(&mut **stream).now_or_never();
    }
}

/// Whether anything moves.
#[derive(Default)]
struct Course {
    moved: Notify,
    /// One side has said its last.
    half: AtomicBool,
}

impl Course {
    async fn stands_still(&self, silence: Duration) {
        let longest = || if self.half.load(Ordering::Relaxed) { silence.min(AFTER_END) } else { silence };
        while timeout(longest(), self.moved.notified()).await.is_ok() {}
    }
}

async fn one_way(
    (from, early): (&mut (impl AsyncRead + Unpin), &[u8]),
    (to, stall): (&mut (impl AsyncWrite + Unpin), Option<Duration>),
    course: &Course,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut piece = early;
    loop {
        if !piece.is_empty() {
            within(stall, pass(piece, to)).await?;
        }
        let read = from.read(&mut buffer).await?;
        course.half.fetch_or(read == 0, Ordering::Relaxed);
        course.moved.notify_one();
        if read == 0 {
            return within(stall, to.shutdown()).await;
        }
        piece = &buffer[..read];
    }
}

async fn pass(piece: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    to.write_all(piece).await?;
    to.flush().await
}

async fn within(stall: Option<Duration>, written: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    match stall {
        Some(stall) => timeout(stall, written).await?,
        None => written.await,
    }
}
