//! What a request asks, and on whose behalf.

use crate::dialect::Dialect;
use crate::telemetry::metrics::Operation;
use crate::tenants::credential::Credential;
use std::net::SocketAddr;
use std::sync::Arc;

/// What was asked, as far as it is known.
pub struct Subject {
    pub operation: Operation,
    /// What the client speaks.
    pub dialect: Dialect,
    pub key: Option<Arc<str>>,
    pub tenant: Option<Arc<str>>,
    /// The key, once it has been let in.
    pub payer: Option<Arc<Credential>>,
    /// The person behind the application, as it says.
    pub end_user: Option<String>,
    pub model: Option<String>,
    pub stream: bool,
    /// The name of the edge's route it takes.
    pub route: Option<Arc<str>>,
    /// The server it was sent to there.
    pub server: Option<SocketAddr>,
    /// The job that it hands in, or asks about.
    pub job: Option<Arc<str>>,
}

impl Default for Subject {
    fn default() -> Subject {
        Subject {
            operation: Operation::Other,
            dialect: Dialect::OpenAi,
            key: None,
            tenant: None,
            payer: None,
            end_user: None,
            model: None,
            stream: false,
            route: None,
            server: None,
            job: None,
        }
    }
}
