//! The store is away: said once, whoever finds it first, and once more when all have it again.

use crate::clock;
use crate::store::StoreError;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use tracing::info;
use tracing::warn;

/// Who asks the store all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Whoever learns keys and tenants.
    Registry,
    /// Whoever brings entries.
    Ledger,
}

/// What is known of the store.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Missing>);

#[derive(Debug, Default)]
struct Missing {
    registry: bool,
    ledger: bool,
    /// Since the epoch.
    since: Option<Duration>,
}

impl Outage {
    /// The store gave no answer, or none that helps.
    pub fn goes_on(&self, asker: Asker, error: &StoreError) {
        let mut missing = self.lock();
        *missing.of(asker) = true;
        if missing.since.is_none() {
            missing.since = Some(clock::since_epoch());
            warn!(%error, "store away; keys and tenants stay in force as they are known, entries wait in the spool");
        }
    }

    /// It has answered.
    pub fn is_over(&self, asker: Asker) {
        let mut missing = self.lock();
        *missing.of(asker) = false;
        if missing.registry || missing.ledger {
            return;
        }
        if let Some(since) = missing.since.take() {
            let seconds = clock::since_epoch().saturating_sub(since).as_secs();
            info!(seconds, "store is back");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Missing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Missing {
    fn of(&mut self, asker: Asker) -> &mut bool {
        match asker {
            Asker::Registry => &mut self.registry,
            Asker::Ledger => &mut self.ledger,
        }
    }
}
