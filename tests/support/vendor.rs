//! A vendor that follows a script, byte by byte, on a raw socket: for everything real ones do wrong.

use crate::support::reply::Reply;
use crate::support::reply::Step;
use crate::support::request::Inbox;
use crate::support::request::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Longest wait for something that a test expects to happen.
const DEADLINE: Duration = Duration::from_secs(15);

/// A running scripted vendor. Dropping it closes its port and its connections.
///
/// It lives on a thread of its own, so tests may block while it serves.
pub struct Vendor {
    base_url: String,
    diary: Arc<Diary>,
    _stop: oneshot::Sender<()>,
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

#[derive(Default)]
struct Diary {
    entries: Mutex<Entries>,
    written: Condvar,
}

#[derive(Default)]
struct Entries {
    requests: Vec<Request>,
    departures: Vec<Departure>,
}

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
        self.diary.entries.lock().unwrap().requests.clone()
    }

    pub fn count(&self) -> usize {
        self.diary.entries.lock().unwrap().requests.len()
    }

    /// When the gateway dropped connections in the middle of a reply; idle ones do not count.
    pub fn closed(&self) -> Vec<Departure> {
        self.diary.entries.lock().unwrap().departures.clone()
    }

    /// Blocks until there have been so many requests; panics after 15 s.
    pub fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        self.diary
            .wait("requests", |entries| (entries.requests.len() >= count).then(|| entries.requests.clone()))
    }

    /// Blocks until so many replies were left by the gateway; panics after 15 s.
    pub fn wait_for_closed(&self, count: usize) -> Vec<Departure> {
        let enough =
            |entries: &Entries| (entries.departures.len() >= count).then(|| entries.departures.clone());
        self.diary.wait("departures", enough)
    }

    pub(super) fn with<W: Welcome>(welcome: W, origin: &str, script: Script) -> Vendor {
        let (tell, port) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let diary = Arc::new(Diary::default());
        let written = diary.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                tokio::select! {
                    () = accept(listener, welcome, script, written) => {}
                    _ = stopped => {}
                }
            });
        });
        let port = port.recv().expect("the vendor did not start");
        Vendor { base_url: format!("{origin}:{port}"), diary, _stop: stop }
    }
}

impl Diary {
    fn note(&self, write: impl FnOnce(&mut Entries)) {
        write(&mut self.entries.lock().unwrap());
        self.written.notify_all();
    }

    fn begin(&self, request: &Request) -> usize {
        let mut entries = self.entries.lock().unwrap();
        entries.requests.push(request.clone());
        self.written.notify_all();
        entries.requests.len() - 1
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut(&Entries) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut entries = self.entries.lock().unwrap();
        loop {
            if let Some(found) = found(&entries) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let (requests, departures) = (entries.requests.len(), entries.departures.len());
            assert!(!left.is_zero(), "too few {what}: {requests} requests, {departures} departures");
            entries = self.written.wait_timeout(entries, left).unwrap().0;
        }
    }
}

async fn accept<W: Welcome>(listener: TcpListener, welcome: W, script: Script, diary: Arc<Diary>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (welcome, script, diary) = (welcome.clone(), script.clone(), diary.clone());
        tokio::spawn(async move {
            // Scripted pieces have to leave as they are written.
            socket.set_nodelay(true).unwrap();
            if let Some(line) = welcome.welcome(socket).await {
                attend(Inbox::new(line), script, diary).await;
            }
        });
    }
}

async fn attend<L: Line>(mut inbox: Inbox<L>, script: Script, diary: Arc<Diary>) {
    while let Some(request) = inbox.request().await {
        let number = diary.begin(&request);
        match perform(&mut inbox, script(number, &request)).await {
            Ending::Next => {}
            Ending::Over => return,
            Ending::Left => {
                let departure = Departure { request: number, at: Instant::now() };
                return diary.note(|entries| entries.departures.push(departure));
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
