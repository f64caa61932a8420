//! The background service: names, checks, idle connections, the ledger, the shared state, jobs, reloads, the admin doors and the drain, side by side on one thread.

use crate::gateway::Gateway;
use crate::gateway::jobs::run::Runner;
use crate::gateway::parts::Parts;
use crate::server::allowances;
use crate::server::certificates;
use crate::server::checks;
use crate::server::clusters;
use crate::server::doors;
use crate::server::drain;
use crate::server::jobs;
use crate::server::ledger;
use crate::server::names;
use crate::server::notify;
use crate::server::outage::Outage;
use crate::server::reload;
use crate::server::reload::Reloader;
use crate::server::simulate;
use crate::server::stored;
use crate::server::stored::Home;
use crate::server::supervisor::Supervisor;
use async_trait::async_trait;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use pingora::services::ServiceReadyNotifier;
use pingora::services::background::BackgroundService;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// Everything that runs beside requests.
pub struct Housekeeping {
    pub parts: Arc<Parts>,
    /// What jobs are run through.
    pub proxy: Arc<HttpProxy<Gateway>>,
    pub reloader: Arc<Reloader>,
    pub admin: Option<SocketAddr>,
    pub grace: Duration,
    /// Taken once, when the service starts.
    pub simulated: Mutex<Vec<TcpListener>>,
    pub home: Home,
    pub supervisor: Supervisor,
}

impl Housekeeping {
    fn take_simulated(&self) -> Vec<TcpListener> {
        self.simulated.lock().map(|mut listeners| std::mem::take(&mut *listeners)).unwrap_or_default()
    }
}

#[async_trait]
impl BackgroundService for Housekeeping {
    /// Requests are taken once this is ready: whoever sees the gateway ready may reload it.
    async fn start_with_ready_notifier(&self, shutdown: ShutdownWatch, ready: ServiceReadyNotifier) {
        let parts = &self.parts;
        let (hangups, admin) = (reload::hangups(), doors::bind(self.admin).await);
        let outage = Outage::default();
        ready.notify_ready();
        self.supervisor.ready();
        let runner = Arc::new(Runner { proxy: self.proxy.clone(), shutdown: shutdown.clone() });
        let forever = async {
            tokio::join!(
                names::keep_fresh(parts),
                checks::keep_checking(parts),
                clusters::keep(parts),
                certificates::keep_ordering(parts),
                allowances::keep(parts),
                parts.upstreams.keep_tidy(),
                stored::keep_asking(parts, &self.home, &outage),
                parts.state.keep(),
                notify::keep_telling(parts),
                jobs::keep(parts, &runner),
                ledger::keep(parts, &self.home.url, &outage),
                reload::watch(&self.reloader, parts, hangups),
                doors::open(parts, &self.reloader, &self.home, admin),
                simulate::run(self.take_simulated()),
            );
        };
        tokio::select! {
            () = forever => {}
            () = drain::drain(parts, shutdown, self.grace) => {}
        }
    }
}
