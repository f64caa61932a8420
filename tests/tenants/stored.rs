//! Keys and tenants made in a store, as the admin API makes them.

use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;
use tollgate::config::StoreUrl;
use tollgate::secret::KeyHash;
use tollgate::store::By;
use tollgate::store::KeyChange;
use tollgate::store::KeyRow;
use tollgate::store::NewHash;
use tollgate::store::NewKey;
use tollgate::store::NewTenant;
use tollgate::store::Store;
use tollgate::store::TenantChange;
use tollgate::tenants::fresh;

pub struct Stored(pub Store);

pub fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn by() -> By {
    By { who: "test".to_owned(), at_ms: now_ms() }
}

impl Stored {
    pub async fn in_file(file: &Path) -> Stored {
        Stored::at(&StoreUrl::Sqlite(file.to_owned())).await
    }

    pub async fn at(url: &StoreUrl) -> Stored {
        Stored(Store::open(url).await.expect("no store"))
    }

    pub async fn tenant(&self, name: &str, settings: &str) -> String {
        let new = NewTenant { name: name.to_owned(), settings: settings.to_owned() };
        self.0.add_tenant(&new, &by()).await.expect("a tenant").id
    }

    pub async fn change_tenant(&self, id: &str, to: TenantChange) {
        self.0.change_tenant(id, &to, &by()).await.expect("a change");
    }

    /// A key of a tenant, or of nobody: its row and itself.
    pub async fn key(&self, tenant: &str, name: &str, settings: &str) -> (KeyRow, String) {
        self.expiring(tenant, name, settings, None).await
    }

    pub async fn expiring(
        &self,
        tenant: &str,
        name: &str,
        settings: &str,
        after: Option<Duration>,
    ) -> (KeyRow, String) {
        let made = fresh::key();
        let new = NewKey {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            shown: made.shown,
            hash: made.hash,
            settings: settings.to_owned(),
            expires_ms: after.map(|after| now_ms() + after.as_millis() as u64),
        };
        let row = self.0.add_key(&new, &by()).await.expect("a key");
        (row, made.key.expose().to_owned())
    }

    pub async fn change_key(&self, id: &str, to: KeyChange) {
        self.0.change_key(id, &to, &by()).await.expect("a change");
    }

    /// Puts a new key in the place of one, which stays good for so long.
    pub async fn rotate(&self, id: &str, grace: Duration) -> String {
        let made = fresh::key();
        let old_until_ms = Some(now_ms() + grace.as_millis() as u64);
        let to = NewHash { shown: made.shown, hash: made.hash, old_until_ms };
        self.0.rotate_key(id, &to, &by()).await.expect("a rotation");
        made.key.expose().to_owned()
    }
}

pub fn hash(key: &str) -> String {
    KeyHash::of(key).to_hex()
}
