//! One process takes the listening sockets over from another, which keeps its streams: where they meet, and whether.
//!
//! Pingora passes the sockets. It makes the meeting point open to everybody, ends the old process whether anybody waits
//! there or not, and breaks off where an address turns out to be taken; so all of that is seen to before.

use crate::config::Config;
use crate::server::NotStarted;
use crate::server::pid_file::Running;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

/// Sockets that Pingora passes at once.
const MOST: usize = 32;
/// What an address of a Unix socket has room for (`sun_path`), on any system.
const LONGEST: usize = 103;

/// Why sockets cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("no process serves with the data folder `{0}`; start without `--upgrade`")]
    NobodyThere(String),
    #[error("another process is about to take over")]
    Busy,
    #[error("more than {MOST} listeners cannot be handed over; restart instead")]
    TooMany,
    #[error("the path `{0}` is too long for a socket; choose a shorter `data_dir`")]
    TooLong(String),
    #[error("cannot use `{folder}`: {cause}")]
    Folder { folder: String, cause: io::Error },
}

/// A process that waits to take over. No other does meanwhile.
pub struct Takeover {
    from: Running,
    _turn: File,
}

/// Where the two processes meet.
pub fn socket(data_dir: &Path) -> PathBuf {
    folder(data_dir).join("sock")
}

/// Whether a process waits to be handed the sockets.
pub fn is_awaited(data_dir: &Path) -> bool {
    let is_held = || {
        let lock = File::open(lock(data_dir)).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    };
    socket(data_dir).exists() && is_held()
}

impl Takeover {
    /// Takes the place of the one who waits.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn begin(config: &Config) -> Result<Takeover, NotStarted> {
        let data_dir = &config.data_dir;
        let from =
            Running::find(data_dir).ok_or_else(|| NotTaken::NobodyThere(data_dir.display().to_string()))?;
        if from.listen.len().max(config.listen.len()) > MOST {
            return Err(NotTaken::TooMany.into());
        }
        let socket = socket(data_dir);
        if socket.as_os_str().len() > LONGEST {
            return Err(NotTaken::TooLong(socket.display().to_string()).into());
        }
        let unusable = |cause| NotTaken::Folder { folder: folder(data_dir).display().to_string(), cause };
        let turn = turn(data_dir).map_err(unusable)?.ok_or(NotTaken::Busy)?;
        // One that broke off has left it.
        match fs::remove_file(&socket) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(unusable(cause).into()),
            Ok(()) | Err(_) => Ok(Takeover { from, _turn: turn }),
        }
    }

    /// Whether the other process listens at this address.
    pub fn has(&self, address: SocketAddr) -> bool {
        self.from.listen.contains(&address.to_string())
    }
}

/// Only its owner may enter the folder: whoever could connect here could hand over sockets, or be handed them.
fn turn(data_dir: &Path) -> io::Result<Option<File>> {
    let folder = folder(data_dir);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let lock = lock(data_dir);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("upgrade")
}

fn lock(data_dir: &Path) -> PathBuf {
    folder(data_dir).join("lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_waits_at_a_time_and_is_seen_to_wait() {
        let data = tempfile::tempdir().unwrap();
        assert!(!is_awaited(data.path()));
        let held = turn(data.path()).unwrap().expect("nobody waits");
        assert!(turn(data.path()).unwrap().is_none(), "two wait");
        assert!(!is_awaited(data.path()), "the socket is not there yet");
        fs::write(socket(data.path()), "").unwrap();
        assert!(is_awaited(data.path()));
        drop(held);
        assert!(!is_awaited(data.path()), "what one that broke off has left counts");
    }

    #[test]
    fn nobody_else_can_enter_where_they_meet() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(folder(data.path())).unwrap();
        let _held = turn(data.path()).unwrap();
        let mode = fs::metadata(folder(data.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
