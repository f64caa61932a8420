//! Certificates from authorities, ordered before they are needed.

use crate::clock;
use crate::config::Acme;
use crate::edge::acme;
use crate::edge::acme::kept;
use crate::gateway::parts::Parts;
use std::time::Duration;
use std::time::Instant;
use tracing::error;
use tracing::info;

/// The first look comes this long after the start: the authority will ask us.
const LOOK: Duration = Duration::from_secs(2);
/// Authorities count failures, and let nobody fail more than a few times an hour.
const AFTER_FAILURE: Duration = Duration::from_secs(15 * 60);
const AFTER_FAILURES: Duration = Duration::from_secs(4 * 60 * 60);

/// An order that failed, and when it may be tried again.
struct Failed {
    acme: Acme,
    wait: Duration,
    until: Instant,
}

/// Orders and renews for as long as the process lives. What was ordered is found as any other new file is.
pub async fn keep_ordering(parts: &Parts) {
    let mut failed: Vec<Failed> = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let snapshot = parts.snapshot.load_full();
        let wanted =
            snapshot.config.listen.iter().filter_map(|listener| listener.tls.as_ref()?.acme.as_ref());
        for acme in wanted {
            let waits = failed.iter().any(|of| of.acme == *acme && of.until > clock::now());
            if !waits && kept::is_due(acme, clock::since_epoch()) {
                order(parts, acme, &mut failed).await;
            }
        }
    }
}

async fn order(parts: &Parts, acme: &Acme, failed: &mut Vec<Failed>) {
    let domains = acme.domains.join(" ");
    let before = failed.iter().position(|of| of.acme == *acme).map(|place| failed.swap_remove(place).wait);
    match acme::order(acme, &parts.challenges).await {
        Ok(()) => info!(domains, "certificate issued"),
        Err(why) => {
            let wait = before.map_or(AFTER_FAILURE, |wait| (wait * 2).min(AFTER_FAILURES));
            error!(domains, %why, minutes = wait.as_secs() / 60, "no certificate issued; tried again later");
            failed.push(Failed { acme: acme.clone(), wait, until: clock::now() + wait });
        }
    }
}
