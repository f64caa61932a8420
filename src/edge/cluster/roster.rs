//! The one place where a cluster's servers and waiters are changed; it outlives reloads.

use crate::clock;
use crate::config::edge;
use crate::edge::cluster::NoServer;
use crate::edge::cluster::Wish;
use crate::edge::cluster::crew::Crew;
use crate::edge::cluster::crew::Taken;
use crate::edge::cluster::health::Change;
use crate::edge::cluster::server::Server;
use crate::edge::cluster::slot::Ended;
use crate::edge::cluster::sticky::Wanted;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tracing::info;
use tracing::warn;

/// A cluster's servers, shared by the configurations that have a cluster of this name.
pub struct Roster {
    name: String,
    crew: Mutex<Crew>,
    /// Servers have come or gone.
    pub changed: Notify,
}

impl Roster {
    pub fn new(name: &str) -> Arc<Roster> {
        Arc::new(Roster { name: name.to_owned(), crew: Mutex::default(), changed: Notify::new() })
    }

    /// What is done with it must be short: every request comes by.
    pub fn crew(&self) -> MutexGuard<'_, Crew> {
        self.crew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A server with a free slot, which is waited for if need be.
    ///
    /// # Errors
    /// [`NoServer`].
    pub async fn take(
        self: &Arc<Self>,
        config: &edge::Cluster,
        wish: &Wish<'_>,
        wanted: Option<Wanted<'_>>,
        at: (Instant, [u64; 2]),
    ) -> Result<Arc<Server>, NoServer> {
        let taken = self.crew().take(config, wish, wanted, at)?;
        match taken {
            Taken::Slot(server) => Ok(server),
            Taken::Place(number, told) => {
                let place = Place { roster: self.clone(), number, told };
                place.wait(config.queue.timeout).await
            }
        }
    }

    /// Takes a slot back.
    pub fn release(&self, server: &Server, ended: Ended, eject: Option<edge::Eject>) {
        let change = self.crew().release(server.address, ended, eject, clock::now());
        self.note(server, change, "requests failed");
    }

    /// Comes under a configuration.
    pub fn settle(&self, config: &edge::Cluster) {
        self.crew().settle(config, clock::now());
        self.changed.notify_waiters();
    }

    /// The addresses of one entry of a configuration.
    pub fn set(&self, config: &edge::Cluster, entry: &edge::Server, addresses: &[SocketAddr], joins: bool) {
        let changed = self.crew().set(config, entry, addresses, (clock::now(), joins));
        if changed {
            self.changed.notify_waiters();
        }
    }

    /// What an active check found.
    pub fn checked(&self, server: &Server, good: bool, check: &edge::Check) {
        let now = clock::now();
        let change = {
            let mut crew = self.crew();
            let seat = crew.seats.iter_mut().find(|seat| seat.address() == server.address);
            let change = seat.and_then(|seat| seat.health.checked(good, check, now));
            if change.is_some() {
                crew.serve_all(now);
            }
            change
        };
        self.note(server, change, "checks failed");
    }

    /// Servers that are there now.
    pub fn servers(&self) -> Vec<Arc<Server>> {
        let crew = self.crew();
        crew.seats.iter().filter(|seat| !seat.gone).map(|seat| seat.server.clone()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.crew().seats.iter().all(|seat| seat.gone)
    }

    fn note(&self, server: &Server, change: Option<Change>, reason: &'static str) {
        let (cluster, server) = (self.name.as_str(), server.address);
        match change {
            Some(Change::Ejected | Change::WentDown) => {
                warn!(cluster, %server, status = "unhealthy", reason, "server left out");
            }
            Some(Change::Recovered) => info!(cluster, %server, status = "recovered", "server is back"),
            Some(Change::EjectedAgain) | None => {}
        }
    }
}

/// A place in the queue; whoever gives it up leaves no hole.
struct Place {
    roster: Arc<Roster>,
    number: u64,
    told: oneshot::Receiver<Arc<Server>>,
}

impl Place {
    async fn wait(mut self, patience: Duration) -> Result<Arc<Server>, NoServer> {
        match tokio::time::timeout(patience, &mut self.told).await {
            Ok(Ok(server)) => Ok(server),
            Ok(Err(_)) | Err(_) => Err(NoServer::TooLong(patience)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.roster.crew().queue.leave(self.number);
        // Nobody can give it a slot any more; one that it was given and never heard of goes back.
        if let Ok(server) = self.told.try_recv() {
            self.roster.release(&server, Ended { began: clock::now(), well: None }, None);
        }
    }
}
