//! The file that is written to, and what waits in memory until it is.

use crate::usage::spool::SpoolFile;
use crate::usage::spool::frame;
use std::io;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

/// Bytes that wait in memory while the disk takes none, some 40,000 entries; what comes then is lost, and counted.
pub(super) const MOST_WAITING: usize = 16 << 20;
/// Room for entries that is kept while none waits, in bytes: for what the requests of a moment write together.
const MOST_AT_REST: usize = 256 << 10;
/// One line in the log for so long, however many writes fail.
const QUIET: Duration = Duration::from_secs(60);

pub(super) struct Writer {
    file: SpoolFile,
    /// Whole frames: those of this moment, and those that could not be written.
    waiting: Vec<u8>,
    /// Bytes of `waiting` that are in the file all the same: a full disk takes a part of a write.
    done: usize,
    /// The folder holds all it may.
    closed: bool,
    quiet_until: Option<Instant>,
}

/// What became of a write.
#[derive(Default)]
pub(super) struct Written {
    pub failed: bool,
    /// To be logged.
    pub complaint: Option<io::Error>,
}

impl Writer {
    pub fn new(file: SpoolFile) -> Writer {
        Writer { file, waiting: Vec::new(), done: 0, closed: false, quiet_until: None }
    }

    /// Keeps an entry behind those that wait, for the next [`write`](Writer::write). Whether there is room for it.
    pub fn hold(&mut self, frame: &[u8]) -> bool {
        let fits = !self.closed && self.waiting.len() + frame.len() <= MOST_WAITING;
        if fits {
            self.waiting.extend_from_slice(frame);
        }
        fits
    }

    /// Writes what waits, if the disk takes it. The clock is asked only where something went wrong.
    pub fn write(&mut self, now: impl Fn() -> Instant) -> Written {
        while self.done < self.waiting.len() {
            match self.file.handle().write(&self.waiting[self.done..]) {
                Ok(0) => return self.failed(io::ErrorKind::WriteZero.into(), now()),
                Ok(count) => self.done += count,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return self.failed(cause, now()),
            }
        }
        // Room that an outage has filled is given back.
        self.waiting.clear();
        self.waiting.shrink_to(MOST_AT_REST);
        self.done = 0;
        Written::default()
    }

    /// Goes on in another file; the one before is given back. An entry of which only a part is in there comes whole
    /// into the new one.
    pub fn turn_to(&mut self, file: SpoolFile) -> SpoolFile {
        let whole = frame::whole(&self.waiting, self.done);
        self.waiting.drain(..whole);
        self.done = 0;
        std::mem::replace(&mut self.file, file)
    }

    pub fn file(&self) -> SpoolFile {
        self.file.clone()
    }

    /// Bytes that are not in the file.
    pub fn waits(&self) -> u64 {
        (self.waiting.len() - self.done) as u64
    }

    /// Takes no more, or takes more again.
    pub fn shut(&mut self, closed: bool) {
        self.closed = closed;
    }

    /// Gives the cause back, unless one was logged a short while ago.
    pub fn complain(&mut self, cause: io::Error, now: Instant) -> Option<io::Error> {
        if self.quiet_until.is_some_and(|until| now < until) {
            return None;
        }
        self.quiet_until = Some(now + QUIET);
        Some(cause)
    }

    fn failed(&mut self, cause: io::Error, now: Instant) -> Written {
        let complaint = self.complain(cause, now);
        Written { failed: true, complaint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Entry;
    use std::fs;
    use std::path::Path;

    fn file(folder: &Path, number: u64) -> SpoolFile {
        SpoolFile::create(folder, 1, number).unwrap()
    }

    fn framed(request_id: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::write(&Entry { request_id, ..Entry::default() }, &mut bytes);
        bytes
    }

    fn append(writer: &mut Writer, frame: &[u8], now: Instant) -> Written {
        assert!(writer.hold(frame));
        writer.write(|| now)
    }

    /// Every write to it fails for want of room.
    fn full() -> SpoolFile {
        SpoolFile::full()
    }

    #[test]
    fn what_the_disk_does_not_take_waits_and_comes_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, now) = (Writer::new(full()), Instant::now());
        let [one, two, three, four] = ["one", "two", "three", "four"].map(framed);
        assert!(append(&mut writer, &one, now).complaint.is_some());
        let second = append(&mut writer, &two, now);
        assert!(second.failed && second.complaint.is_none(), "one line a minute");
        assert!(append(&mut writer, &three, now + QUIET).complaint.is_some());
        assert_eq!(writer.waits(), (one.len() + two.len() + three.len()) as u64);
        // A part of the second was taken before.
        writer.done = one.len() + 2;
        let next = file(folder.path(), 2);
        writer.turn_to(next.clone());
        assert!(!writer.write(|| now).failed);
        assert!(!append(&mut writer, &four, now).failed);
        assert_eq!(fs::read(next.path()).unwrap(), [two, three, four].concat());
        assert_eq!(writer.waits(), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_does_not_fit_is_refused() {
        let mut writer = Writer::new(full());
        let frame = vec![b'x'; MOST_WAITING / 2];
        assert_eq!([(); 4].map(|()| writer.hold(&frame)), [true, true, false, false]);
        assert_eq!(writer.waits(), MOST_WAITING as u64);
    }
}
