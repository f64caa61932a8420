//! The keys made at the first start, as the data folder has them: hashes, for starts without the store.

use crate::clock;
use crate::private_file;
use crate::secret::KeyHash;
use crate::secret::Secret;
use crate::tenants::fresh;
use serde::Deserialize;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

const FILE: &str = "keys.json";

/// How long they open without the store once it was last seen to say that they are good. Who disables one where the
/// store is can count on it being shut after this, whatever this process missed.
pub const STORE_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is written down that they were seen to be good: a grace may begin that much too early.
pub const SIGHT_EVERY: Duration = Duration::from_secs(60 * 60);

/// Hashes of the keys this installation made for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstKeys {
    pub client: Option<KeyHash>,
    pub admin: Option<KeyHash>,
    /// They are in the store, which alone says then whether they are still good.
    pub stored: bool,
    /// When the store last said so, since the epoch.
    pub seen: Option<Duration>,
}

/// Keys that were just made and must be shown now: they are never seen again.
#[derive(Debug, Default)]
pub struct Fresh {
    pub client: Option<Secret>,
    pub admin: Option<Secret>,
}

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("cannot use `{path}`: {cause}; make it writable or set GATEWAY_DATA_DIR")]
    Io { path: PathBuf, cause: io::Error },
    #[error("`{path}` is damaged: {cause}; remove it to have new keys made")]
    Damaged { path: PathBuf, cause: String },
}

#[derive(Serialize, Deserialize)]
struct Written {
    client_sha256: Option<String>,
    admin_sha256: Option<String>,
    #[serde(default)]
    stored: bool,
    #[serde(default)]
    seen_ms: Option<u64>,
}

impl FirstKeys {
    /// Reads the hashes; none where there is no file.
    ///
    /// # Errors
    /// [`Unusable`] when the file cannot be read or is not ours.
    pub fn read(directory: &Path) -> Result<FirstKeys, Unusable> {
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(FirstKeys::default()),
            Err(cause) => return Err(Unusable::Io { path, cause }),
        };
        let damaged = |cause: String| Unusable::Damaged { path: path.clone(), cause };
        let written: Written = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        let hash = |text: Option<String>| match text.map(|t| KeyHash::from_hex(&t)) {
            Some(None) => Err(damaged("a hash is not 64 hexadecimal signs".to_owned())),
            Some(Some(hash)) => Ok(Some(hash)),
            None => Ok(None),
        };
        let (client, admin) = (hash(written.client_sha256)?, hash(written.admin_sha256)?);
        let seen = written.seen_ms.map(Duration::from_millis);
        Ok(FirstKeys { client, admin, stored: written.stored, seen })
    }

    /// Makes what is missing while the store cannot be asked: an admin key always, a client key if `want_client`.
    /// What the store has taken out of force is not missing. They are lost unless they are [kept](FirstKeys::keep).
    pub fn make_missing(&mut self, want_client: bool) -> Fresh {
        let mut fresh = Fresh::default();
        if self.stored {
            return fresh;
        }
        if self.admin.is_none() {
            let made = fresh::admin_token();
            (self.admin, fresh.admin) = (Some(made.hash), Some(made.key));
        }
        if want_client && self.client.is_none() {
            let made = fresh::key();
            (self.client, fresh.client) = (Some(made.hash), Some(made.key));
        }
        fresh
    }

    /// Those that open at this moment (since the epoch) while the store cannot be asked: all that it never had, and for
    /// [`STORE_GRACE`] those of which it was seen to say that they are good.
    pub fn without_store(&self, now: Duration) -> FirstKeys {
        let lately = |seen: Duration| now.saturating_sub(seen) < STORE_GRACE;
        match !self.stored || self.seen.is_some_and(lately) {
            true => self.clone(),
            false => FirstKeys { client: None, admin: None, ..self.clone() },
        }
    }

    /// With the sight of this moment, if the one that is written down is an hour old; `None` if there is nothing to write.
    pub fn seen_again(&self, now: Duration) -> Option<FirstKeys> {
        let late = |seen: Duration| now.saturating_sub(seen) >= SIGHT_EVERY;
        let is_due = self.stored && self.has_any() && self.seen.is_none_or(late);
        is_due.then(|| FirstKeys { seen: Some(now), ..self.clone() })
    }

    /// Whether these are the same keys, whenever they were seen.
    pub fn are(&self, other: &FirstKeys) -> bool {
        (self.client, self.admin, self.stored) == (other.client, other.admin, other.stored)
    }

    pub fn has_any(&self) -> bool {
        self.client.is_some() || self.admin.is_some()
    }

    /// Writes the hashes down.
    ///
    /// # Errors
    /// [`Unusable::Io`] when the directory cannot be written.
    pub fn keep(&self, directory: &Path) -> Result<(), Unusable> {
        let path = directory.join(FILE);
        let written = Written {
            client_sha256: self.client.map(KeyHash::to_hex),
            admin_sha256: self.admin.map(KeyHash::to_hex),
            stored: self.stored,
            seen_ms: self.seen.map(clock::millis),
        };
        let text = serde_json::to_vec_pretty(&written).map_err(io::Error::from);
        text.and_then(|text| private_file::write(&path, &text)).map_err(|cause| Unusable::Io { path, cause })
    }
}

