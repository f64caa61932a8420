//! One address of a cluster, and a request's place there.

use http::HeaderValue;
use std::net::SocketAddr;
use std::sync::Arc;

/// One address.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    /// As it is written in the configuration.
    pub host: String,
    authority: HeaderValue,
}

impl Server {
    pub fn new(address: SocketAddr, host: &str, port: u16) -> Server {
        let bare = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        // Names of the configuration are plain words.
        let authority = HeaderValue::from_str(&bare).unwrap_or_else(|_| HeaderValue::from_static(""));
        Server { address, host: host.to_owned(), authority }
    }

    /// Its name and port, for the `Host` header.
    pub fn authority(&self) -> HeaderValue {
        self.authority.clone()
    }
}

/// A request's place with a server; given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    pub server: Arc<Server>,
}

/// What came of a request, for the judgement of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It could not be connected to, broke off before it answered, or was silent too long.
    Failed,
    Answered(u16),
}

impl Slot {
    pub fn new(server: Arc<Server>) -> Slot {
        Slot { server }
    }

    /// To be told once.
    pub fn tell(&self, _outcome: Outcome) {}
}
