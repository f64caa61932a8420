//! The end: readiness turns off, and the process ends as soon as the last request has, or the grace period.

use crate::gateway::parts::Parts;
use pingora::server::ShutdownWatch;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tracing::info;

const LOOK: Duration = Duration::from_millis(20);

/// Waits for the signal, then for the last request. Pingora itself would sleep through the whole grace period.
pub async fn drain(parts: &Parts, mut shutdown: ShutdownWatch, grace: Duration) {
    // An error means the server is gone, which is a shutdown too.
    let _ = shutdown.changed().await;
    parts.draining.store(true, Ordering::Relaxed);
    let live = || parts.metrics().requests_in_flight();
    info!(in_flight = live(), "draining");
    let emptied = async {
        while live() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    let in_time = tokio::time::timeout(grace, emptied).await.is_ok();
    info!(in_time, "stopped");
    parts.ledger.sink.flush();
    if in_time {
        std::process::exit(0);
    }
}
