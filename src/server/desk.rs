//! The store behind the admin doors: opened when it is there, and looked at every second.

use crate::admin::office::Caller;
use crate::config::StoreUrl;
use crate::secret::KeyHash;
use crate::store::AdminRow;
use crate::store::Role;
use crate::store::Store;
use crate::store::StoreError;
use arc_swap::ArcSwap;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::time::Duration;

const LOOK: Duration = Duration::from_secs(1);

/// What was last heard of the store.
#[derive(Default)]
pub struct Desk {
    pub store: ArcSwapOption<Store>,
    admins: ArcSwap<Vec<AdminRow>>,
}

impl Desk {
    /// The admin with this token: the first one, or one of the store. All are compared.
    pub fn admin(&self, token: &str, first: Option<KeyHash>) -> Option<Caller> {
        let shown = KeyHash::of(token);
        let named = |id: &str, name: &str, role| Caller { id: id.to_owned(), name: name.to_owned(), role };
        let mut found =
            first.filter(|hash| hash.matches(&shown)).map(|_| named("first", "first", Role::Owner));
        for admin in self.admins.load().iter() {
            if admin.hash.matches(&shown) && !admin.disabled {
                found = Some(named(&admin.id, &admin.name, admin.role));
            }
        }
        found
    }

    pub async fn look(&self, url: &StoreUrl) -> Result<(), StoreError> {
        let store = match self.store.load_full() {
            Some(store) => store,
            None => Arc::new(Store::open(url).await?),
        };
        self.admins.store(Arc::new(store.admins().await?));
        self.store.store(Some(store));
        Ok(())
    }

    pub async fn keep_looking(&self, url: &StoreUrl) {
        loop {
            if let Err(error) = self.look(url).await {
                tracing::warn!(%error, "store away");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
