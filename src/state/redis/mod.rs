//! Counters that several replicas share in Redis: one script, in one round trip, takes from all limits of a request.
//!
//! No request waits for Redis longer than [`Link::within`]. When it does not answer, the link is cut: this replica
//! goes by what it knows itself, until its keeper has found Redis back and told it what was counted meanwhile.

mod ask;
mod bytes;
pub mod change;
mod cools;
mod keeper;
mod late;
mod script;
mod shadow;
mod wire;

use crate::clock::Moment;
use crate::hex;
use crate::id;
use crate::secret::Secret;
use crate::state::Account;
use crate::state::claim::{Claims, Need};
use crate::state::redis::ask::{Said, understood};
use crate::state::redis::change::Change;
use crate::state::redis::cools::Cools;
use crate::state::redis::late::MOST_LATE;
use crate::state::redis::script::Script;
use crate::state::verdict::{Limited, Taken};
use crate::telemetry::metrics::Metrics;
use ::redis::aio::MultiplexedConnection;
use ::redis::{Client, RedisError};
use arc_swap::ArcSwapOption;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};

pub use bytes::RedisBytes;
pub use late::Asked;

/// Longest a request waits for Redis, unless said otherwise: a healthy one on the same network answers in less than 1 ms.
pub const WITHIN: Duration = Duration::from_millis(5);
/// A replica that gave no sign of life for so long is dead, and its places are free.
pub const SILENCE: Duration = Duration::from_secs(45);
/// Changes on their way to Redis. Beyond it they are lost there (not here), and counted.
const MOST_CHANGES: usize = 65_536;

/// In every key: the braces keep all of them in one slot of a cluster, as a script needs them.
const PREFIX: &str = "{tollgate}";
const REPLICAS: &str = "{tollgate}:replicas";

/// An address of Redis that cannot be used. The address itself is not told: it may carry a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "the address of Redis cannot be used: {0}; write redis://host:6379/0 or rediss://user:password@host:6379/0"
)]
pub struct BadAddress(String);

/// The way to Redis.
pub struct Link {
    client: Client,
    within: Duration,
    /// Names this process among the replicas; with the epoch behind it.
    boot: String,
    /// Grows whenever the link is cut: what was told under an older one may not have arrived.
    epoch: Arc<AtomicU32>,
    present: ArcSwapOption<Present>,
    /// What to add to this machine's clock to have Redis's, in milliseconds.
    skew: AtomicI64,
    take: Arc<Script>,
    change: Script,
    changes: mpsc::Sender<Change>,
    /// Whether a change of places found no room among the changes.
    lossy: AtomicBool,
    late: Arc<Semaphore>,
    bytes: ArcSwapOption<MultiplexedConnection>,
    bytes_wanted: Notify,
    bytes_cut: Notify,
    puts: mpsc::Sender<bytes::Put>,
    queues: Mutex<Option<keeper::Queues>>,
    cut: Notify,
    told: AtomicBool,
    warned: AtomicBool,
    accounts: AtomicU32,
    cools: Cools,
    metrics: Arc<Metrics>,
}

/// A connection that is in use.
struct Present {
    connection: MultiplexedConnection,
    epoch: u32,
    /// This replica's name.
    me: String,
}

/// What Redis said to a request.
pub enum Answer<'a> {
    Taken(Taken),
    Limited(Limited),
    /// Nothing in time: go by what is known here, and say so to the question that is still out.
    Away(Option<Asked<'a>>),
}

