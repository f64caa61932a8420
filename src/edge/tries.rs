//! Which server is asked next, and what the failure of one means.

use crate::edge::cluster::NoServer;
use crate::edge::cluster::Outcome;
use crate::edge::cluster::Wish;
use crate::edge::passage::Passage;
use crate::edge::peer;
use crate::edge::refused::Refused;
use pingora::Error;
use pingora::ErrorSource;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use std::net::SocketAddr;

/// What kept a server from answering.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub timed_out: bool,
    /// Whether it is the server's: a client that leaves says nothing about that.
    pub of_server: bool,
}

impl Fault {
    pub fn of(error: &Error) -> Fault {
        let timed_out = matches!(
            error.etype(),
            ErrorType::ConnectTimedout
                | ErrorType::ReadTimedout
                | ErrorType::WriteTimedout
                | ErrorType::TLSHandshakeTimedout
        );
        Fault { timed_out, of_server: *error.esource() == ErrorSource::Upstream }
    }
}

impl Passage {
    /// Takes a place with the next server that is to be asked.
    ///
    /// # Errors
    /// There is none; [`Passage::refused`] says why.
    pub async fn choose(&mut self, head: &RequestHeader) -> pingora::Result<()> {
        let Some(cluster) = self.rule.cluster.clone() else {
            return Err(self.refuse(Refused::NoServer));
        };
        // What was sent to the server before is sent to this one again.
        (self.slot, self.received) = (None, 0);
        let wish = Wish {
            client: self.from.client,
            path: &self.plain,
            headers: &head.headers,
            tried: &self.tried,
            patience: self.rule.route.timeouts.connect,
        };
        self.asked += 1;
        let refused = match cluster.choose(&wish).await {
            Ok(slot) => {
                self.slot = Some(slot);
                return Ok(());
            }
            // What the servers before answered says more.
            Err(NoServer::NoneThere) => self.refused.clone().unwrap_or(Refused::NoServer),
            Err(NoServer::QueueFull) => Refused::QueueFull,
            Err(NoServer::TooLong(waited)) => Refused::QueueTimeout(waited),
        };
        Err(self.refuse(refused))
    }

    /// How the server that was chosen is connected to.
    ///
    /// # Errors
    /// None was chosen.
    pub fn peer(&self) -> pingora::Result<HttpPeer> {
        let cluster = self.rule.cluster.as_ref().zip(self.slot.as_ref());
        let peer = cluster.map(|(cluster, slot)| peer::peer(&self.rule, cluster, &slot.server, self.upgrade));
        peer.ok_or_else(|| Error::explain(ErrorType::HTTPStatus(503), "no server was chosen"))
    }

    /// A server that could not be connected to. Whether another one may be asked.
    pub fn not_connected(&mut self, fault: Fault) -> bool {
        self.failed(fault);
        self.may_retry()
    }

    /// A server that broke off. Whether another one may be asked. `untouched`: the client has seen nothing of it, and
    /// can be served anew. `reused`: on a connection that was kept, which its server may have closed in the same
    /// moment; that is no failure, once.
    pub fn broke(&mut self, fault: Fault, untouched: bool, reused: bool) -> bool {
        if untouched && reused && !self.had_stale && !fault.timed_out {
            (self.had_stale, self.slot) = (true, None);
            return true;
        }
        self.failed(fault);
        untouched && self.may_retry()
    }

    fn failed(&mut self, fault: Fault) {
        if let Some(mut slot) = self.slot.take() {
            if fault.of_server {
                slot.tell(Outcome::Failed);
            }
            self.tried.push(slot.server.address);
        }
        let refused = if fault.timed_out { Refused::GatewayTimeout } else { Refused::BadGateway };
        self.refused.get_or_insert(refused);
    }

    fn may_retry(&self) -> bool {
        self.tried.len() <= self.rule.route.retries as usize
    }

    /// How many servers were asked after the first one.
    pub fn retries(&self) -> u32 {
        self.asked.saturating_sub(1)
    }

    /// The server that is asked or has answered.
    pub fn server(&self) -> Option<SocketAddr> {
        self.slot.as_ref().map(|slot| slot.server.address)
    }
}
