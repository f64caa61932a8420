//! Signals that end the process. SIGTERM turns readiness off first, so that load balancers look elsewhere in time.

use crate::gateway::parts::Parts;
use async_trait::async_trait;
use pingora::server::ShutdownSignal;
use pingora::server::ShutdownSignalWatch;
use pingora::server::UnixShutdownSignalWatch;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tracing::info;

/// SIGTERM: end when the last request has. SIGINT: end now. A second signal ends the notice.
pub struct Signals {
    pub parts: Arc<Parts>,
    /// How long requests are still taken while readiness says no.
    pub notice: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let signal = UnixShutdownSignalWatch.recv().await;
        if matches!(signal, ShutdownSignal::FastShutdown) {
            return signal;
        }
        self.parts.draining.store(true, Ordering::Relaxed);
        info!(notice_ms = self.notice.as_millis() as u64, "shutting down");
        tokio::select! {
            () = tokio::time::sleep(self.notice) => signal,
            second = UnixShutdownSignalWatch.recv() => second,
        }
    }
}
