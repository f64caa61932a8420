//! `tollgate.pid` in the data folder: which process serves, and where. Its first line is the number of the process.
//!
//! The process holds a lock on it for as long as it lives: a file without one is left over.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "tollgate.pid";
const LISTEN: &str = "listen ";

/// The file of this process; it is to be kept until the end.
pub struct PidFile {
    _locked: File,
}

/// A process that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub pid: u32,
    /// The addresses for clients, as they are bound.
    pub listen: Vec<String>,
}

impl PidFile {
    /// Puts the file of this process in the place of any other's.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write(folder: &Path, listen: &[String]) -> io::Result<PidFile> {
        let pid = std::process::id();
        let lines: String = listen.iter().map(|address| format!("{LISTEN}{address}\n")).collect();
        let beside = folder.join(format!("{FILE}.{pid}"));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&beside)?;
        file.lock()?;
        file.write_all(format!("{pid}\n{lines}").as_bytes())?;
        fs::rename(&beside, folder.join(FILE))?;
        Ok(PidFile { _locked: file })
    }
}

impl Running {
    /// The process that serves with this data folder; of several, the one that was started last.
    pub fn find(folder: &Path) -> Option<Running> {
        let path = folder.join(FILE);
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => read(&io::read_to_string(file).ok()?),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

fn read(text: &str) -> Option<Running> {
    let mut lines = text.lines();
    let pid = lines.next()?.parse().ok()?;
    let listen = lines.filter_map(|line| line.strip_prefix(LISTEN)).map(str::to_owned).collect();
    Some(Running { pid, listen })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_for_as_long_as_it_holds_its_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Running::find(folder.path()), None);
        let listen = vec!["127.0.0.1:4000".to_owned(), "[::1]:4000".to_owned()];
        let held = PidFile::write(folder.path(), &listen).unwrap();
        let running = Running { pid: std::process::id(), listen: listen.clone() };
        assert_eq!(Running::find(folder.path()), Some(running.clone()));
        // Another's file takes its place, and its end changes nothing.
        let next = PidFile::write(folder.path(), &listen).unwrap();
        drop(held);
        assert_eq!(Running::find(folder.path()), Some(running));
        drop(next);
        assert_eq!(Running::find(folder.path()), None, "a file that is left over counts");
        fs::write(folder.path().join(FILE), "no number\n").unwrap();
        assert_eq!(Running::find(folder.path()), None);
    }
}
