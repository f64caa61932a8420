//! Host names of providers are looked up again in the background, so that no request waits for it.

use crate::gateway::parts::Parts;
use crate::upstream::resolve;
use tokio::time::MissedTickBehavior;
use tracing::warn;

/// Looks every provider's name up, now and every 30 seconds.
pub async fn keep_fresh(parts: &Parts) {
    let mut ticks = tokio::time::interval(resolve::REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let snapshot = parts.snapshot.load_full();
        for vendor in &snapshot.vendors {
            if let Err(error) = vendor.host.refresh().await {
                warn!(provider = %vendor.name, %error, "name not resolved");
            }
        }
    }
}
