//! One file of the spool. Who holds its lock owns it: the process that writes it, or whoever drains what that left.

use crate::usage::spool::ENDING;
use crate::usage::spool::REFUSED;
use crate::usage::spool::trouble::Trouble;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Others may take over an empty file in the moment between its making and its locking.
const TRIES: u64 = 16;

/// A file that is locked for as long as any clone of this lives.
#[derive(Clone, Debug)]
pub struct SpoolFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    number: u64,
    path: PathBuf,
    handle: File,
    /// Bytes that are in the store; `UNKNOWN` until it was asked.
    drained: AtomicU64,
    trouble: Mutex<Trouble>,
    /// It was to be removed, and could not be.
    stays: AtomicBool,
}

const UNKNOWN: u64 = u64::MAX;

impl SpoolFile {
    /// A new file of this process: `<boot>-<number>`, or the next number that is free.
    pub(super) fn create(folder: &Path, boot: u64, number: u64) -> io::Result<SpoolFile> {
        let mut tries = number..number + TRIES;
        loop {
            let number =
                tries.next().ok_or_else(|| io::Error::other("others take every file that is made"))?;
            let name = format!("{boot:016x}-{number:06}{ENDING}");
            let path = folder.join(&name);
            let made = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path);
            let handle = match made {
                Ok(handle) => handle,
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(cause) => return Err(cause),
            };
            let file = SpoolFile::of((name, number), path, handle, 0);
            if file.is_ours() {
                return Ok(file);
            }
        }
    }

    /// A file that nobody owns any more. `None` where somebody does, or it cannot be opened.
    pub(super) fn adopt(folder: &Path, name: &str) -> Option<SpoolFile> {
        let path = folder.join(name);
        let handle = OpenOptions::new().read(true).append(true).open(&path).ok()?;
        let file = SpoolFile::of((name.to_owned(), 0), path, handle, UNKNOWN);
        file.is_ours().then_some(file)
    }

    fn of((name, number): (String, u64), path: PathBuf, handle: File, drained: u64) -> SpoolFile {
        let (drained, trouble, stays) = (AtomicU64::new(drained), Mutex::default(), AtomicBool::new(false));
        SpoolFile(Arc::new(Inner { name, number, path, handle, drained, trouble, stays }))
    }

    /// What the store knows it by.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }

    pub fn handle(&self) -> &File {
        &self.0.handle
    }

    /// In bytes.
    pub fn len(&self) -> u64 {
        self.0.handle.metadata().map_or(0, |metadata| metadata.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Up to which byte it is in the store; `None` as long as the store has not been asked.
    pub fn drained(&self) -> Option<u64> {
        Some(self.0.drained.load(Ordering::Relaxed)).filter(|upto| *upto != UNKNOWN)
    }

    pub fn drained_upto(&self, upto: u64) {
        self.0.drained.store(upto, Ordering::Relaxed);
    }

    /// The store has to be asked again.
    pub fn drained_unknown(&self) {
        self.drained_upto(UNKNOWN);
    }

    /// Bytes that are not in the store yet.
    pub fn backlog(&self) -> u64 {
        self.len().saturating_sub(self.drained().unwrap_or(0))
    }

    /// Whether it is still found where it was made.
    pub fn is_there(&self) -> bool {
        let same = |own: fs::Metadata| {
            fs::metadata(&self.0.path).is_ok_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino()))
        };
        self.0.handle.metadata().is_ok_and(same)
    }

    /// To be done once everything in it is in the store.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.0.path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The store refused its next entries. Whether for the first time.
    pub fn refused(&self, now: Instant) -> bool {
        self.trouble().refused(now)
    }

    /// Whether it is too early to try it again.
    pub fn rests(&self, now: Instant) -> bool {
        self.trouble().rests(now)
    }

    /// The store has taken entries of it.
    pub fn is_taken(&self) {
        *self.trouble() = Trouble::default();
    }

    /// The store has taken entries of another file. Whether that shows that the fault is this file's.
    pub fn is_to_blame(&self) -> bool {
        self.trouble().others_are_taken()
    }

    pub fn is_refused_for_long(&self) -> bool {
        self.trouble().is_lasting()
    }

    /// It cannot be removed. Whether that is new.
    pub fn stays(&self) -> bool {
        !self.0.stays.swap(true, Ordering::Relaxed)
    }

    /// Gives it another name, under which nobody drains it.
    pub(super) fn set_aside(&self) -> io::Result<()> {
        let mut name = self.0.path.clone().into_os_string();
        name.push(REFUSED);
        fs::rename(&self.0.path, name)
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// Locked by us, and not drained and removed by somebody else just before.
    fn is_ours(&self) -> bool {
        self.0.handle.try_lock().is_ok() && self.is_there()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SpoolFile {
        /// A device that has no room.
        pub(in crate::usage::spool) fn full() -> SpoolFile {
            let path = PathBuf::from("/dev/full");
            let handle = OpenOptions::new().write(true).open(&path).unwrap();
            SpoolFile::of((String::new(), 0), path, handle, 0)
        }
    }
}
