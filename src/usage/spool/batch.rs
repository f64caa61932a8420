//! Whole lines read back from a file of the spool, as many as the store takes at once.

use crate::store::Entry;
use crate::store::EntryId;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Entries of one batch.
pub const MOST_ENTRIES: usize = 1000;
/// Bytes read at once: more than a batch's lines usually have.
const CHUNK: usize = 1 << 20;
/// A line of ours is far shorter: each of its words is cut.
const LONGEST: usize = 64 << 10;

/// What was read.
#[derive(Debug, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    /// The byte behind the last line that was read.
    pub upto: u64,
    /// Where lines stand that are no entries.
    pub garbage: Vec<u64>,
}

impl Batch {
    /// Nothing is left, for now.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.garbage.is_empty()
    }
}

/// Reads on behind the byte `from`. An end without a line break is being written, and left alone; where the file is
/// `closed` nobody will finish it: it is garbage.
///
/// # Errors
/// The file cannot be read.
pub fn read_batch(file: &File, from: u64, closed: bool) -> io::Result<Batch> {
    let mut chunk = vec![0; CHUNK];
    let length = read(file, from, &mut chunk)?;
    let (full, mut rest) = (length == CHUNK, &chunk[..length]);
    let mut batch = Batch { upto: from, ..Batch::default() };
    while batch.entries.len() < MOST_ENTRIES {
        let end = match memchr::memchr(b'\n', rest) {
            Some(end) => end + 1,
            // The next batch begins with it.
            None if full && rest.len() < LONGEST => break,
            None if (full || closed) && !rest.is_empty() => rest.len(),
            None => break,
        };
        let (line, after) = rest.split_at(end);
        match entry(line) {
            Some(entry) => batch.entries.push(entry),
            None => batch.garbage.push(batch.upto),
        }
        (batch.upto, rest) = (batch.upto + end as u64, after);
    }
    Ok(batch)
}

fn entry(line: &[u8]) -> Option<Entry> {
    let line = line.strip_suffix(b"\n")?;
    let entry: Entry = serde_json::from_slice(line).ok()?;
    // What has no id is not ours, though it may look like it.
    (line.len() <= LONGEST && entry.id != EntryId::default()).then_some(entry)
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
