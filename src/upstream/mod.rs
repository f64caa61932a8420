//! Connections to providers: where they are, how one is opened, and what may go wrong on the wire.

pub mod host;
pub mod resolve;
pub mod tls;
pub mod wire;

pub use host::Host;
pub use wire::Wire;

use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;

/// What can go wrong between us and a provider, as far as the judge of failures cares.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("name `{host}` does not resolve: {cause}")]
    Name { host: String, cause: std::io::Error },
    #[error("cannot connect: {0}")]
    Connect(Box<pingora::Error>),
    #[error("no secure connection: {0}")]
    Tls(Box<pingora::Error>),
    #[error("timed out while {0}")]
    Timeout(&'static str),
    /// The connection ended or was reset.
    #[error("the connection broke: {0}")]
    Reset(Box<pingora::Error>),
    /// What came is not HTTP, or its framing lies.
    #[error("not a valid answer: {0}")]
    Protocol(Box<pingora::Error>),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// The pool of connections to all providers.
pub struct Upstreams {
    connector: Connector,
}

impl Upstreams {
    /// `idle` bounds the idle connections kept, all providers together.
    pub fn new(idle: usize) -> Upstreams {
        Upstreams { connector: Connector::new(Some(ConnectorOptions::new(idle))) }
    }
}
