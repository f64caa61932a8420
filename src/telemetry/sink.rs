//! Where log lines go: one bounded buffer that a thread of its own writes to stderr.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Lines wait this long for company, so that a busy gateway makes one system call for many.
const PATIENCE: Duration = Duration::from_millis(50);
/// Bytes that are written without waiting any longer.
const ENOUGH: usize = 32 << 10;
/// Bytes that may wait while nobody reads stderr; beyond, lines are dropped and counted.
const FULL: usize = 8 << 20;
/// A flush gives up after this long, so that an unread pipe cannot keep the process from ending.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// A handle to the log; clones share it. When the last one is dropped, what is left is written.
///
/// Taking a line never waits for stderr. The lock inside is held to copy bytes and never across a
/// write, so a request loses less than a microsecond to it.
#[derive(Clone)]
pub struct Sink(Arc<Handle>);

struct Handle(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Tells the writing thread that lines came, that there is enough, or that someone waits.
    wake: Condvar,
    /// Tells those in `flush` that the writing thread has caught up.
    caught_up: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// The writing thread holds bytes that it has not written yet.
    writing: bool,
    hurry: bool,
    closed: bool,
}

impl Sink {
    /// Starts the thread that writes to stderr.
    pub fn start() -> Sink {
        Sink::writing_to(io::stderr())
    }

    /// Like [`Sink::start`], with another end.
    pub fn writing_to(out: impl Write + Send + 'static) -> Sink {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            caught_up: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let writer = Arc::clone(&shared);
        // Where no thread can be had lines are dropped once the buffer is full, and the server, which
        // needs threads of its own, does not start either.
        drop(std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(out)));
        Sink(Arc::new(Handle(shared)))
    }

    /// Takes one line, its line break included, as it is. Drops and counts it when the buffer is full.
    pub fn line(&self, line: &[u8]) {
        self.0.0.take(line);
    }

    /// Waits until every line taken so far is written, 2 s at most.
    pub fn flush(&self) {
        self.0.0.flush();
    }

    /// Lines lost since the start, because nobody read stderr or it was closed.
    pub fn dropped(&self) -> u64 {
        self.0.0.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, line: &[u8]) {
        let mut queue = self.lock();
        let before = queue.waiting.len();
        let after = before + line.len();
        if after > FULL {
            drop(queue);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.waiting.extend_from_slice(line);
        drop(queue);
        if before == 0 || (before < ENOUGH && after >= ENOUGH) {
            self.wake.notify_one();
        }
    }

    fn flush(&self) {
        let mut queue = self.lock();
        queue.hurry = true;
        self.wake.notify_one();
        let behind = |queue: &mut Queue| queue.writing || !queue.waiting.is_empty();
        drop(self.caught_up.wait_timeout_while(queue, FLUSH_LIMIT, behind));
    }

    /// The life of the writing thread; ends when the last handle is gone and all is written.
    fn run(&self, mut out: impl Write) {
        let mut batch = Vec::with_capacity(ENOUGH);
        while self.next_batch(&mut batch) {
            if out.write_all(&batch).and_then(|()| out.flush()).is_err() {
                let lines = memchr::memchr_iter(b'\n', &batch).count();
                self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
            }
            batch.clear();
            batch.shrink_to(ENOUGH * 2);
        }
    }

    /// Waits for lines and moves them into `batch`; `false` when there will be no more.
    fn next_batch(&self, batch: &mut Vec<u8>) -> bool {
        let mut queue = self.lock();
        queue.writing = false;
        if queue.waiting.is_empty() {
            queue.hurry = false;
            self.caught_up.notify_all();
        }
        let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let queue = self.wake.wait_while(queue, idle).unwrap_or_else(PoisonError::into_inner);
        let few = |queue: &mut Queue| queue.waiting.len() < ENOUGH && !queue.hurry && !queue.closed;
        let woken = self.wake.wait_timeout_while(queue, PATIENCE, few);
        let (mut queue, _) = woken.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut queue.waiting, batch);
        queue.writing = !batch.is_empty();
        queue.writing
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.flush();
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = &'a Sink;

    fn make_writer(&'a self) -> &'a Sink {
        self
    }
}

/// One write is one event, as `tracing` hands it over.
impl Write for &Sink {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = event.strip_suffix(b"\n").unwrap_or(event);
        if memchr::memchr2(b'\n', b'\r', text).is_none() {
            self.line(event);
        } else {
            self.line(&on_one_line(text));
        }
        Ok(event.len())
    }

    /// Waiting here would let stderr block a request; [`Sink::flush`] is for the end of the program.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What others sent may stand in an event; a line break in it must not look like a line of ours.
fn on_one_line(text: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(text.len() + 16);
    for &byte in text {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            _ => line.push(byte),
        }
    }
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
