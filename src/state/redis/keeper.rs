//! Keeps the link to Redis: finds it, tells it what it missed, sends what has piled up, and gives signs of life.

use crate::clock;
use crate::state::Account;
use crate::state::accounts::Accounts;
use crate::state::counters::Places;
use crate::state::redis::bytes::Put;
use crate::state::redis::change::{Change, LIFE_OF_PLACES, What};
use crate::state::redis::late::LATEST;
use crate::state::redis::script::Arguments;
use crate::state::redis::shadow::of_settled;
use crate::state::redis::{Link, Lost, Present, REPLICAS, SILENCE};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Between two looks whether Redis is back.
pub const AGAIN: Duration = Duration::from_secs(1);
/// Longest the keeper waits for an answer: it is in no request's way.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two signs of life; several fit into [`SILENCE`].
const BEAT: Duration = Duration::from_secs(10);
/// Between two looks at what others have to say.
const LOOK: Duration = Duration::from_millis(500);
/// How long Redis remembers when each replica gave its last sign of life.
const LIFE_OF_REPLICAS: Duration = Duration::from_secs(120);
/// Changes in one call: no other call waits longer than for these.
const BATCH: usize = 32;
/// A clock that differs less is right: the answer was on its way as well.
const SMALLEST_SKEW: i64 = 500;

/// What requests leave behind for the keeper.
pub struct Queues {
    pub changes: mpsc::Receiver<Change>,
    pub puts: mpsc::Receiver<Put>,
}

impl Link {
    /// Runs as long as the process does. Only the first call does anything.
    pub async fn keep(&self, accounts: &Accounts) {
        let queues = self.queues.lock().ok().and_then(|mut queues| queues.take());
        let Some(Queues { mut changes, mut puts }) = queues else { return };
        tokio::join!(self.keep_counters(accounts, &mut changes), self.keep_bytes(&mut puts));
    }

    async fn keep_counters(&self, accounts: &Accounts, changes: &mut mpsc::Receiver<Change>) {
        loop {
            match self.connect(accounts).await {
                Ok(present) => self.serve(&present, accounts, changes).await,
                Err(lost) => {
                    // What was told in vain is told again under the next epoch.
                    self.epoch.fetch_add(1, Ordering::AcqRel);
                    self.away(&lost);
                }
            }
            self.fold(changes);
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

    async fn connect(&self, accounts: &Accounts) -> Result<Arc<Present>, Lost> {
        let mut connection = self.open().await?;
        self.warn_of_eviction(&mut connection).await;
        self.set_clock(&mut connection).await?;
        let epoch = self.epoch.load(Ordering::Acquire);
        let me = format!("{}.{epoch}", self.boot);
        let present = Arc::new(Present { connection, epoch, me });
        self.bury(&present).await?;
        self.live(&present, accounts).await?;
        self.adopt(&present, accounts).await?;
        self.look(&present).await?;
        self.present.store(Some(present.clone()));
        self.metrics.state_away(false);
        if self.told.swap(false, Ordering::Relaxed) {
            tracing::info!("redis is back; limits are shared again");
        }
        Ok(present)
    }

    /// Until the link is cut, by this or by any request.
    async fn serve(&self, present: &Present, accounts: &Accounts, changes: &mut mpsc::Receiver<Change>) {
        let (mut beats, mut looks) = (interval(BEAT), interval(LOOK));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        while self.epoch.load(Ordering::Acquire) == present.epoch {
            let done = tokio::select! {
                () = self.cut.notified() => Ok(()),
                _ = changes.recv_many(&mut batch, BATCH) => self.send(present, &mut batch).await,
                _ = looks.tick() => self.look_around(present, accounts).await,
                _ = beats.tick() => self.beat(present, accounts).await,
            };
            if let Err(lost) = done {
                self.cut(present, &lost);
            }
        }
        batch.into_iter().for_each(Link::remember);
    }

    /// Tells what was counted here and is not known there; all of it, if Redis has lost its data.
    async fn adopt(&self, present: &Present, accounts: &Accounts) -> Result<(), Lost> {
        let now = self.common(clock::moment());
        let untold = |account: Arc<Account>| {
            let untold = account.counters().tie(present.epoch, now);
            let change = Change::untold(&account, untold);
            (!change.is_empty()).then_some(change)
        };
        self.send_all(present, accounts.all().into_iter().filter_map(untold).collect()).await
    }

    /// Learns what others say, and tells all places again if a message of some had no room in the queue.
    async fn look_around(&self, present: &Present, accounts: &Accounts) -> Result<(), Lost> {
        self.look(present).await?;
        if !self.lossy.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let changed = |account: &Arc<Account>| account.counters().tie.places != Places::default();
        let changed = accounts.all().into_iter().filter(changed);
        self.send_all(present, changed.map(|account| Change::places(&account)).collect()).await
    }

    async fn send_all(&self, present: &Present, mut batch: Vec<Change>) -> Result<(), Lost> {
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(BATCH));
            let sent = self.send(present, &mut batch).await;
            batch.extend(rest);
            if let Err(lost) = sent {
                batch.into_iter().for_each(Link::remember);
                return Err(lost);
            }
        }
        Ok(())
    }

    /// Sends a batch and empties it; leaves it as it was if that fails.
    async fn send(&self, present: &Present, batch: &mut Vec<Change>) -> Result<(), Lost> {
        let mut arguments = Arguments::of(2 * batch.len());
        for distant in batch.iter().filter_map(|change| change.account.distant()) {
            arguments.add(&distant.counters).add(&distant.places);
        }
        arguments.add(&present.me).add(batch.len());
        let now = self.common(clock::moment()).wall;
        batch.iter().for_each(|change| change.write(present.epoch, now, &mut arguments));
        let mut connection = present.connection.clone();
        patiently(self.change.run::<()>(&mut connection, &arguments)).await?;
        batch.clear();
        Ok(())
    }

    /// Changes that will not arrive any more are told as a sum when Redis is back.
    fn fold(&self, changes: &mut mpsc::Receiver<Change>) {
        while let Ok(change) = changes.try_recv() {
            Link::remember(change);
        }
    }

    fn remember(change: Change) {
        let known = match change.what {
            What::Places => return,
            What::Known(known) => known,
            What::Settle { bounds, hold, used, now } => {
                let at = if hold.need == Default::default() { now.wall } else { hold.at };
                of_settled(&bounds, &hold.need, &used, at)
            }
        };
        let mut counters = change.account.counters();
        known.iter().for_each(|known| counters.keep(known));
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
        pipe.cmd("PEXPIRE").arg(REPLICAS).arg(clock::millis(LIFE_OF_REPLICAS)).ignore();
        for account in accounts.all() {
            let held = account.counters().tie.held > 0;
            if let Some(distant) = account.distant().filter(|_| held) {
                pipe.cmd("PEXPIRE").arg(&distant.places).arg(clock::millis(LIFE_OF_PLACES)).ignore();
            }
        }
        patiently(pipe.query_async(&mut present.connection.clone())).await
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
pub async fn patiently<T>(asked: impl Future<Output = RedisResult<T>>) -> Result<T, Lost> {
    Ok(timeout(PATIENCE, asked).await.map_err(|_| Lost::Late(PATIENCE))??)
}
