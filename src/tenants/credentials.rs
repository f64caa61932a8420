//! All keys in force, found by the hash of what a client presents.

use crate::config::Bounds;
use crate::secret::KeyHash;
use crate::state::Claim;
use crate::store::Role;
use crate::tenants::credential::Credential;
use crate::tenants::credential::Lapsed;
use crate::tenants::tenant::Tenant;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The keys, and whom a request without one is.
#[derive(Default)]
pub struct Credentials {
    by_hash: HashMap<KeyHash, Held>,
    anyone: Option<Arc<Credential>>,
    /// Those who may use the admin API.
    pub admins: Vec<Admin>,
    /// What all who ask for a model together may use, by the name that is limited.
    pub models: HashMap<String, Claim>,
    /// What every end user may use; `None` is no limit.
    pub per_user: Option<Arc<Bounds>>,
}

/// A person or a program with rights to the admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub role: Role,
    pub hash: KeyHash,
}

struct Held {
    credential: Arc<Credential>,
    /// Since the epoch: until then this hash still opens, because its key has a new one.
    until: Option<Duration>,
}

impl Credentials {
    /// Adds a key under its hash; `false` where another key has the same, which then stays.
    pub fn add(&mut self, hash: KeyHash, credential: Arc<Credential>) -> bool {
        self.hold(hash, Held { credential, until: None })
    }

    /// Adds the hash a key had before it was rotated, which opens until then.
    pub fn add_replaced(&mut self, hash: KeyHash, credential: Arc<Credential>, until: Duration) -> bool {
        self.hold(hash, Held { credential, until: Some(until) })
    }

    /// Where `auth: open` allows that.
    pub fn open_to(&mut self, anyone: Credential) {
        self.anyone = Some(Arc::new(anyone));
    }

    /// The credential of a presented key, or why it does not open; `None` for one that is not known. The look-up is
    /// by hash, so its time tells nothing of the key.
    pub fn find(&self, key: &str, wall: impl Fn() -> Duration) -> Option<Result<&Arc<Credential>, Lapsed>> {
        let presented = KeyHash::of(key);
        let (hash, held) = self.by_hash.get_key_value(&presented)?;
        if !hash.matches(&presented) {
            return None;
        }
        if held.until.is_some_and(|until| wall() >= until) {
            return Some(Err(Lapsed::Replaced));
        }
        Some(held.credential.opens(wall).map(|()| &held.credential))
    }

    /// The credential of a key that was let in before, or why it does not open any more.
    pub fn by_id(&self, id: &str, wall: impl Fn() -> Duration) -> Option<Result<&Arc<Credential>, Lapsed>> {
        let credential = self.all().find(|credential| &*credential.id == id)?;
        Some(credential.opens(wall).map(|()| credential))
    }

    /// The credential of a key by its id.
    pub fn key(&self, id: &str) -> Option<&Arc<Credential>> {
        self.by_hash.values().map(|held| &held.credential).find(|credential| &*credential.id == id)
    }

    /// A tenant by its id; one that no key belongs to has nothing to count.
    pub fn tenant(&self, id: &str) -> Option<&Arc<Tenant>> {
        let mut tenants = self.by_hash.values().filter_map(|held| held.credential.tenant.as_ref());
        tenants.find(|tenant| &*tenant.id == id)
    }

    /// The admin with this token. All are compared, each in constant time.
    pub fn admin(&self, token: &str) -> Option<&Admin> {
        let presented = KeyHash::of(token);
        self.admins
            .iter()
            .fold(None, |found, admin| if admin.hash.matches(&presented) { Some(admin) } else { found })
    }

    /// Every credential, once for each hash it has.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Credential>> {
        self.by_hash.values().map(|held| &held.credential).chain(&self.anyone)
    }

    pub fn anyone(&self) -> Option<&Arc<Credential>> {
        self.anyone.as_ref()
    }

    fn hold(&mut self, hash: KeyHash, held: Held) -> bool {
        let is_new = !self.by_hash.contains_key(&hash);
        if is_new {
            self.by_hash.insert(hash, held);
        }
        is_new
    }
}
