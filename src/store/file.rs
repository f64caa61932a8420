//! SQLite's file: made readable for its owner alone, and named in a way that survives a URL.

use crate::store::error::StoreError;
use std::fs::DirBuilder;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes the file and the folders above it. Files that SQLite puts beside it get the rights of this one.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), |folder| DirBuilder::new().recursive(true).mode(0o700).create(folder));
    made.and_then(|()| touch(path)).map_err(|cause| {
        StoreError::broken(format!("`{}`: {cause}; make it writable or name another file", path.display()))
    })
}

fn touch(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(|_| ())
}

/// The address of a file. Every sign that means something in a URL is escaped.
pub(super) fn url(path: &Path) -> Result<String, StoreError> {
    let path = std::path::absolute(path).map_err(|cause| StoreError::broken(cause.to_string()))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let escaped = path.as_os_str().as_bytes().iter().map(|byte| match plain(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    Ok(format!("sqlite://{}", escaped.collect::<String>()))
}
