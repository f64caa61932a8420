//! A server in its cluster: its weight, its requests, its health.

use crate::edge::cluster::health::Health;
use crate::edge::cluster::server::Server;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// One server, as the choice sees it.
#[derive(Debug)]
pub struct Seat {
    pub server: Arc<Server>,
    pub weight: u32,
    /// Requests under way.
    pub busy: u32,
    pub health: Health,
    /// It is no longer in the cluster, and stays until its last request has ended.
    pub gone: bool,
    /// Whether it may be asked, in the choice that is being made.
    pub may: bool,
    /// How much it may be asked in that choice; 0 if it may not, or has no room.
    pub share: u64,
    /// Of the smooth round robin.
    pub turn: i64,
}

impl Seat {
    pub fn new(server: Arc<Server>, weight: u32, health: Health) -> Seat {
        Seat { server, weight, busy: 0, health, gone: false, may: false, share: 0, turn: 0 }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Whether a request that has tried these may try it.
    pub fn is_open(&self, tried: &[SocketAddr]) -> bool {
        !self.gone && !tried.contains(&self.server.address)
    }

    pub fn is_up(&self, now: Instant) -> bool {
        !self.gone && self.health.is_up(now)
    }
}
