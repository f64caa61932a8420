//! Cool-downs that replicas tell each other: what has to be left alone, and until when.

use crate::clock;
use crate::state::redis::keeper::patiently;
use crate::state::redis::lost::Lost;
use crate::state::redis::{Link, Present};
use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is to be left alone, hashed, with its end since the epoch, in milliseconds.
const COOLS: &str = "{tollgate}:cools";
/// Cool-downs that wait to be told.
const MOST_WAITING: usize = 1024;

type Hashed = [u8; 16];
/// As Redis has them.
type Told = (Vec<u8>, u64);

/// The cool-downs that are known here.
#[derive(Debug, Default)]
pub struct Cools {
    known: ArcSwap<HashMap<Hashed, u64>>,
    /// Told to nobody yet.
    waiting: Mutex<Vec<(Hashed, u64)>>,
}

impl Cools {
    /// Leaves `key` alone until then, here at once and everywhere within a second.
    pub fn publish(&self, key: &str, until: Duration) {
        let (key, until) = (hashed(key), clock::millis(until));
        self.learn([(key, until)]);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST_WAITING {
            waiting.push((key, until));
        }
    }

    /// Until when, since the epoch; `None` if nobody says it has to be left alone. It may be over.
    pub fn until(&self, key: &str) -> Option<Duration> {
        let known = self.known.load();
        if known.is_empty() {
            return None;
        }
        known.get(&hashed(key)).map(|until| Duration::from_millis(*until))
    }

    fn learn(&self, more: impl IntoIterator<Item = (Hashed, u64)>) {
        let now = clock::millis(clock::since_epoch());
        let mut known = HashMap::clone(&self.known.load());
        known.retain(|_, until| *until > now);
        for (key, until) in more {
            let known = known.entry(key).or_insert(until);
            *known = until.max(*known);
        }
        self.known.store(known.into());
    }
}

impl Link {
    /// Tells the cool-downs of this replica, and learns those of others.
    pub(super) async fn look(&self, present: &Present) -> Result<(), Lost> {
        let waiting = std::mem::take(&mut *self.cools.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let now = clock::millis(clock::since_epoch());
        let mut pipe = redis::pipe();
        for (key, until) in &waiting {
            pipe.cmd("ZADD").arg(COOLS).arg("GT").arg(*until).arg(key.as_slice()).ignore();
        }
        if let Some(last) = waiting.iter().map(|(_, until)| *until).max() {
            pipe.cmd("PEXPIREAT").arg(COOLS).arg(last.saturating_add(86_400_000)).ignore();
        }
        pipe.cmd("ZRANGEBYSCORE").arg(COOLS).arg(now).arg("+inf").arg("WITHSCORES");
        let told = patiently(pipe.query_async::<(Vec<Told>,)>(&mut present.connection.clone())).await;
        let told = told.inspect_err(|_| {
            self.cools.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(waiting);
        });
        let told = told?.0.into_iter().filter_map(|(key, until)| Some((key.try_into().ok()?, until)));
        let told: Vec<(Hashed, u64)> = told.collect();
        if !told.is_empty() {
            self.cools.learn(told);
        }
        Ok(())
    }
}

fn hashed(key: &str) -> Hashed {
    let mut hashed = Hashed::default();
    hashed.copy_from_slice(&Sha256::digest(key.as_bytes())[..16]);
    hashed
}
