//! The spool: the ledger's entries on their way to the store, in files that survive the process.
//!
//! An entry is handed to the system before its request's last byte goes out, in one write with those of the other
//! requests that are answered in the same moment: whatever happens to this process then, the system has them. Nothing
//! waits for the disk itself.

mod batch;
mod file;
mod frame;
mod trouble;
mod writer;

pub use batch::Batch;
pub use batch::Chunk;
pub use batch::MOST_ENTRIES;
pub use file::SpoolFile;

use crate::clock;
use crate::store::Entry;
use crate::store::EntryId;
use crate::telemetry::metrics::LedgerCounts;
use crate::usage::spool::writer::Writer;
use std::cell::RefCell;
use std::fs;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// A file is closed, and another begun, at the first look after it has grown so large.
pub const FULL: u64 = 16 << 20;
/// Files in the folder, 16 GiB of them: a store that is away for so long must not fill the disk. What comes then is
/// lost, and counted.
pub const MOST_FILES: usize = 1024;
/// How the names of files end.
const ENDING: &str = ".spool";
/// How they end when the store will not have what is in them.
const REFUSED: &str = ".refused";

/// Where one process writes. Others may use the same folder: each has files of its own.
pub struct Spool {
    boot: u64,
    folder: PathBuf,
    sequence: AtomicU64,
    writer: Mutex<Writer>,
    /// Closed, or taken over; the oldest first.
    others: Mutex<Vec<SpoolFile>>,
    counts: LedgerCounts,
}

impl Spool {
    /// Begins a file in `folder`, which is made if it is not there. `boot` is random: it tells this process' entries
    /// and files from those of all others.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn open(folder: PathBuf, boot: u64, counts: LedgerCounts) -> io::Result<Spool> {
        make(&folder)?;
        let writer = Writer::new(SpoolFile::create(&folder, boot, 0)?);
        let sequence = AtomicU64::new(1);
        Ok(Spool { boot, folder, sequence, writer: Mutex::new(writer), others: Mutex::default(), counts })
    }

    /// The id of the next entry.
    pub fn next_id(&self) -> EntryId {
        EntryId::new(self.boot, self.sequence.fetch_add(1, Ordering::Relaxed))
    }

    /// Writes an entry down. Never fails: what cannot be written now is held in memory and tried again.
    pub fn append<T: AsRef<str>>(&self, entry: &Entry<T>) {
        self.hold(entry);
        self.write_held();
    }

    /// Holds an entry in memory until the next call of [`write_held`](Spool::write_held), which has to come before
    /// the last byte of its request's answer goes out. Lost, and counted, where there is no room for it.
    pub fn hold<T: AsRef<str>>(&self, entry: &Entry<T>) {
        thread_local! {
            static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        FRAME.with_borrow_mut(|frame| {
            frame.clear();
            frame::write(entry, frame);
            if !self.lock().hold(frame) {
                self.counts.lost(1);
            }
        });
    }

    /// Writes down all that is held, in one write where the disk takes it. What it does not take is held on.
    pub fn write_held(&self) {
        let written = self.lock().write(clock::now);
        self.report(written);
    }

    /// Tries again what could not be written, and begins another file where this one is full or gone. To be called
    /// several times a second.
    pub fn tend(&self) {
        self.write_held();
        let current = self.lock().file();
        let gone = !current.is_there();
        if gone || current.len() >= FULL {
            self.turn_from(&current, gone);
        }
    }

    /// Closes the file that is written to, and begins another.
    pub fn turn(&self) {
        let current = self.lock().file();
        self.turn_from(&current, false);
    }

    fn turn_from(&self, current: &SpoolFile, gone: bool) {
        match self.another(current.number() + 1, gone) {
            Ok(file) => {
                let before = self.lock().turn_to(file);
                self.others().push(before);
            }
            Err(cause) => self.not_begun(cause),
        }
        if gone {
            tracing::error!(file = %current.path().display(), "spool file is gone");
        }
    }

    /// Takes over the files of processes that are no more.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn adopt(&self) -> io::Result<()> {
        let mut names = names(&self.folder)?;
        names.sort();
        let orphans: Vec<SpoolFile> =
            names.iter().filter_map(|name| SpoolFile::adopt(&self.folder, name)).collect();
        self.others().extend(orphans);
        Ok(())
    }

    /// All that has to be drained: the files that nobody writes to any more, and the one that is written to.
    pub fn files(&self) -> (Vec<SpoolFile>, SpoolFile) {
        (self.others().clone(), self.lock().file())
    }

    /// A file that is drained is no longer ours.
    pub fn let_go(&self, file: &SpoolFile) {
        self.others().retain(|other| other.name() != file.name());
    }

    /// Puts a closed file where nobody drains it; its entries are lost until somebody names it back. How many those
    /// are.
    ///
    /// # Errors
    /// It keeps its name, and is drained on.
    pub fn set_aside(&self, file: &SpoolFile) -> io::Result<u64> {
        file.set_aside()?;
        self.let_go(file);
        let (mut from, mut entries) = (file.drained().unwrap_or(0), 0);
        loop {
            let chunk = Chunk::read(file.handle(), from)?;
            let batch = chunk.batch(true);
            if batch.is_empty() {
                break;
            }
            entries += batch.entries.len() as u64;
            from = batch.upto;
        }
        self.counts.lost(entries);
        Ok(entries)
    }

    /// Bytes that are not in the store yet, those in memory among them.
    pub fn backlog(&self) -> u64 {
        let (others, current) = self.files();
        let files = others.iter().chain([&current]).map(SpoolFile::backlog);
        files.fold(self.lock().waits(), u64::saturating_add)
    }

    pub fn counts(&self) -> &LedgerCounts {
        &self.counts
    }

    fn another(&self, number: u64, gone: bool) -> io::Result<SpoolFile> {
        if gone {
            make(&self.folder)?;
        }
        let files = names(&self.folder)?.len();
        self.lock().shut(files >= MOST_FILES);
        if files >= MOST_FILES {
            return Err(io::Error::other(format!("there are {files} files already; is the store away?")));
        }
        SpoolFile::create(&self.folder, self.boot, number)
    }

    fn not_begun(&self, cause: io::Error) {
        self.counts.spool_error();
        let complaint = self.lock().complain(cause, clock::now());
        if let Some(cause) = complaint {
            tracing::error!(%cause, "no other spool file can be begun");
        }
    }

    fn report(&self, written: writer::Written) {
        if written.failed {
            self.counts.spool_error();
        }
        if let Some(cause) = written.complaint {
            tracing::error!(%cause, "entries of the ledger cannot be written; they wait in memory");
        }
    }

    fn others(&self) -> MutexGuard<'_, Vec<SpoolFile>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| name.ends_with(ENDING)).collect())
}

#[cfg(test)]
mod tests;
