//! Signals that end the process. SIGTERM turns readiness off first, so that load balancers look elsewhere in time.

use crate::gateway::parts::Parts;
use crate::server::supervisor::Supervisor;
use crate::server::takeover;
use async_trait::async_trait;
use pingora::server::ShutdownSignal;
use pingora::server::ShutdownSignalWatch;
use pingora::server::UnixShutdownSignalWatch;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tracing::info;
use tracing::warn;

/// SIGTERM: end when the last request has. SIGQUIT: the same, with another process at the listeners. SIGINT: end now.
/// A second signal ends the notice.
pub struct Signals {
    pub parts: Arc<Parts>,
    /// How long requests are still taken while readiness says no.
    pub notice: Duration,
    pub data_dir: PathBuf,
    pub supervisor: Supervisor,
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        loop {
            match UnixShutdownSignalWatch.recv().await {
                ShutdownSignal::FastShutdown => return ShutdownSignal::FastShutdown,
                ShutdownSignal::GracefulTerminate => return self.notified().await,
                ShutdownSignal::GracefulUpgrade if takeover::is_awaited(&self.data_dir) => {
                    self.parts.leave.hand_over();
                    info!("handing over to another process");
                    return ShutdownSignal::GracefulUpgrade;
                }
                // Pingora would end with nobody in its place.
                ShutdownSignal::GracefulUpgrade => {
                    warn!("SIGQUIT, but no process waits to take over; see `tollgate upgrade`");
                }
            }
        }
    }
}

impl Signals {
    async fn notified(&self) -> ShutdownSignal {
        self.parts.leave.end();
        self.supervisor.tell("STOPPING=1");
        info!(notice_ms = self.notice.as_millis() as u64, "shutting down");
        tokio::select! {
            () = tokio::time::sleep(self.notice) => ShutdownSignal::GracefulTerminate,
            second = UnixShutdownSignalWatch.recv() => match second {
                ShutdownSignal::FastShutdown => second,
                ShutdownSignal::GracefulTerminate | ShutdownSignal::GracefulUpgrade => ShutdownSignal::GracefulTerminate,
            },
        }
    }
}