impl Fresh {
    pub fn is_empty(&self) -> bool {
        self.client.is_none() && self.admin.is_none()
    }
}

/// Forgets the keys.
///
/// # Errors
/// [`Unusable::Io`] when the file exists and cannot be removed.
pub fn forget(directory: &Path) -> Result<(), Unusable> {
    let path = directory.join(FILE);
    match fs::remove_file(&path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Unusable::Io { path, cause }),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept_as_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut keys = FirstKeys::read(&data).unwrap();
        let fresh = keys.make_missing(true);
        assert!(
            !fresh.is_empty() && !data.exists(),
            "nothing is written before it is known that the gateway starts"
        );
        keys.keep(&data).unwrap();
        let (client, admin) = (fresh.client.unwrap(), fresh.admin.unwrap());
        assert_eq!(keys.client, Some(KeyHash::of(client.expose())));
        let text = fs::read_to_string(data.join(FILE)).unwrap();
        assert!(!text.contains(client.expose()) && !text.contains(admin.expose()), "a key is on disk");
        let mut again = FirstKeys::read(&data).unwrap();
        assert_eq!(again, keys);
        assert!(again.make_missing(true).is_empty());
    }

    #[test]
    fn only_the_admin_key_is_made_where_client_keys_are_configured() {
        let mut keys = FirstKeys::default();
        let fresh = keys.make_missing(false);
        assert!(keys.client.is_none() && fresh.client.is_none() && fresh.admin.is_some());
    }

    #[test]
    fn what_the_store_has_taken_out_of_force_is_not_made_anew() {
        let mut keys = FirstKeys { stored: true, ..FirstKeys::default() };
        assert!(keys.make_missing(true).is_empty());
    }

    #[test]
    fn a_stored_key_opens_without_the_store_for_a_day_after_it_was_last_seen_to_be_good() {
        let (hour, seen) = (Duration::from_secs(3600), Duration::from_secs(1_790_000_000));
        let keys = FirstKeys {
            client: Some(KeyHash::of("tg-1")),
            admin: Some(KeyHash::of("tg-admin-1")),
            stored: true,
            seen: Some(seen),
        };
        for (now, opens) in [
            (seen, true),
            (seen + 24 * hour - Duration::from_millis(1), true),
            (seen + 24 * hour, false),
            (seen + 9000 * hour, false),
            (seen - hour, true),
        ] {
            let left = keys.without_store(now);
            assert_eq!((left.client.is_some(), left.admin.is_some()), (opens, opens), "{now:?}");
            assert!(left.stored && left.seen == keys.seen, "it is as much the store's as before");
        }
        let never = FirstKeys { seen: None, ..keys.clone() };
        assert!(!never.without_store(seen).has_any(), "nobody knows when it was good");
        let own = FirstKeys { stored: false, seen: None, ..keys };
        assert_eq!(own.without_store(seen + 9000 * hour), own, "the store has nothing to say of it");
    }

    #[test]
    fn a_sight_is_written_down_once_an_hour_and_read_again() {
        let (folder, seen) = (tempfile::tempdir().unwrap(), Duration::from_millis(1_790_000_000_123));
        let keys = FirstKeys { admin: Some(KeyHash::of("tg-admin-1")), stored: true, ..FirstKeys::default() };
        let noted = keys.seen_again(seen).expect("it has none");
        noted.keep(folder.path()).unwrap();
        let read = FirstKeys::read(folder.path()).unwrap();
        assert_eq!((read.seen, read.are(&keys), read == keys), (Some(seen), true, false));
        assert_eq!(read.seen_again(seen + SIGHT_EVERY - Duration::from_millis(1)), None);
        let later = seen + SIGHT_EVERY;
        assert_eq!(read.seen_again(later).and_then(|keys| keys.seen), Some(later));
        assert_eq!(FirstKeys { admin: None, ..read.clone() }.seen_again(later), None, "nothing to say of");
        assert_eq!(FirstKeys { stored: false, ..read }.seen_again(later), None, "the store does not know it");
    }

    #[test]
    fn a_file_of_the_version_before_the_store_is_read() {
        let (folder, hash) = (tempfile::tempdir().unwrap(), KeyHash::of("tg-1"));
        let text = format!("{{\"client_sha256\":\"{}\",\"admin_sha256\":null}}", hash.to_hex());
        fs::write(folder.path().join(FILE), text).unwrap();
        let keys = FirstKeys::read(folder.path()).unwrap();
        assert_eq!(keys, FirstKeys { client: Some(hash), ..FirstKeys::default() });
    }

    #[test]
    fn a_damaged_file_is_refused_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{\"client_sha256\":\"zz\",\"admin_sha256\":null}").unwrap();
        assert!(matches!(FirstKeys::read(folder.path()), Err(Unusable::Damaged { .. })));
    }
}
