//! The end: the process ends as soon as the last request has, or the grace period.

use crate::gateway::parts::Parts;
use crate::server::ledger;
use pingora::server::ShutdownWatch;
use std::time::Duration;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::time::Instant;
use tracing::info;

const LOOK: Duration = Duration::from_millis(20);

/// How long connections that rest are waited for from the beginning: whoever uses one again is told with the answer
/// that it is closed. A client that only ever connected is not waited for any longer.
const REST: Duration = Duration::from_secs(2);

/// Likewise after the last request, whose last bytes may be on their way through HTTP/2 or TLS.
const LINGER: Duration = Duration::from_millis(500);

/// Waits for the signal, then for the last request. Pingora itself would sleep through the whole grace period.
/// A SIGINT ends the wait, which Pingora does not hear any more then.
pub async fn drain(parts: &Parts, mut shutdown: ShutdownWatch, grace: Duration) {
    // An error means the server is gone, which is a shutdown too.
    let _ = shutdown.changed().await;
    parts.leave.end();
    let (metrics, interrupted) = (parts.metrics(), signal(SignalKind::interrupt()));
    info!(in_flight = metrics.requests_in_flight(), "draining");
    let interrupted = async {
        match interrupted {
            Ok(mut interrupted) => interrupted.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    let (in_time, is_over) = tokio::select! {
        emptied = tokio::time::timeout(grace, emptied(parts)) => {
            let in_time = emptied.is_ok() || in_flight(parts) == 0;
            (in_time, in_time)
        }
        _ = interrupted => (false, true),
    };
    ledger::finish(parts).await;
    info!(in_time, "stopped");
    parts.ledger.sink.flush();
    if is_over {
        std::process::exit(0);
    }
}

/// Requests under way, and jobs: one is done when its answer is stored.
fn in_flight(parts: &Parts) -> usize {
    usize::try_from(parts.metrics().requests_in_flight()).unwrap_or(0) + parts.jobs.count()
}

/// No request is left, nor, after a while, anybody who is likely to send one.
async fn emptied(parts: &Parts) {
    let rested = Instant::now() + REST;
    loop {
        until(|| in_flight(parts) == 0).await;
        let patience = rested.max(Instant::now() + LINGER);
        let changed = until(|| parts.metrics().connections() == 0 || in_flight(parts) > 0);
        // Whether they close in time or not, there is nothing more to wait for.
        let _ = tokio::time::timeout_at(patience, changed).await;
        if in_flight(parts) == 0 {
            return;
        }
    }
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(LOOK).await;
    }
}
