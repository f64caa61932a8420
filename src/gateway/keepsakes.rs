//! What has to come back with the next request and what most clients drop: kept here for them.

use crate::dialect::Dialect;
use crate::dialect::seals::Remembered;
use crate::dialect::seals::Sealed;
use crate::dialect::seals::Seals;
use crate::state::bytes::ByteStore;
use sha2::Digest;
use sha2::Sha256;
use std::time::Duration;

/// How long a conversation may rest.
const TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// Calls remembered at most, and bytes of all of them; the oldest make room.
const MAX_ENTRIES: u64 = 100_000;
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Seals by the call they belong to, apart for each key and dialect: a seal means nothing to another vendor.
pub struct Keepsakes {
    store: ByteStore,
}

impl Default for Keepsakes {
    fn default() -> Keepsakes {
        Keepsakes { store: ByteStore::memory(MAX_ENTRIES, MAX_BYTES) }
    }
}

impl Keepsakes {
    pub async fn keep(&self, scope: &str, dialect: Dialect, seals: Seals) {
        for (name, sealed) in seals.into_kept() {
            if let Ok(bytes) = serde_json::to_vec(&sealed) {
                self.store.put(&key(scope, dialect, &name), bytes.into(), TTL).await;
            }
        }
    }

    pub async fn find(&self, scope: &str, dialect: Dialect, names: Vec<String>) -> Remembered {
        let mut found = Remembered::new();
        for name in names {
            let bytes = self.store.get(&key(scope, dialect, &name)).await;
            let sealed = bytes.and_then(|bytes| serde_json::from_slice::<Sealed>(&bytes).ok());
            if let Some(sealed) = sealed {
                found.insert(name, sealed);
            }
        }
        found
    }
}

fn key(scope: &str, dialect: Dialect, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [scope, dialect.word(), name] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
