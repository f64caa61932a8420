//! What is known of tenants, keys and admins that stand in no file.

use crate::store::AdminRow;
use crate::store::KeyRow;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TenantRow;
use crate::tenants::first_keys::FirstKeys;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// Stays in force while the store is away: the last that was heard of it.
pub struct Registry {
    known: ArcSwap<Known>,
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
        Registry { known: ArcSwap::from_pointee(known) }
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
        let edition = store.edition().await?;
        if matches!(&*self.known(), Known::Stored(rows) if rows.edition == edition) {
            return Ok(false);
        }
        self.learn(Known::Stored(Rows::load(store).await?));
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
