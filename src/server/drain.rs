//! The end: the process ends as soon as the last request has, or the grace period.

use crate::gateway::parts::Parts;
use crate::server::ledger;
use pingora::server::ShutdownWatch;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tracing::info;

const LOOK: Duration = Duration::from_millis(20);

/// How long connections without a request may take to close. The last bytes of an answer may be on their way
/// through HTTP/2 or TLS; a client that only ever connected is not waited for any longer.
const LINGER: Duration = Duration::from_millis(500);

/// Waits for the signal, then for the last request. Pingora itself would sleep through the whole grace period.
pub async fn drain(parts: &Parts, mut shutdown: ShutdownWatch, grace: Duration) {
    // An error means the server is gone, which is a shutdown too.
    let _ = shutdown.changed().await;
    parts.draining.store(true, Ordering::Relaxed);
    let metrics = parts.metrics();
    info!(in_flight = metrics.requests_in_flight(), "draining");
    // A job is done when its answer is stored.
    let jobs = || i64::try_from(parts.jobs.count()).unwrap_or(i64::MAX);
    let emptied = until_zero(|| metrics.requests_in_flight() + jobs());
    let in_time = tokio::time::timeout(grace, emptied).await.is_ok();
    if in_time {
        // Whether they close in time or not, there is nothing more to wait for.
        let _ = tokio::time::timeout(LINGER, until_zero(|| metrics.connections())).await;
    }
    ledger::finish(parts).await;
    info!(in_time, "stopped");
    parts.ledger.sink.flush();
    if in_time {
        std::process::exit(0);
    }
}

async fn until_zero(count: impl Fn() -> i64) {
    while count() > 0 {
        tokio::time::sleep(LOOK).await;
    }
}
