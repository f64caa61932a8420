//! Keeps the link to Redis: finds it, tells it what it missed, sends what has piled up, and gives signs of life.

use crate::clock;
use crate::state::Account;
use crate::state::accounts::Accounts;
use crate::state::redis::change::LIFE_OF_PLACES;
use crate::state::redis::lane::{LATEST, Reply};
use crate::state::redis::lost::Lost;
use crate::state::redis::present::Present;
use crate::state::redis::{LIFE_OF_NAMES, Link, PREFIX, REPLICAS, SILENCE, lane};
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use std::collections::HashMap;
use std::future::Future;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Between two looks whether Redis is back.
pub const AGAIN: Duration = Duration::from_secs(1);
/// Longest the keeper waits for an answer: it is in no request's way.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// Between two signs of life; several fit into [`SILENCE`].
const BEAT: Duration = Duration::from_secs(10);
/// Between two looks at what others have to say.
const LOOK: Duration = Duration::from_millis(500);
/// How long what is to be told waits for a question that it can go along with.
const SOON: Duration = Duration::from_millis(5);
/// Accounts in one call: no other call waits longer than for these.
const BATCH: usize = 32;
/// A clock that differs less is right: the answer was on its way as well.
const SMALLEST_SKEW: i64 = 500;

impl Link {
    /// Runs as long as the process does. Only the first call does anything.
    pub async fn keep(self: &Arc<Self>, accounts: &Accounts) {
        let to_put = self.to_put.lock().ok().and_then(|mut to_put| to_put.take());
        let Some(mut puts) = to_put else { return };
        tokio::join!(self.keep_counters(accounts), self.keep_bytes(&mut puts));
    }

    async fn keep_counters(self: &Arc<Self>, accounts: &Accounts) {
        let mut past = Vec::new();
        loop {
            match self.connect(accounts, &mut past).await {
                Ok(present) => {
                    self.serve(&present, accounts).await;
                    past.push(present);
                }
                Err(lost) => {
                    // What was told in vain is told again under the next epoch.
                    self.epoch.fetch_add(1, Ordering::AcqRel);
                    self.away(&lost);
                }
            }
            sleep(AGAIN).await;
        }
    }

