//! What scripted vendors have in common: a thread of their own to listen on, and a diary.

use crate::support::request::Request;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A vendor's place on this machine. Dropping it closes its port and its connections.
pub struct Stand {
    port: u16,
    _stop: oneshot::Sender<()>,
}

impl Stand {
    /// Serves on a thread of its own, so tests may block meanwhile.
    pub fn open<S: Future<Output = ()>>(serve: impl FnOnce(TcpListener) -> S + Send + 'static) -> Stand {
        let (tell, port) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                tokio::select! {
                    () = serve(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Stand { port: port.recv().expect("the vendor did not start"), _stop: stop }
    }

    /// `http://127.0.0.1:port`, if that is the origin without its port.
    pub fn url(&self, origin: &str) -> String {
        format!("{origin}:{}", self.port)
    }
}

/// Which requests came, and which of their ends were not the vendor's own.
pub struct Diary<E> {
    requests: Mutex<Vec<Request>>,
    ends: Mutex<Vec<E>>,
}

impl<E> Default for Diary<E> {
    fn default() -> Diary<E> {
        Diary { requests: Mutex::default(), ends: Mutex::default() }
    }
}

impl<E: Clone> Diary<E> {
    /// Writes down a request; its number, from 0, is what comes back.
    pub fn begin(&self, request: &Request) -> usize {
        let mut requests = self.requests.lock().unwrap();
        requests.push(request.clone());
        requests.len() - 1
    }

    /// Writes down the body of a request of which only the head was known.
    pub fn complete(&self, number: usize, body: &[u8]) {
        self.requests.lock().unwrap()[number].body = body.to_vec();
    }

    pub fn end(&self, end: E) {
        self.ends.lock().unwrap().push(end);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub fn ends(&self) -> Vec<E> {
        self.ends.lock().unwrap().clone()
    }
}
