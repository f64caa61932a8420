//! A key in force: its name, what it may ask for, and the account its use is counted on.

use crate::config::Bounds;
use crate::secret::KeyHash;
use crate::state::Account;
use crate::state::Claim;
use crate::state::Whose;
use std::collections::HashMap;
use std::sync::Arc;

/// One key. The key itself is not kept, only its hash.
pub struct Credential {
    pub name: Arc<str>,
    /// What it is counted and remembered under. Unlike the name, no key in a file can bear that of another kind.
    pub id: Arc<str>,
    /// What it may use, and where that is counted.
    pub claim: Claim,
    pub failover: bool,
    /// Models this key may name; empty is all.
    models: Vec<String>,
}

impl Credential {
    pub fn new(id: &str, name: &str, bounds: Arc<Bounds>, account: Arc<Account>) -> Credential {
        let models = Vec::new();
        let claim = Claim { whose: Whose::Key, account, bounds };
        Credential { name: name.into(), id: id.into(), claim, failover: true, models }
    }

    pub fn with_models(mut self, models: Vec<String>) -> Credential {
        self.models = models;
        self
    }

    pub fn with_failover(mut self, failover: bool) -> Credential {
        self.failover = failover;
        self
    }

    /// Whether this key may name a model, alias or group.
    pub fn may_name(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|m| m == model)
    }
}

/// All keys in force.
#[derive(Default)]
pub struct Credentials {
    by_hash: HashMap<KeyHash, Arc<Credential>>,
    /// Whom a request without a key is, where `auth: open` allows that.
    anyone: Option<Arc<Credential>>,
}

impl Credentials {
    pub fn add(&mut self, hash: KeyHash, credential: Credential) {
        self.by_hash.insert(hash, Arc::new(credential));
    }

    pub fn open_to(&mut self, anyone: Credential) {
        self.anyone = Some(Arc::new(anyone));
    }

    /// The credential of a presented key. The look-up is by hash, so its time tells nothing of the key.
    pub fn find(&self, key: &str) -> Option<&Arc<Credential>> {
        let presented = KeyHash::of(key);
        let (hash, credential) = self.by_hash.get_key_value(&presented)?;
        hash.matches(&presented).then_some(credential)
    }

    pub fn anyone(&self) -> Option<&Arc<Credential>> {
        self.anyone.as_ref()
    }
}
