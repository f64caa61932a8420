//! The servers of a cluster and who waits for them: what a choice, the end of a request and a look-up change.

use crate::config::edge;
use crate::config::edge::Balance;
use crate::edge::cluster::NoServer;
use crate::edge::cluster::Wish;
use crate::edge::cluster::balance;
use crate::edge::cluster::health::Change;
use crate::edge::cluster::health::Health;
use crate::edge::cluster::queue::Queue;
use crate::edge::cluster::queue::Waiter;
use crate::edge::cluster::ring::Key;
use crate::edge::cluster::ring::Ring;
use crate::edge::cluster::seat::Seat;
use crate::edge::cluster::server::Server;
use crate::edge::cluster::slot::Ended;
use crate::edge::cluster::sticky::Wanted;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Everything about a cluster that changes from request to request.
#[derive(Default)]
pub struct Crew {
    pub seats: Vec<Seat>,
    pub queue: Queue,
    /// Since the start.
    pub ejections: u64,
    /// The configuration's, in force.
    entries: Vec<edge::Server>,
    /// Requests at once.
    most: Option<u32>,
    ring: Option<Ring>,
}

/// What a request gets.
pub enum Taken {
    Slot(Arc<Server>),
    /// A place in the queue.
    Place(u64, oneshot::Receiver<Arc<Server>>),
}

impl Crew {
    /// A slot with a server, or a place in the queue.
    ///
    /// # Errors
    /// [`NoServer`].
    pub fn take(
        &mut self,
        config: &edge::Cluster,
        wish: &Wish<'_>,
        wanted: Option<Wanted<'_>>,
        (now, chance): (Instant, [u64; 2]),
    ) -> Result<Taken, NoServer> {
        if self.queue.len() > 0 {
            // A server may be back of which those who wait have not heard.
            self.serve_all(now);
        }
        if !self.weigh(config, wish.tried, now) {
            return Err(NoServer::NoneThere);
        }
        let own =
            wanted.and_then(|wanted| self.seats.iter().position(|seat| seat.may && wanted.is(&seat.server)));
        let chosen = match own {
            Some(own) => Some(own).filter(|own| self.seats[*own].share > 0),
            None => {
                let key = || if let Balance::Hash(on) = &config.balance { Key::of(on, wish) } else { None };
                let hashed = self.ring.as_ref().and_then(|ring| Some((ring, key()?)));
                balance::choose(&config.balance, &mut self.seats, hashed, chance)
            }
        };
        if let Some(at) = chosen {
            self.seats[at].busy += 1;
            return Ok(Taken::Slot(self.seats[at].server.clone()));
        }
        if self.queue.len() >= config.queue.size as usize {
            return Err(NoServer::QueueFull);
        }
        let wanted = own.map(|own| self.seats[own].address());
        let (number, told) = self.queue.join(Waiter { wanted, tried: wish.tried.to_vec() });
        Ok(Taken::Place(number, told))
    }

    /// Notes who may be asked, and how much. Whether anybody may. Where all are out, all may: what was wrong with
    /// them may have passed.
    fn weigh(&mut self, config: &edge::Cluster, tried: &[SocketAddr], now: Instant) -> bool {
        let some_up = self.seats.iter().any(|seat| seat.is_open(tried) && seat.is_up(now));
        let mut some_may = false;
        for seat in &mut self.seats {
            seat.may = seat.is_open(tried) && (!some_up || seat.is_up(now));
            let has_room = self.most.is_none_or(|most| seat.busy < most);
            seat.share = match seat.may && has_room {
                true => u64::from(seat.weight) * seat.health.share(now, config.slow_start),
                false => 0,
            };
            some_may |= seat.may;
        }
        some_may
    }

