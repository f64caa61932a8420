//! Shared counters and cache bytes: where they live, and what is the same wherever that is.

pub mod accounts;
pub mod bucket;
pub mod bytes;
pub mod claim;
pub mod counters;
pub mod memory;
pub mod redis;
pub mod verdict;
pub mod window;

use crate::clock::Moment;
use crate::config::Quota;
use crate::secret::Secret;
use crate::state::accounts::Accounts;
use crate::state::bytes::ByteStore;
use crate::state::redis::{Answer, Asked, Link, RedisBytes};
use crate::telemetry::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;

pub use bucket::Left;
pub use claim::{Claim, Claims, Hold, Need, Whose};
pub use memory::Account;
pub use redis::BadAddress;
pub use verdict::{Limited, Soft, Standing, Taken, Which};

/// The store of all counters: this process, and Redis where replicas share it.
#[derive(Debug, Default)]
pub struct State {
    accounts: Accounts,
    link: Option<Arc<Link>>,
}

impl State {
    /// In this process alone: with several replicas every limit holds for each of them.
    pub fn memory() -> State {
        State::default()
    }

    /// Shared through Redis, once [`State::keep`] runs. Where Redis is not there, limits hold in this process.
    /// `within` is the longest a request waits for it; [`redis::WITHIN`] is a good one.
    ///
    /// # Errors
    /// [`BadAddress`] if `url` is no address of Redis; nothing is connected to yet.
    pub fn redis(url: &Secret, within: Duration, metrics: Arc<Metrics>) -> Result<State, BadAddress> {
        let link = Link::new(url, within, metrics)?;
        Ok(State { accounts: Accounts::default(), link: Some(Arc::new(link)) })
    }

    /// Keeps the connection to what is shared; to be run in the background as long as the process lives.
    pub async fn keep(&self) {
        match &self.link {
            Some(link) => link.keep(&self.accounts).await,
            None => std::future::pending().await,
        }
    }

    /// Whether replicas share counters and cool-downs.
    pub fn is_shared(&self) -> bool {
        self.link.is_some()
    }

    /// Whether counters are to be shared, but are not at the moment.
    pub fn is_away(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_away())
    }

    /// A store of bytes that replicas share; `None` where nothing is shared. Larger values than `most` are not kept.
    pub fn shared_bytes(&self, most: u64) -> Option<ByteStore> {
        Some(ByteStore::Redis(RedisBytes::new(self.link.clone()?, most)))
    }

    /// The account of a key, a tenant or a model, made when it is first asked for; it outlives every reload.
    /// Two kinds of things must not have the same id.
    pub fn account(&self, id: &str) -> Arc<Account> {
        self.accounts.lasting(id, || self.new_account(id))
    }

    /// The account of an end user. Callers choose their names, so of those
    /// that were not asked for of late only [`accounts::MOST_PASSING`] are remembered.
    pub fn account_of_user(&self, id: &str) -> Arc<Account> {
        self.accounts.passing(id, || self.new_account(id))
    }

    /// Takes a place among the requests under way of every claim, or of none; and looks
    /// whether a limit on requests is known to be used up. At once, and in this process.
    pub fn enter(&self, claims: &Claims, now: Moment) -> Result<(), Limited> {
        memory::enter(claims, self.common(now))
    }

    /// Takes from all rates and quotas of all claims, or from none; and, where they are shared, a place of
    /// each. Later more may be taken for the same request: with a need of no requests.
    pub async fn take(&self, claims: &Claims, need: Need, now: Moment) -> Result<Taken, Limited> {
        let now = self.common(now);
        let Some(link) = self.link.as_ref().filter(|_| claims.iter().any(|claim| !claim.bounds.is_empty()))
        else {
            return memory::take(claims, &need, now);
        };
        match link.take(claims, &need, now).await {
            Answer::Taken(taken) => Ok(taken),
            Answer::Limited(limited) => Err(limited),
            Answer::Away(asked) => {
                let taken = memory::take(claims, &need, now)?;
                asked.into_iter().for_each(Asked::counted_here);
                link.tell_all(claims);
                Ok(taken)
            }
        }
    }

    /// As [`State::take`], but at once, as far as this process knows, for what nobody may wait for; the others are
    /// told later.
    pub fn take_here(&self, claims: &Claims, need: Need, now: Moment) -> Result<Taken, Limited> {
        let now = self.common(now);
        if let Some(link) = &self.link {
            claims.iter().for_each(|claim| link.tie(&claim.account, now));
        }
        let taken = memory::take(claims, &need, now)?;
        self.link.iter().for_each(|link| link.tell_all(claims));
        Ok(taken)
    }

    /// Whether so much could be taken now, as far as this process knows.
    pub fn look(&self, claims: &Claims, need: Need, now: Moment) -> Result<(), Limited> {
        memory::look(claims, &need, self.common(now))
    }

    /// Corrects what was taken to what was used, and gives back the places: ends what [`State::enter`] began.
    /// The difference is given back or charged. Never waits.
    pub fn settle(&self, claims: &Claims, hold: &Hold, used: Need, now: Moment) {
        let now = self.common(now);
        for claim in claims.iter() {
            let to_tell = memory::settle(claim, hold, &used, now);
            if let Some(link) = self.link.as_ref().filter(|_| to_tell) {
                link.tell(&claim.account);
            }
        }
    }

    /// Gives back the places that were entered by a request that took nothing.
    pub fn leave(&self, claims: &Claims) {
        memory::leave(claims);
    }

    /// Raises the counter of a quota to what is known from elsewhere, as from the ledger after a start;
    /// without effect when that window is over. `start` is since the epoch.
    pub fn seed(&self, account: &Arc<Account>, quota: &Quota, start: Duration, used: u64, now: Moment) {
        let now = self.common(now);
        account.counters().seed(quota, start, used, now.wall);
        if let Some(link) = &self.link {
            link.tie(account, now);
            link.tell(account);
        }
    }

    /// How every limit of these claims stands, as far as this process knows. Takes nothing.
    pub fn standing(&self, claims: &Claims, now: Moment) -> Vec<Standing> {
        let now = self.common(now);
        let each = |claim: &Claim| claim.account.counters().standing(&claim.bounds, now, claim.whose);
        claims.iter().flat_map(each).collect()
    }

    /// Tells all replicas to leave something alone until then (since the epoch). Not kept where nothing is shared.
    pub fn publish_cool(&self, key: &str, until: Duration) {
        self.link.iter().for_each(|link| link.cools().publish(key, until));
    }

    /// Until when something is to be left alone, as some replica said; it may be over.
    pub fn cool_until(&self, key: &str) -> Option<Duration> {
        self.link.as_ref()?.cools().until(key)
    }

    fn new_account(&self, id: &str) -> Account {
        self.link.as_ref().map_or_else(Account::default, |link| Account::shared(link.distant(id)))
    }

    fn common(&self, now: Moment) -> Moment {
        self.link.as_ref().map_or(now, |link| link.common(now))
    }
}
