//! Why the edge does not serve a request.

use std::time::Duration;

/// What the client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A coding of the body that is not served.
    Coding,
    /// The path means nothing, or different things to different readers.
    BadPath,
    /// With the methods that are served.
    Method(String),
    /// The address may not.
    Forbidden,
    /// Name and password are missing or wrong.
    Password {
        realm: String,
    },
    /// The address asks too often.
    TooMany {
        wait: Duration,
    },
    /// The route has as many requests as it may have.
    Busy,
    TooLarge {
        limit: u64,
    },
    /// The route carries no WebSockets.
    Upgrade,
    /// No server of the cluster is there.
    NoServer,
    QueueFull,
    QueueTimeout(Duration),
    /// The server could not be reached, or broke off.
    BadGateway,
    GatewayTimeout,
    /// A file that is not there.
    NotFound,
}