    /// Takes a slot back, learns from how its request ended, and gives it on.
    pub fn release(
        &mut self,
        address: SocketAddr,
        ended: Ended,
        eject: Option<edge::Eject>,
        now: Instant,
    ) -> Option<Change> {
        let at = self.seats.iter().position(|seat| seat.address() == address)?;
        let others = self.seats.iter().enumerate().filter(|(other, _)| *other != at);
        let is_last = ended.well == Some(false) && !others.into_iter().any(|(_, seat)| seat.is_up(now));
        let seat = &mut self.seats[at];
        seat.busy = seat.busy.saturating_sub(1);
        let change = match (ended.well, eject) {
            (Some(true), Some(_)) => seat.health.succeeded(ended.began, now),
            (Some(false), Some(eject)) => seat.health.failed(ended.began, now, eject, is_last),
            (Some(_) | None, _) => None,
        };
        if matches!(change, Some(Change::Ejected | Change::EjectedAgain)) {
            self.ejections += 1;
        }
        if seat.gone && seat.busy == 0 {
            self.seats.remove(at);
        }
        self.serve_all(now);
        change
    }

    /// Gives free slots to those who wait.
    pub fn serve_all(&mut self, now: Instant) {
        if self.queue.len() == 0 {
            return;
        }
        for at in 0..self.seats.len() {
            while !self.seats[at].gone && self.most.is_none_or(|most| self.seats[at].busy < most) {
                let seats = &self.seats;
                if !self.queue.serve(&seats[at].server, |waiter| may_use(seats, waiter, at, now)) {
                    break;
                }
                self.seats[at].busy += 1;
            }
        }
    }

    /// Comes under a configuration: what is in it no longer goes, what nobody watches any more is forgiven.
    pub fn settle(&mut self, config: &edge::Cluster, now: Instant) {
        self.entries.clone_from(&config.servers);
        self.most = config.per_server;
        for seat in &mut self.seats {
            let entry = config.servers.iter().find(|entry| seat.server.is_of(entry));
            seat.gone = entry.is_none();
            seat.weight = entry.map_or(seat.weight, |entry| entry.weight);
            seat.health.forgive(config.check.is_some(), config.eject.is_some());
        }
        self.changed(matches!(config.balance, Balance::Hash(_)), now);
    }

    /// The addresses of one entry. Those that come now join with a slow start if `joins`.
    pub fn set(
        &mut self,
        config: &edge::Cluster,
        entry: &edge::Server,
        addresses: &[SocketAddr],
        (now, joins): (Instant, bool),
    ) -> bool {
        // A configuration that is no longer in force has no say.
        if !self.entries.contains(entry) {
            return false;
        }
        let mut changed = false;
        for seat in self.seats.iter_mut().filter(|seat| !seat.gone && seat.server.is_of(entry)) {
            seat.gone = !addresses.contains(&seat.address());
            changed |= seat.gone;
        }
        for address in addresses {
            match self.seats.iter_mut().find(|seat| seat.address() == *address) {
                Some(seat) if !seat.gone => {}
                Some(seat) => {
                    seat.server = Arc::new(Server::new(&config.name, *address, entry));
                    (seat.gone, seat.weight, changed) = (false, entry.weight, true);
                }
                None => {
                    let server = Arc::new(Server::new(&config.name, *address, entry));
                    let health = Health::joining(joins.then_some(now));
                    self.seats.push(Seat::new(server, entry.weight, health));
                    changed = true;
                }
            }
        }
        if changed {
            self.changed(self.ring.is_some(), now);
        }
        changed
    }

    fn changed(&mut self, hashes: bool, now: Instant) {
        self.seats.retain(|seat| !seat.gone || seat.busy > 0);
        self.ring = hashes.then(|| Ring::new(&self.seats));
        self.serve_all(now);
    }
}

/// Who wants the server of its session waits for that while it is there.
fn may_use(seats: &[Seat], waiter: &Waiter, at: usize, now: Instant) -> bool {
    let some_up = seats.iter().any(|seat| seat.is_open(&waiter.tried) && seat.is_up(now));
    let may = |seat: &Seat| seat.is_open(&waiter.tried) && (!some_up || seat.is_up(now));
    let own = || seats.iter().find(|seat| Some(seat.address()) == waiter.wanted && may(seat));
    may(&seats[at])
        && (waiter.wanted.is_none() || own().is_none_or(|own| own.address() == seats[at].address()))
}

#[cfg(test)]
mod tests;
