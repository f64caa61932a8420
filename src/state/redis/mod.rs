//! Counters that several replicas share in Redis: one script, in one round trip, takes from all limits of a request.
//!
//! Scripts are asked on a connection of the runtime that asks ([`lane`]), so that no question wakes another thread. What
//! Redis has to be told besides goes along with the next question about the same account; where none comes, the keeper
//! tells it a few milliseconds later.
//!
//! No request waits for Redis longer than [`Link::within`]. When it does not answer, the link is cut: this replica
//! goes by what it knows itself, until its keeper has found Redis back and told it what was counted meanwhile.

mod ask;
mod bytes;
pub mod change;
mod cools;
mod keeper;
mod lane;
mod late;
mod lost;
mod present;
mod resp;
mod script;
mod shadow;
mod wire;

use crate::clock::Moment;
use crate::hex;
use crate::id;
use crate::secret::Secret;
use crate::state::Account;
use crate::state::claim::{Claim, Claims, Need};
use crate::state::redis::ask::{Outcome, understood};
use crate::state::redis::cools::Cools;
use crate::state::redis::lane::{Reply, Told};
use crate::state::redis::late::MOST_LATE;
use crate::state::redis::lost::Lost;
use crate::state::redis::present::Present;
use crate::state::redis::script::Script;
use crate::state::verdict::{Limited, Taken};
use crate::telemetry::metrics::Metrics;
use ::redis::Client;
use ::redis::aio::MultiplexedConnection;
use arc_swap::ArcSwapOption;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};

pub use bytes::RedisBytes;
pub use late::Asked;

/// Longest a request waits for Redis, unless said otherwise: a healthy one on the same network answers in less than 1 ms.
pub const WITHIN: Duration = Duration::from_millis(5);
/// A replica that gave no sign of life for so long is dead, and its places are free.
pub const SILENCE: Duration = Duration::from_secs(45);
/// How long Redis remembers when each replica gave its last sign of life, and what it has heard of it.
const LIFE_OF_NAMES: Duration = Duration::from_secs(120);
/// What the scripts say to a replica they do not know.
const FORGOTTEN: &[u8] = b"-1";

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
    take: Script,
    change: Script,
    /// How many there were.
    lanes: AtomicU64,
    /// Accounts that Redis has to be told of; each once.
    untold: Mutex<Vec<Arc<Account>>>,
    to_tell: Notify,
    late: Arc<Semaphore>,
    bytes: ArcSwapOption<MultiplexedConnection>,
    bytes_wanted: Notify,
    bytes_cut: Notify,
    puts: mpsc::Sender<bytes::Put>,
    to_put: Mutex<Option<mpsc::Receiver<bytes::Put>>>,
    cut: Notify,
    told: AtomicBool,
    warned: AtomicBool,
    accounts: AtomicU32,
    cools: Cools,
    metrics: Arc<Metrics>,
}

/// What Redis said to a request.
pub enum Answer<'a> {
    Taken(Taken),
    Limited(Limited),
    /// Nothing in time: go by what is known here, and say so to the question that is still out.
    Away(Option<Asked<'a>>),
}

impl Link {
    /// A link that is cut until [`Link::keep`] runs.
    ///
    /// # Errors
    /// [`BadAddress`] if `url` is none of Redis.
    pub fn new(url: &Secret, within: Duration, metrics: Arc<Metrics>) -> Result<Link, BadAddress> {
        let client = Client::open(url.expose()).map_err(|error| BadAddress(error.category().to_owned()))?;
        let (puts, to_put) = mpsc::channel(bytes::MOST_PUTS);
        Ok(Link {
            client,
            within,
            boot: id::random("r"),
            epoch: Arc::new(AtomicU32::new(1)),
            present: ArcSwapOption::empty(),
            skew: AtomicI64::new(0),
            take: Script::take(),
            change: Script::change(),
            lanes: AtomicU64::new(0),
            untold: Mutex::default(),
            to_tell: Notify::new(),
            late: Arc::new(Semaphore::new(MOST_LATE)),
            bytes: ArcSwapOption::empty(),
            bytes_wanted: Notify::new(),
            bytes_cut: Notify::new(),
            puts,
            to_put: Mutex::new(Some(to_put)),
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
            untold: AtomicBool::new(false),
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
        let lane = present.lane(self);
        let (link, epoch, need) = (self, present.epoch, *need);
        let mut whole = false;
        loop {
            let answer = self.ask((&present, &lane, whole), claims, &need, now);
            let mut asked = Asked { link, epoch, claims, need, now, answer, counted_here: false };
            let said = match asked.reply().await {
                Some(Reply::Text(said)) => understood(&said, claims, &need, now),
                Some(Reply::Unknown(told)) => {
                    told.iter().for_each(Told::again);
                    whole = true;
                    continue;
                }
                Some(Reply::Error(error)) => Err(Lost::refused(&error)),
                // The lane is closed, and the link cut by who closed it.
                Some(Reply::Late(_)) | None => return Answer::Away(Some(asked)),
            };
            return match said {
                Ok(Outcome::Room(readings)) => {
                    Answer::Taken(self.follow(epoch, claims, &need, now, &readings))
                }
                Ok(Outcome::Limited(limited)) => Answer::Limited(limited),
                Err(lost) => {
                    self.cut(epoch, &lost);
                    Answer::Away(None)
                }
            };
        }
    }

    /// Has Redis told of what it does not know of an account yet, with the next question about it or some time later.
    pub fn tell(&self, account: &Arc<Account>) {
        let Some(distant) = account.distant() else { return };
        if !distant.untold.swap(true, Ordering::AcqRel) {
            let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
            untold.push(account.clone());
            if untold.len() == 1 {
                self.to_tell.notify_one();
            }
        }
    }

    /// Makes sure that an account is told of, if Redis is there.
    pub fn tie(&self, account: &Arc<Account>, now: Moment) {
        let mut counters = account.counters();
        let present = self.present.load();
        let current = |present: &&Arc<Present>| present.epoch == self.epoch.load(Ordering::Acquire);
        if let Some(present) = present.as_ref().filter(current)
            && counters.tie(present.epoch, now)
        {
            self.tell(account);
        }
    }

    /// Tells Redis of what was counted here, where it has to be told of everything.
    pub fn tell_all(&self, claims: &Claims) {
        let told = |claim: &&Claim| claim.account.counters().tie.told;
        claims.iter().filter(told).for_each(|claim| self.tell(&claim.account));
    }

    /// Goes on without Redis; of many requests that find it away at once, the first says so.
    fn cut(&self, epoch: u32, why: &Lost) {
        let next = epoch.wrapping_add(1);
        if self.epoch.compare_exchange(epoch, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            if let Some(present) = self.present.swap(None) {
                present.close();
            }
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
    /// Whether it waits to be told of.
    untold: AtomicBool,
}

impl Distant {
    pub fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
