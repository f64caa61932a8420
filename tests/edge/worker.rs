//! A server that counts who is in it at once, and waits, fails or upgrades as it is told.

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::Response;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long an ordinary request takes: long enough for others to meet it.
const WORK: Duration = Duration::from_millis(3);

/// A server on a port of its own; it ends with the test's runtime.
#[derive(Clone)]
pub struct Worker {
    pub address: SocketAddr,
    name: &'static str,
    here: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
    /// Of every answer.
    status: Arc<AtomicU16>,
    open: watch::Sender<bool>,
}

impl Worker {
    /// `name` stands in every answer (`X-Server`), to tell servers apart.
    pub async fn start(name: &'static str) -> Worker {
        Worker::serve(name, TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// At an address where nobody listens yet.
    pub async fn start_at(name: &'static str, address: SocketAddr) -> Worker {
        Worker::serve(name, TcpListener::bind(address).await.unwrap())
    }

    fn serve(name: &'static str, listener: TcpListener) -> Worker {
        let worker = Worker {
            address: listener.local_addr().unwrap(),
            name,
            here: Arc::default(),
            most: Arc::default(),
            count: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            open: watch::Sender::new(true),
        };
        let at_work = worker.clone();
        let app = Router::new().fallback(move |request: Request| {
            let worker = at_work.clone();
            async move { worker.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        worker
    }

    /// Requests answered or under way, but checks.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The most that were here at once.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Requests stay until [`Worker::open`].
    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many have come.
    pub async fn has_seen(&self, count: usize) {
        let late = tokio::time::timeout(Duration::from_secs(10), async {
            while self.count() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        late.await.unwrap_or_else(|_| panic!("{} has seen {}, not {count}", self.name, self.count()));
    }

    async fn answer(&self, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let is_check = head.uri.path() == "/health";
        let bytes = to_bytes(body, usize::MAX).await.map_or(0, |body| body.len());
        if !is_check {
            self.count.fetch_add(1, Ordering::SeqCst);
            let here = self.here.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(here, Ordering::SeqCst);
            let _leaves = Leaves(self.here.clone());
            tokio::time::sleep(WORK).await;
            self.open.subscribe().wait_for(|open| *open).await.unwrap();
        }
        let answer = Response::builder().status(self.status.load(Ordering::SeqCst));
        let answer = answer.header("x-server", self.name).header("x-bytes", bytes);
        // As servers of sessions do, on the request that opens one.
        match head.uri.query().and_then(|query| query.strip_prefix("open=")) {
            Some(session) => answer.header("mcp-session-id", session),
            None => answer,
        }
        .body(Body::from("well"))
        .unwrap()
    }
}

/// Also when the gateway hangs up.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
