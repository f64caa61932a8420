//! Keeps the link to Redis: finds it, tells it what it missed, sends what has piled up, and gives signs of life.

use crate::clock;
use crate::state::Account;
use crate::state::accounts::Accounts;
use crate::state::redis::bytes::Put;
use crate::state::redis::change::{Change, LIFE_OF_PLACES, What};
use crate::state::redis::script::Arguments;
use crate::state::redis::shadow::of_settled;
use crate::state::redis::{Link, Lost, Present, REPLICAS, SILENCE};
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Between two looks whether Redis is back.
const AGAIN: Duration = Duration::from_secs(1);
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
        let Some(mut queues) = queues else { return };
        loop {
            match self.connect(accounts).await {
                Ok(present) => self.serve(&present, accounts, &mut queues).await,
                Err(lost) => {
                    // What was told in vain is told again under the next epoch.
                    self.epoch.fetch_add(1, Ordering::AcqRel);
                    self.away(&lost);
                }
            }
            self.fold(&mut queues);
            sleep(AGAIN).await;
        }
    }

    async fn connect(&self, accounts: &Accounts) -> Result<Arc<Present>, Lost> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = timeout(PATIENCE, connecting).await.map_err(|_| Lost::Late(PATIENCE))??;
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
    async fn serve(&self, present: &Present, accounts: &Accounts, queues: &mut Queues) {
        let (mut beats, mut looks) = (interval(BEAT), interval(LOOK));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        while self.epoch.load(Ordering::Acquire) == present.epoch {
            let done = tokio::select! {
                () = self.cut.notified() => Ok(()),
                _ = queues.changes.recv_many(&mut batch, BATCH) => self.send(present, &mut batch).await,
                Some(put) = queues.puts.recv() => self.put(present, put).await,
                _ = looks.tick() => self.look(present).await,
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
            let change = Change::untold(&account, present.epoch, untold);
            (!change.is_empty()).then_some(change)
        };
        let mut batch: Vec<Change> = accounts.all().into_iter().filter_map(untold).collect();
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
        let mut arguments = Arguments::default();
        let now = self.common(clock::moment()).wall;
        arguments.add(&present.me).add(batch.len());
        let mut keys = Vec::with_capacity(batch.len() * 2);
        for change in batch.iter() {
            let Some(distant) = change.account.distant() else { continue };
            keys.extend([distant.counters.as_str(), distant.places.as_str()]);
            change.write(present.epoch, now, &mut arguments);
        }
        let mut connection = present.connection.clone();
        let running = self.change.run::<()>(&mut connection, &keys, &arguments);
        timeout(PATIENCE, running).await.map_err(|_| Lost::Late(PATIENCE))??;
        batch.clear();
        Ok(())
    }

    /// Changes that will not arrive any more are told as a sum when Redis is back.
    fn fold(&self, queues: &mut Queues) {
        while let Ok(change) = queues.changes.try_recv() {
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
        match known.query_async(&mut present.connection.clone()).await? {
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
        Ok(pipe.query_async(&mut present.connection.clone()).await?)
    }

    /// Forgets replicas that are long dead, and the names this one had before.
    async fn bury(&self, present: &Present) -> Result<(), Lost> {
        let mut connection = present.connection.clone();
        let beats: Vec<(String, u64)> =
            redis::cmd("HGETALL").arg(REPLICAS).query_async(&mut connection).await?;
        let now = clock::millis(self.common(clock::moment()).wall);
        let dead = |name: &str, beat: u64| {
            name.starts_with(&self.boot) || now.saturating_sub(beat) > 2 * clock::millis(SILENCE)
        };
        let dead: Vec<String> =
            beats.into_iter().filter(|(name, beat)| dead(name, *beat)).map(|(name, _)| name).collect();
        if !dead.is_empty() {
            let () = redis::cmd("HDEL").arg(REPLICAS).arg(dead).query_async(&mut connection).await?;
        }
        Ok(())
    }

    async fn set_clock(&self, connection: &mut MultiplexedConnection) -> Result<(), Lost> {
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(connection).await?;
        let theirs = i64::try_from(seconds * 1000 + micros / 1000).unwrap_or(i64::MAX);
        let ours = i64::try_from(clock::millis(clock::since_epoch())).unwrap_or(i64::MAX);
        let skew = theirs.saturating_sub(ours);
        self.skew.store(if skew.abs() < SMALLEST_SKEW { 0 } else { skew }, Ordering::Relaxed);
        Ok(())
    }
}
