//! What can go wrong with Redis.

use redis::RedisError;
use std::io;
use std::time::Duration;

/// Why a link was cut.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("it did not answer in {0:?}")]
    Late(Duration),
    #[error("it has forgotten this replica: it was restarted or emptied, or we were silent for too long")]
    Forgotten,
    #[error("it said what no script of ours says")]
    Nonsense,
    #[error("it refused with {0}")]
    Refused(String),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the connection was closed")]
    Closed,
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl Lost {
    /// Because of an error of Redis's, of which the kind is told: the rest may repeat what was asked.
    pub fn refused(said: &str) -> Lost {
        Lost::Refused(said.split(' ').next().unwrap_or_default().to_owned())
    }
}
