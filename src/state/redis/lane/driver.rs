//! What moves the bytes of a lane: one task of its runtime, which also notices when an answer is late.

use crate::clock;
use crate::state::redis::lane::{Desk, Lane, Reply, Told, Waiting};
use crate::state::redis::lost::Lost;
use crate::state::redis::resp::{Said, read};
use crate::state::redis::{FORGOTTEN, Link};
use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Longest any answer is waited for.
pub const LATEST: Duration = Duration::from_secs(10);
/// How Redis says that it does not know a script by its hash: then nothing was run.
const UNKNOWN: &[u8] = b"NOSCRIPT";
const ONE_READ: usize = 8 * 1024;

/// Plain, encrypted, or of this machine.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Runs until the lane is closed and whatever may still come has come.
pub struct Driver {
    link: Arc<Link>,
    lane: Arc<Lane>,
    stream: Box<dyn Stream>,
    out: Vec<u8>,
    written: usize,
    flushed: bool,
    read: Vec<u8>,
    /// How many bytes of `read` are there.
    filled: usize,
    alarm: Pin<Box<Sleep>>,
    /// When the alarm goes off; `None` while it is not set.
    set: Option<Instant>,
}

impl Driver {
    pub fn new(link: Arc<Link>, lane: Arc<Lane>, stream: Box<dyn Stream>) -> Driver {
        let alarm = Box::pin(tokio::time::sleep(Duration::ZERO));
        let (out, read) = (Vec::new(), vec![0; ONE_READ]);
        Driver { link, lane, stream, out, written: 0, flushed: true, read, filled: 0, alarm, set: None }
    }

    fn write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.written < self.out.len() {
                let some = Pin::new(&mut self.stream).poll_write(context, &self.out[self.written..]);
                match ready!(some)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    some => self.written += some,
                }
                self.flushed = false;
            }
            self.out.clear();
            self.written = 0;
            mem::swap(&mut self.out, &mut self.lane.desk().out);
            if self.out.is_empty() {
                break;
            }
        }
        if !self.flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Pending as long as the connection is good.
    fn listen(&mut self, context: &mut Context<'_>) -> Poll<Lost> {
        loop {
            if self.filled == self.read.len() {
                self.read.resize(2 * self.filled, 0);
            }
            let mut buffer = ReadBuf::new(&mut self.read[self.filled..]);
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                return Poll::Ready(Lost::Broken(error));
            }
            let some = buffer.filled().len();
            if some == 0 {
                return Poll::Ready(Lost::Broken(io::ErrorKind::UnexpectedEof.into()));
            }
            self.filled += some;
            if let Err(lost) = self.deliver() {
                return Poll::Ready(lost);
            }
        }
    }

    fn deliver(&mut self) -> Result<(), Lost> {
        let (mut at, mut desk) = (0, self.lane.desk());
        while let Some((said, length)) = read(&self.read[at..self.filled]).map_err(|_| Lost::Nonsense)? {
            at += length;
            desk.hear(&said)?;
        }
        drop(desk);
        self.read.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(())
    }

    /// Sets the alarm for whoever is due first, and cuts the link when an answer is late.
    fn watch(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let (due, closed, idle) = {
                let desk = self.lane.desk();
                (desk.due, desk.closed, desk.waiting.is_empty())
            };
            let due = match closed {
                Some(_) if idle => return Poll::Ready(()),
                Some(closed) => Some(closed + LATEST),
                None => due,
            };
            let Some(due) = due else { return Poll::Pending };
            // One that is set for an earlier moment looks again then: setting it costs more than that.
            if self.set.is_none_or(|set| set > due) {
                self.set = Some(due);
                self.alarm.as_mut().reset(due.into());
            }
            ready!(self.alarm.as_mut().poll(context));
            self.set = None;
            if closed.is_some_and(|closed| closed + LATEST <= clock::now()) {
                return Poll::Ready(());
            }
            let late = self.lane.desk().late(clock::now());
            if let Some(within) = late {
                self.give_up(&Lost::Late(within));
            }
        }
    }

    fn give_up(&self, why: &Lost) {
        let needed = self.lane.desk().needed;
        if needed {
            self.link.cut(self.lane.epoch, why);
        }
        self.lane.close();
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.lane.desk().driven_by(context);
        let driver = &mut *self;
        let lost = match driver.write(context) {
            Poll::Ready(Err(error)) => Some(Lost::Broken(error)),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        let lost = match (lost, driver.listen(context)) {
            (Some(lost), _) | (None, Poll::Ready(lost)) => lost,
            (None, Poll::Pending) => return driver.watch(context),
        };
        driver.give_up(&lost);
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.lane.close();
        self.lane.desk().hang_up();
    }
}

impl Desk {
    fn driven_by(&mut self, context: &Context<'_>) {
        if self.driver.as_ref().is_none_or(|driver| !driver.will_wake(context.waker())) {
            self.driver = Some(context.waker().clone());
        }
    }

    /// An answer, which is that to the oldest question.
    fn hear(&mut self, said: &Said<'_>) -> Result<(), Lost> {
        let Waiting { number, reply, told, .. } = self.waiting.pop_front().ok_or(Lost::Nonsense)?;
        let said = match said {
            Said::Text(text) => {
                if *text == FORGOTTEN {
                    self.doubtful.push((number, told));
                }
                Reply::Text(text.to_vec())
            }
            Said::Error(error) if error.starts_with(UNKNOWN) => Reply::Unknown(told),
            Said::Error(error) => {
                self.doubtful.push((number, told));
                Reply::Error(String::from_utf8_lossy(error).into_owned())
            }
        };
        // Whoever asked may be gone.
        if let Err(Reply::Unknown(told)) = reply.send(said) {
            told.iter().for_each(Told::again);
        }
        Ok(())
    }

    /// How long somebody has waited in vain; else it notes who is due next.
    fn late(&mut self, now: Instant) -> Option<Duration> {
        self.due = self.waiting.iter().map(|waiting| waiting.due).min();
        let late = self.waiting.iter().find(|waiting| waiting.due <= now)?;
        Some(late.within)
    }

    /// Whoever waits learns that nothing comes any more; what was told stays for [`Lane::unanswered`].
    fn hang_up(&mut self) {
        self.driver = None;
        for waiting in self.waiting.drain(..) {
            self.doubtful.push((waiting.number, waiting.told));
        }
    }
}
