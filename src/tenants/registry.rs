//! What is known of tenants, keys and admins that stand in no file.

use crate::store::AdminRow;
use crate::store::KeyRow;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TenantRow;
use crate::tenants::first_keys::FirstKeys;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Stays in force while the store is away: the last that was heard of it.
pub struct Registry {
    known: ArcSwap<Known>,
    /// Questions that were begun.
    asked: AtomicU64,
    /// The last of them whose answer was learnt: one that was begun before it may have an older one.
    learnt: Mutex<u64>,
}

/// The last that was heard.
pub enum Known {
    /// The store was not there since the start: the first keys, as the data folder has them.
    First(FirstKeys),
    Stored(Rows),
}

/// Everything of one edition.
#[derive(Debug, Default)]
pub struct Rows {
    pub edition: u64,
    pub tenants: Vec<TenantRow>,
    pub keys: Vec<KeyRow>,
    pub admins: Vec<AdminRow>,
}

impl Registry {
    pub fn new(known: Known) -> Registry {
        let (asked, learnt) = (AtomicU64::new(0), Mutex::new(0));
        Registry { known: ArcSwap::from_pointee(known), asked, learnt }
    }

    pub fn known(&self) -> Arc<Known> {
        self.known.load_full()
    }

    pub fn learn(&self, known: Known) {
        self.known.store(Arc::new(known));
    }

    /// Asks the store whether anything has changed, and learns it; `true` if so.
    ///
    /// # Errors
    /// What was known is kept.
    pub async fn refresh(&self, store: &Store) -> Result<bool, StoreError> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let edition = store.edition().await?;
        if matches!(&*self.known(), Known::Stored(rows) if rows.edition == edition) {
            return Ok(false);
        }
        let rows = Rows::load(store).await?;
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if turn > *learnt {
            *learnt = turn;
            self.learn(Known::Stored(rows));
        }
        Ok(true)
    }
}

impl Rows {
    /// All rows. The edition is asked for first: what changes meanwhile makes a newer one, and is looked at again.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load(store: &Store) -> Result<Rows, StoreError> {
        let edition = store.edition().await?;
        Ok(Rows {
            edition,
            tenants: store.tenants().await?,
            keys: store.keys(None).await?,
            admins: store.admins().await?,
        })
    }
}