    /// A connection on which answers are waited for long enough to learn of late ones.
    pub(super) async fn open(&self) -> Result<MultiplexedConnection, Lost> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(LATEST));
        patiently(self.client.get_multiplexed_async_connection_with_config(&config)).await
    }

    async fn connect(
        self: &Arc<Self>,
        accounts: &Accounts,
        past: &mut Vec<Arc<Present>>,
    ) -> Result<Arc<Present>, Lost> {
        let mut connection = self.open().await?;
        self.warn_of_eviction(&mut connection).await;
        self.set_clock(&mut connection).await?;
        self.learn_what_was_heard(past, &mut connection).await?;
        let epoch = self.epoch.load(Ordering::Acquire);
        let me = format!("{}.{epoch}", self.boot);
        let heard = format!("{PREFIX}:h:{me}");
        let first = lane::open(self, epoch, &heard).await?;
        let present = Arc::new(Present::new(connection, first, me, heard));
        let begun = self.begin(&present, accounts).await;
        if begun.is_err() {
            past.push(present.clone());
        }
        begun.map(|()| present)
    }

    async fn begin(&self, present: &Arc<Present>, accounts: &Accounts) -> Result<(), Lost> {
        self.bury(present).await?;
        self.teach(present).await?;
        self.live(present, accounts).await?;
        self.adopt(present, accounts).await?;
        self.look(present).await?;
        self.present.store(Some(present.clone()));
        if self.epoch.load(Ordering::Acquire) != present.epoch {
            // Its connection broke in the meantime, when there was nothing to cut.
            self.present.store(None);
            return Err(Lost::Closed);
        }
        self.metrics.state_away(false);
        if self.told.swap(false, Ordering::Relaxed) {
            tracing::info!("redis is back; limits are shared again");
        }
        Ok(())
    }

    /// Until the link is cut, by this or by any request.
    async fn serve(&self, present: &Present, accounts: &Accounts) {
        let (mut beats, mut looks) = (interval(BEAT), interval(LOOK));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.epoch.load(Ordering::Acquire) == present.epoch {
            let done = tokio::select! {
                () = self.cut.notified() => Ok(()),
                () = self.to_tell.notified() => {
                    // Most of it goes along with a question in the meantime.
                    sleep(SOON).await;
                    self.send_all(present).await
                }
                _ = looks.tick() => self.look(present).await,
                _ = beats.tick() => self.beat(present, accounts).await,
            };
            if let Err(lost) = done {
                self.cut(present.epoch, &lost);
            }
        }
    }

    /// Finds out which questions of links that were cut Redis has heard, and has it hear no more of them. What others
    /// told is told again.
    async fn learn_what_was_heard(
        &self,
        past: &mut Vec<Arc<Present>>,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), Lost> {
        while let Some(present) = past.last() {
            let mut ask = redis::pipe();
            ask.atomic().cmd("HGETALL").arg(&present.heard).cmd("DEL").arg(&present.heard).ignore();
            let (heard,): (HashMap<String, u64>,) = patiently(ask.query_async(connection)).await?;
            for lane in present.lanes().iter() {
                let last = heard.get(&lane.name).copied().unwrap_or(0);
                let unheard = lane.unanswered().into_iter().filter(|(number, _)| *number > last);
                unheard.flat_map(|(_, told)| told).for_each(|told| told.again());
            }
            past.pop();
        }
        Ok(())
    }

    /// Tells what was counted here and is not known there; all of it, if Redis has lost its data.
    async fn adopt(&self, present: &Present, accounts: &Accounts) -> Result<(), Lost> {
        let now = self.common(clock::moment());
        for account in accounts.all() {
            if account.counters().tie(present.epoch, now) {
                self.tell(&account);
            }
        }
        self.send_all(present).await
    }

    /// Tells of all accounts of which there is something to tell.
    async fn send_all(&self, present: &Present) -> Result<(), Lost> {
        let mut rest = mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        while !rest.is_empty() {
            let batch: Vec<_> = rest.drain(..rest.len().min(BATCH)).collect();
            if let Err(lost) = self.send(present, &batch).await {
                self.untold.lock().unwrap_or_else(PoisonError::into_inner).append(&mut rest);
                return Err(lost);
            }
        }
        Ok(())
    }

    async fn send(&self, present: &Present, batch: &[Arc<Account>]) -> Result<(), Lost> {
        let now = self.common(clock::moment());
        let untold = |account: &Arc<Account>| {
            let distant = account.distant()?;
            distant.untold.store(false, Ordering::Release);
            let mut counters = account.counters();
            counters.tie(present.epoch, now);
            let untold = counters.untold();
            (!untold.is_empty()).then(|| (account.clone(), untold))
        };
        let changes: Vec<_> = batch.iter().filter_map(untold).collect();
        match self.change(present, &changes, false).await? {
            Reply::Unknown(_) => self.change(present, &changes, true).await.map(drop),
            Reply::Text(_) | Reply::Error(_) | Reply::Late(_) => Ok(()),
        }
    }

    /// A sign of life, unless Redis has been emptied since the last one: it has to be told everything then.
    async fn beat(&self, present: &Present, accounts: &Accounts) -> Result<(), Lost> {
        let mut known = redis::cmd("HEXISTS");
        known.arg(REPLICAS).arg(&present.me);
        match patiently(known.query_async(&mut present.connection.clone())).await? {
            true => self.live(present, accounts).await,
            false => Err(Lost::Forgotten),
        }
    }

    /// A sign of life, for this replica and for the places its requests hold.
    async fn live(&self, present: &Present, accounts: &Accounts) -> Result<(), Lost> {
        let now = clock::millis(self.common(clock::moment()).wall);
        let mut pipe = redis::pipe();
        pipe.cmd("HSET").arg(REPLICAS).arg(&present.me).arg(now).ignore();
        for names in [REPLICAS, &present.heard] {
            pipe.cmd("PEXPIRE").arg(names).arg(clock::millis(LIFE_OF_NAMES)).ignore();
        }
        for account in accounts.all() {
            let held = account.counters().tie.held > 0;
            if let Some(distant) = account.distant().filter(|_| held) {
                pipe.cmd("PEXPIRE").arg(&distant.places).arg(clock::millis(LIFE_OF_PLACES)).ignore();
            }
        }
        let () = patiently(pipe.query_async(&mut present.connection.clone())).await?;
        // Whatever is between us and Redis forgets connections on which nothing is said.
        for lane in present.lanes().iter() {
            lane.say(&["PING"]).await?;
        }
        Ok(())
    }

    /// Makes the scripts known, where that is allowed: then no first question has to be asked twice.
    async fn teach(&self, present: &Present) -> Result<(), Lost> {
        for script in [&self.take, &self.change] {
            let load = redis::cmd("SCRIPT").arg("LOAD").arg(script.text()).to_owned();
            match patiently(load.query_async::<()>(&mut present.connection.clone())).await {
                Err(Lost::Failed(error)) if !error.is_io_error() => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Forgets replicas that are long dead, and the names this one had before.
    async fn bury(&self, present: &Present) -> Result<(), Lost> {
        let mut connection = present.connection.clone();
        let beats: Vec<(String, u64)> =
            patiently(redis::cmd("HGETALL").arg(REPLICAS).query_async(&mut connection)).await?;
        let now = clock::millis(self.common(clock::moment()).wall);
        let dead = |name: &str, beat: u64| {
            name.starts_with(&self.boot) || now.saturating_sub(beat) > 2 * clock::millis(SILENCE)
        };
        let dead: Vec<String> =
            beats.into_iter().filter(|(name, beat)| dead(name, *beat)).map(|(name, _)| name).collect();
        if !dead.is_empty() {
            let () =
                patiently(redis::cmd("HDEL").arg(REPLICAS).arg(dead).query_async(&mut connection)).await?;
        }
        Ok(())
    }

    async fn set_clock(&self, connection: &mut MultiplexedConnection) -> Result<(), Lost> {
        let (seconds, micros): (u64, u64) = patiently(redis::cmd("TIME").query_async(connection)).await?;
        let theirs = i64::try_from(seconds * 1000 + micros / 1000).unwrap_or(i64::MAX);
        let ours = i64::try_from(clock::millis(clock::since_epoch())).unwrap_or(i64::MAX);
        let skew = theirs.saturating_sub(ours);
        self.skew.store(if skew.abs() < SMALLEST_SKEW { 0 } else { skew }, Ordering::Relaxed);
        Ok(())
    }

    /// Says once that this Redis may throw counters away. One that does not tell its settings is believed.
    async fn warn_of_eviction(&self, connection: &mut MultiplexedConnection) {
        let asked = redis::cmd("CONFIG").arg("GET").arg("maxmemory-policy").to_owned();
        let told = patiently(asked.query_async::<(String, String)>(connection)).await;
        let Ok((_, policy)) = told else { return };
        if policy != "noeviction" && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                policy,
                "redis may throw counters away when its memory is full; set its maxmemory-policy to noeviction"
            );
        }
    }
}

/// Waits as long as the keeper does for anything.
pub async fn patiently<T, E>(asked: impl Future<Output = Result<T, E>>) -> Result<T, Lost>
where
    Lost: From<E>,
{
    Ok(timeout(PATIENCE, asked).await.map_err(|_| Lost::Late(PATIENCE))??)
}
