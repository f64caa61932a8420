//! The two clocks: one that only moves forward, for durations, and one for people, for dates.
//!
//! Pure code takes the time as an argument; only the doors and the borders call these.

use futures_util::FutureExt;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::time::error::Elapsed;

/// The monotonic clock.
pub fn now() -> Instant {
    Instant::now()
}

/// Time since 1970-01-01T00:00:00Z. A machine whose clock stands before 1970 is told it is 1970.
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A span in whole milliseconds, for whoever stores or tells it.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A span in seconds, rounded up: who is told to come back must not come too early.
pub fn whole_seconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub mono: Instant,
    /// Since the epoch.
    pub wall: Duration,
}

impl Moment {
    /// The later moment at which the monotonic clock shows `mono`; asks no other clock.
    pub fn at(self, mono: Instant) -> Moment {
        Moment { mono, wall: self.wall + mono.saturating_duration_since(self.mono) }
    }
}

/// Now, on both clocks.
pub fn moment() -> Moment {
    Moment { mono: now(), wall: since_epoch() }
}

/// Does `work`, within `patience`. What is done at once, as most bodies are read and most requests written, needs no
/// timer.
///
/// # Errors
/// It takes longer; what was begun is dropped by the caller.
pub async fn in_time<T>(
    patience: Duration,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Result<T, Elapsed> {
    match work.as_mut().now_or_never() {
        Some(done) => Ok(done),
        None => tokio::time::timeout(patience, work).await,
    }
}
