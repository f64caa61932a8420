//! A request's place with a server.

use crate::clock;
use crate::edge::cluster::Cluster;
use crate::edge::cluster::Server;
use std::sync::Arc;
use std::time::Instant;

/// A request's place with a server; given back when it is dropped.
pub struct Slot {
    pub server: Arc<Server>,
    /// Whether the client brought the cookie that leads here.
    pub is_known: bool,
    cluster: Arc<Cluster>,
    began: Instant,
    well: Option<bool>,
}

/// What came of a request, for the judgement of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It could not be connected to, broke off, or was silent too long.
    Failed,
    Answered(u16),
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub began: Instant,
    /// Nothing, if the server is not to be judged by it.
    pub well: Option<bool>,
}

impl Slot {
    pub fn new(cluster: &Arc<Cluster>, server: Arc<Server>, is_known: bool) -> Slot {
        Slot { server, is_known, cluster: cluster.clone(), began: clock::now(), well: None }
    }

    /// What has come of it so far. A good head whose body breaks off is no success, so it counts when all is over.
    pub fn tell(&mut self, outcome: Outcome) {
        self.well = Some(match outcome {
            Outcome::Failed => false,
            Outcome::Answered(status) => !matches!(status, 502..=504),
        });
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (began, well) = (self.began, self.well);
        self.cluster.roster.release(&self.server, Ended { began, well }, self.cluster.config.eject);
    }
}
