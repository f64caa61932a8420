//! The keys made at the first start: shown once, kept as hashes in the data directory.

use crate::id;
use crate::secret::KeyHash;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

const FILE: &str = "keys.json";

/// Hashes of the keys this installation made for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstKeys {
    pub client: Option<KeyHash>,
    pub admin: Option<KeyHash>,
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
}

/// Reads the hashes, and makes what is missing: an admin key always, a client key if `want_client`.
/// Fresh ones are lost unless they are [kept](FirstKeys::keep).
///
/// # Errors
/// [`Unusable`] when the file cannot be read or is not ours.
pub fn open(directory: &Path, want_client: bool) -> Result<(FirstKeys, Fresh), Unusable> {
    let mut keys = read(&directory.join(FILE))?;
    let mut fresh = Fresh::default();
    if keys.admin.is_none() {
        fresh.admin = Some(make("tg-admin-", &mut keys.admin));
    }
    if want_client && keys.client.is_none() {
        fresh.client = Some(make("tg-", &mut keys.client));
    }
    Ok((keys, fresh))
}

impl FirstKeys {
    /// Writes the hashes down.
    ///
    /// # Errors
    /// [`Unusable::Io`] when the directory cannot be written.
    pub fn keep(&self, directory: &Path) -> Result<(), Unusable> {
        let path = directory.join(FILE);
        write(directory, &path, self).map_err(|cause| Unusable::Io { path, cause })
    }
}

impl Fresh {
    pub fn is_empty(&self) -> bool {
        self.client.is_none() && self.admin.is_none()
    }
}

/// Forgets the keys, so that the next start makes new ones.
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

fn make(prefix: &str, hash: &mut Option<KeyHash>) -> Secret {
    let key = id::random(prefix);
    *hash = Some(KeyHash::of(&key));
    Secret::new(key)
}

fn read(path: &Path) -> Result<FirstKeys, Unusable> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(FirstKeys::default()),
        Err(cause) => return Err(Unusable::Io { path: path.to_owned(), cause }),
    };
    let damaged = |cause: String| Unusable::Damaged { path: path.to_owned(), cause };
    let written: Written = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
    let hash = |text: Option<String>| match text.map(|t| KeyHash::from_hex(&t)) {
        Some(None) => Err(damaged("a hash is not 64 hexadecimal signs".to_owned())),
        Some(Some(hash)) => Ok(Some(hash)),
        None => Ok(None),
    };
    Ok(FirstKeys { client: hash(written.client_sha256)?, admin: hash(written.admin_sha256)? })
}

/// Written beside and renamed, so that a crash leaves the old file or the new one. For the owner's eyes only.
fn write(directory: &Path, path: &Path, keys: &FirstKeys) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::create_dir_all(directory)?;
    let written = Written {
        client_sha256: keys.client.map(KeyHash::to_hex),
        admin_sha256: keys.admin.map(KeyHash::to_hex),
    };
    let beside = path.with_extension("json.new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(&written)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept_as_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (keys, fresh) = open(&data, true).unwrap();
        assert!(
            !fresh.is_empty() && !data.exists(),
            "nothing is written before it is known that the gateway starts"
        );
        keys.keep(&data).unwrap();
        let (client, admin) = (fresh.client.unwrap(), fresh.admin.unwrap());
        assert_eq!(keys.client, Some(KeyHash::of(client.expose())));
        let text = fs::read_to_string(data.join(FILE)).unwrap();
        assert!(!text.contains(client.expose()) && !text.contains(admin.expose()), "a key is on disk");
        let (again, fresh) = open(&data, true).unwrap();
        assert_eq!(again, keys);
        assert!(fresh.is_empty());
    }

    #[test]
    fn only_the_admin_key_is_made_where_client_keys_are_configured() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, fresh) = open(folder.path(), false).unwrap();
        assert!(keys.client.is_none() && fresh.client.is_none() && fresh.admin.is_some());
    }

    #[test]
    fn a_damaged_file_is_refused_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{\"client_sha256\":\"zz\",\"admin_sha256\":null}").unwrap();
        assert!(matches!(open(folder.path(), true), Err(Unusable::Damaged { .. })));
    }
}
