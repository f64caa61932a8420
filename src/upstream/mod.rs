//! Connections to providers: where they are, how one is opened, and what may go wrong on the wire.

pub mod host;
pub mod idle;
pub mod pool;
pub mod request;
pub mod resolve;
pub mod send;
pub mod silence;
pub mod tls;
pub mod version;
pub mod wire;

pub use host::Host;
pub use pool::Upstreams;
pub use request::Request;
pub use silence::Silence;
pub use wire::Wire;

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
