//! Files for their owner's eyes only, which no crash leaves half written.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a file beside and renames it, so that a crash leaves the old one or the new one. Folders are made as needed.
///
/// # Errors
/// What the system says of the folder, the file beside or the renaming.
pub fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = OsString::from(file);
    beside.push(".new");
    let mut new = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
    new.write_all(text)?;
    new.sync_all()?;
    fs::rename(beside, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_there_is_replaced_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/down/keys.json");
        for text in [b"the first".as_slice(), b"new"] {
            write(&file, text).unwrap();
            assert_eq!(fs::read(&file).unwrap(), text);
        }
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "something is left beside it");
    }
}
