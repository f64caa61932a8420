//! A vendor that follows a script, byte by byte, on a raw socket: for everything real ones do wrong.

use crate::support::reply::Reply;
use crate::support::reply::Step;
use crate::support::request::Inbox;
use crate::support::request::Request;
use crate::support::stand::Diary;
use crate::support::stand::Stand;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// Longest wait for something that a test expects to happen.
const DEADLINE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);

/// A running scripted vendor. Dropping it closes its port and its connections.
///
/// It lives on a thread of its own, so tests may block while it serves.
pub struct Vendor {
    base_url: String,
    diary: Arc<Diary<Departure>>,
    _stand: Stand,
}

/// The peer left before the reply to a request was over.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// Number of the request, from 0.
    pub request: usize,
    pub at: Instant,
}

/// A connection of either kind, plain or TLS.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    fn socket(&self) -> &TcpStream;
}

/// Turns an accepted socket into a line; `None` if the handshake fails.
pub trait Welcome: Clone + Send + 'static {
    type Line: Line;
    fn welcome(&self, socket: TcpStream) -> impl Future<Output = Option<Self::Line>> + Send;
}

type Script = Arc<dyn Fn(usize, &Request) -> Reply + Send + Sync>;

impl Vendor {
    /// Answers request number n (from 0, over all connections) with what `script` says.
    pub fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Vendor {
        Vendor::with(Plain, "http://127.0.0.1", Arc::new(script))
    }

    /// Where it listens, without a path: `http://127.0.0.1:port`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// All requests so far, each with its whole body.
    pub fn requests(&self) -> Vec<Request> {
        self.diary.requests()
    }

    pub fn count(&self) -> usize {
        self.diary.count()
    }

    /// When the gateway dropped connections in the middle of a reply; idle ones do not count.
    pub fn closed(&self) -> Vec<Departure> {
        self.diary.ends()
    }

    /// The requests once there are so many; panics after 15 s.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        self.poll("requests", Vendor::requests, count).await
    }

    /// The departures once there are so many; panics after 15 s.
    pub async fn wait_for_closed(&self, count: usize) -> Vec<Departure> {
        self.poll("departures", Vendor::closed, count).await
    }

    /// Polls instead of blocking: what is awaited may come from a client in the same runtime.
    async fn poll<T>(&self, what: &str, list: fn(&Vendor) -> Vec<T>, count: usize) -> Vec<T> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let late = Instant::now() > deadline;
            let found = list(self);
            if found.len() >= count {
                return found;
            }
            assert!(!late, "{} of {count} {what} came", found.len());
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) fn with<W: Welcome>(welcome: W, origin: &str, script: Script) -> Vendor {
        let diary = Arc::new(Diary::default());
        let written = diary.clone();
        let stand = Stand::open(|listener| accept(listener, welcome, script, written));
        Vendor { base_url: stand.url(origin), diary, _stand: stand }
    }
}

async fn accept<W: Welcome>(listener: TcpListener, welcome: W, script: Script, diary: Arc<Diary<Departure>>) {
    for connection in 0.. {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (welcome, script, diary) = (welcome.clone(), script.clone(), diary.clone());
        tokio::spawn(async move {
            // Scripted pieces have to leave as they are written.
            socket.set_nodelay(true).unwrap();
            if let Some(line) = welcome.welcome(socket).await {
                attend(connection, Inbox::new(line), script, diary).await;
            }
        });
    }
}

async fn attend<L: Line>(
    connection: usize,
    mut inbox: Inbox<L>,
    script: Script,
    diary: Arc<Diary<Departure>>,
) {
    while let Some(request) = inbox.request().await {
        let request = Request { connection, ..request };
        let number = diary.begin(&request);
        match perform(&mut inbox, script(number, &request)).await {
            Ending::Next => {}
            Ending::Over => return,
            Ending::Left => {
                let departure = Departure { request: number, at: Instant::now() };
                return diary.end(departure);
            }
        }
    }
}

/// How a reply ended.
enum Ending {
    Next,
    Over,
    /// The peer left first.
    Left,
}

async fn perform<L: Line>(inbox: &mut Inbox<L>, reply: Reply) -> Ending {
    for step in reply.0 {
        match step {
            Step::Bytes(bytes) => {
                let sent = async { inbox.stream.write_all(&bytes).await.and(inbox.stream.flush().await) };
                if sent.await.is_err() {
                    return Ending::Left;
                }
            }
            Step::Pause(length) => {
                if tokio::time::timeout(length, inbox.gone()).await.is_ok() {
                    return Ending::Left;
                }
            }
            Step::Hang => {
                inbox.gone().await;
                return Ending::Left;
            }
            Step::Close => break,
            Step::Reset => {
                // With no time to linger the kernel sends RST instead of FIN.
                inbox.stream.socket().set_zero_linger().unwrap();
                return Ending::Over;
            }
            Step::KeepAlive => return Ending::Next,
        }
    }
    inbox.stream.shutdown().await.ok();
    Ending::Over
}

/// No TLS.
#[derive(Clone)]
struct Plain;

impl Welcome for Plain {
    type Line = TcpStream;

    async fn welcome(&self, socket: TcpStream) -> Option<TcpStream> {
        Some(socket)
    }
}

impl Line for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}
