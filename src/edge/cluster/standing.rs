//! How a cluster stands, for its status page, metrics and admins.

use crate::clock;
use crate::edge::cluster::crew::Crew;
use crate::edge::cluster::health::Condition;
use crate::edge::cluster::seat::Seat;
use serde_json::Value;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Instant;

/// One cluster at one moment.
#[derive(Clone, Debug)]
pub struct Standing {
    pub cluster: String,
    /// Requests that wait.
    pub queued: usize,
    /// Since the start.
    pub ejections: u64,
    pub servers: Vec<ServerStanding>,
}

/// One of its servers.
#[derive(Clone, Debug)]
pub struct ServerStanding {
    pub address: SocketAddr,
    /// As it is written in the configuration.
    pub host: String,
    pub weight: u32,
    pub in_flight: u32,
    /// Failed requests in a row.
    pub failures: u32,
    pub condition: Condition,
}

impl Standing {
    pub fn of(cluster: &str, crew: &Crew, now: Instant) -> Standing {
        let seats = crew.seats.iter().filter(|seat| !seat.gone);
        Standing {
            cluster: cluster.to_owned(),
            queued: crew.queue.len(),
            ejections: crew.ejections,
            servers: seats.map(|seat| ServerStanding::of(seat, now)).collect(),
        }
    }

    /// Whether a server is in rotation.
    pub fn is_served(&self) -> bool {
        self.servers.iter().any(ServerStanding::is_healthy)
    }

    /// As its status page has it.
    pub fn page(&self) -> Value {
        json!({
            "status": if self.is_served() { "ok" } else { "down" },
            "num_replicas": self.servers.len(),
            "cluster": self.cluster,
            "servers": self.servers.iter().map(ServerStanding::shown).collect::<Vec<_>>(),
            "queued": self.queued,
        })
    }

    /// As admins see it.
    pub fn shown(&self) -> Value {
        json!({
            "name": self.cluster,
            "servers": self.servers.iter().map(ServerStanding::shown).collect::<Vec<_>>(),
            "queued": self.queued,
            "ejections": self.ejections,
        })
    }
}

impl ServerStanding {
    fn of(seat: &Seat, now: Instant) -> ServerStanding {
        ServerStanding {
            address: seat.address(),
            host: seat.server.host.clone(),
            weight: seat.weight,
            in_flight: seat.busy,
            failures: seat.health.failures,
            condition: seat.health.condition(now),
        }
    }

    pub fn is_healthy(&self) -> bool {
        self.condition == Condition::Healthy
    }

    fn shown(&self) -> Value {
        let (state, left) = match self.condition {
            Condition::Healthy => ("healthy", None),
            Condition::Ejected(left) => ("ejected", Some(left)),
            Condition::Down => ("down", None),
        };
        json!({
            "address": self.address,
            "host": self.host,
            "weight": self.weight,
            "state": state,
            "in_flight": self.in_flight,
            "failures": self.failures,
            "ejected": left.is_some(),
            "back_in_seconds": left.map(clock::whole_seconds),
        })
    }
}