/// Why a link was cut.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("it did not answer in {0:?}")]
    Late(Duration),
    #[error("it has forgotten this replica: it was restarted or emptied, or we were silent for too long")]
    Forgotten,
    #[error("it said what no script of ours says")]
    Nonsense,
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl Link {
    /// A link that is cut until [`Link::keep`] runs.
    ///
    /// # Errors
    /// [`BadAddress`] if `url` is none of Redis.
    pub fn new(url: &Secret, within: Duration, metrics: Arc<Metrics>) -> Result<Link, BadAddress> {
        let client = Client::open(url.expose()).map_err(|error| BadAddress(error.category().to_owned()))?;
        let (changes, to_send) = mpsc::channel(MOST_CHANGES);
        let (puts, to_put) = mpsc::channel(bytes::MOST_PUTS);
        Ok(Link {
            client,
            within,
            boot: id::random("r"),
            epoch: Arc::new(AtomicU32::new(1)),
            present: ArcSwapOption::empty(),
            skew: AtomicI64::new(0),
            take: Arc::new(Script::take()),
            change: Script::change(),
            changes,
            lossy: AtomicBool::new(false),
            late: Arc::new(Semaphore::new(MOST_LATE)),
            bytes: ArcSwapOption::empty(),
            bytes_wanted: Notify::new(),
            bytes_cut: Notify::new(),
            puts,
            queues: Mutex::new(Some(keeper::Queues { changes: to_send, puts: to_put })),
            cut: Notify::new(),
            told: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            accounts: AtomicU32::new(0),
            cools: Cools::default(),
            metrics,
        })
    }

    /// Where an account lies in Redis.
    pub fn distant(&self, id: &str) -> Distant {
        let hash = hex::of(&Sha256::digest(id.as_bytes())[..16]);
        Distant {
            counters: format!("{PREFIX}:c:{hash}"),
            places: format!("{PREFIX}:p:{hash}"),
            epoch: self.epoch.clone(),
            number: self.accounts.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub fn cools(&self) -> &Cools {
        &self.cools
    }

    pub fn is_away(&self) -> bool {
        self.present.load().is_none()
    }

    /// The moment by Redis's clock, so that a replica whose clock is wrong does no harm to others.
    pub fn common(&self, now: Moment) -> Moment {
        let skew = self.skew.load(Ordering::Relaxed);
        let by = Duration::from_millis(skew.unsigned_abs());
        let wall = if skew < 0 { now.wall.saturating_sub(by) } else { now.wall.saturating_add(by) };
        Moment { wall, ..now }
    }

    /// Takes from all limits of all claims and a place of each, in one round trip.
    pub async fn take<'a>(self: &'a Arc<Self>, claims: &'a Claims, need: &Need, now: Moment) -> Answer<'a> {
        let Some(present) = self.present.load_full() else { return Answer::Away(None) };
        let answer: late::Answering = Box::pin(self.ask(&present, claims, need, now));
        let (link, epoch, need) = (self, present.epoch, *need);
        let mut asked = Asked { link, epoch, claims, need, now, answer: Some(answer), counted_here: false };
        let answered = tokio::time::timeout(self.within, std::future::poll_fn(|waker| asked.poll(waker)));
        let said = match answered.await {
            Ok(said) => said.map_err(Lost::from).and_then(|said| understood(&said, claims, &need, now)),
            Err(_) => Err(Lost::Late(self.within)),
        };
        match said {
            Ok(Said::Room(readings)) => Answer::Taken(self.follow(&present, claims, &need, now, &readings)),
            Ok(Said::Limited(limited)) => Answer::Limited(limited),
            Err(lost) => {
                self.cut(&present, &lost);
                Answer::Away(Some(asked))
            }
        }
    }

    /// Tells Redis of a change, some time later.
    pub fn tell(&self, change: Change) {
        let places = change.places;
        if !change.is_empty() && self.changes.try_send(change).is_err() {
            self.metrics.state_change_lost();
            self.lossy.fetch_or(places, Ordering::Relaxed);
        }
    }

    /// Makes sure that an account is told of, if Redis is there; whether it is.
    pub fn tie(&self, account: &Arc<Account>, now: Moment) -> bool {
        let mut counters = account.counters();
        let present = self.present.load();
        let current = |present: &&Arc<Present>| present.epoch == self.epoch.load(Ordering::Acquire);
        let Some(present) = present.as_ref().filter(current) else { return false };
        let untold = counters.tie(present.epoch, now);
        drop(counters);
        self.tell(Change::untold(account, untold));
        true
    }

    /// Tells Redis of what was taken here because it did not answer, where it has to be told of everything.
    pub fn tell_taken(&self, claims: &Claims, need: &Need, now: Moment) {
        for claim in claims.iter() {
            let told = claim.account.counters().tie.told;
            if told {
                self.tell(Change::taken(claim, *need, now));
            }
        }
    }

    /// Goes on without Redis; of many requests that find it away at once, the first says so.
    fn cut(&self, present: &Present, why: &Lost) {
        let next = present.epoch.wrapping_add(1);
        if self.epoch.compare_exchange(present.epoch, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.present.store(None);
            self.cut.notify_one();
            self.cut_bytes();
            self.away(why);
        }
    }

    fn away(&self, why: &Lost) {
        self.metrics.state_away(true);
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason = %why, "redis is away; limits hold for each replica alone until it is back");
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.boot)
    }
}

/// An account's keys in Redis: hashed, as names are nobody's business there.
#[derive(Debug)]
pub struct Distant {
    counters: String,
    places: String,
    epoch: Arc<AtomicU32>,
    /// Of all accounts of this process; one that was forgotten and made anew has another.
    number: u32,
}

impl Distant {
    pub fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
