//! Entries read back from a file of the spool, as many as the store takes at once.

use crate::store::Entry;
use crate::usage::spool::frame;
use crate::usage::spool::frame::NoEntry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Entries of one batch.
pub const MOST_ENTRIES: usize = 4000;
/// Bytes read at once: as many as a batch usually has, for what is left over is read again.
const CHUNK: u64 = 640 << 10;

/// What was read.
#[derive(Debug, Default)]
pub struct Batch<'c> {
    pub entries: Vec<Entry<&'c str>>,
    /// The byte behind the last entry that was read.
    pub upto: u64,
    /// Where something begins that is no entry.
    pub garbage: Vec<u64>,
}

impl Batch<'_> {
    /// Nothing is left, for now.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.garbage.is_empty()
    }

    /// Whether there may be more of them.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES
    }
}

/// Some bytes of a file, to be read as a batch.
pub struct Chunk {
    from: u64,
    bytes: Vec<u8>,
    /// Nothing stood behind them.
    is_last: bool,
}

impl Chunk {
    /// Reads on behind the byte `from`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: &File, from: u64) -> io::Result<Chunk> {
        let left = file.metadata()?.len().saturating_sub(from);
        let length = usize::try_from(left.min(CHUNK)).unwrap_or_default();
        let mut bytes = vec![0; length];
        let read = read(file, from, &mut bytes)?;
        bytes.truncate(read);
        Ok(Chunk { from, bytes, is_last: left <= CHUNK })
    }

    /// Whether nothing stood behind it in the file.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// An entry without its end is being written, and left alone; where the file is `closed` nobody will finish it: it
    /// is garbage.
    pub fn batch(&self, closed: bool) -> Batch<'_> {
        let mut batch = Batch { upto: self.from, ..Batch::default() };
        let (mut at, mut garbage) = (0, false);
        while batch.entries.len() < MOST_ENTRIES && at < self.bytes.len() {
            match frame::read(&self.bytes[at..]) {
                Ok((entry, length)) => {
                    batch.entries.push(entry);
                    (at, garbage) = (at + length, false);
                }
                Err(NoEntry::Begun) if !(self.is_last && closed) => break,
                Err(NoEntry::Begun | NoEntry::Garbage) => {
                    if !garbage {
                        batch.garbage.push(self.from + at as u64);
                    }
                    garbage = true;
                    at = frame::next(&self.bytes[at..]).map_or(self.bytes.len(), |next| at + next);
                }
            }
        }
        batch.upto = self.from + at as u64;
        batch
    }
}

fn read(file: &File, from: u64, chunk: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < chunk.len() {
        match file.read_at(&mut chunk[length..], from + length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(length)
}
