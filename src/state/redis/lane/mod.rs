//! A connection for scripts: what is asked in one turn of its runtime goes out in one write, answers come in order.

mod dial;
mod driver;

use crate::clock;
use crate::config::Quota;
use crate::state::Account;
use crate::state::redis::keeper::PATIENCE;
use crate::state::redis::lost::Lost;
use crate::state::redis::resp::Command;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::runtime;
use tokio::sync::oneshot;

pub use dial::open;
pub use driver::LATEST;

/// A connection and whoever waits for its answers.
pub struct Lane {
    /// Where it is driven: whoever asks there wakes no other thread.
    pub runtime: runtime::Id,
    /// Of the link, in which it was opened.
    pub epoch: u32,
    /// Its field among what Redis has heard of this replica.
    pub name: String,
    desk: Mutex<Desk>,
}

/// What an answer is.
#[derive(Debug)]
pub enum Reply {
    Text(Vec<u8>),
    /// An error of Redis's.
    Error(String),
    /// It does not know the script by its hash. What was told with it was not heard.
    Unknown(Vec<Told>),
    /// It did not come in time; this is where it may come later.
    Late(oneshot::Receiver<Reply>),
}

/// A part of a quota's counter that went along with a question.
#[derive(Debug)]
pub struct Told {
    pub account: Arc<Account>,
    pub quota: Quota,
    /// Of its window, since the epoch.
    pub start: Duration,
    pub amount: i64,
}

#[derive(Default)]
struct Desk {
    command: Command,
    out: Vec<u8>,
    waiting: VecDeque<Waiting>,
    /// Questions so far.
    asked: u64,
    /// When the first of those who wait is late.
    due: Option<Instant>,
    /// Whether requests depend on it.
    needed: bool,
    /// No question is taken any more since then.
    closed: Option<Instant>,
    driver: Option<Waker>,
    /// Of questions that Redis answered with an error.
    doubtful: Vec<(u64, Vec<Told>)>,
}

struct Waiting {
    number: u64,
    within: Duration,
    due: Instant,
    reply: oneshot::Sender<Reply>,
    told: Vec<Told>,
}

impl Told {
    /// It was not heard, and has to be told again.
    pub fn again(&self) {
        self.account.counters().keep(self);
    }
}

impl Lane {
    fn new(epoch: u32, name: String, runtime: runtime::Id) -> Lane {
        Lane { runtime, epoch, name, desk: Mutex::default() }
    }

    /// Asks what `write` writes, given the question's number, and keeps what it says is told along. `None` where nothing
    /// can be asked any more; then nothing was written.
    pub fn ask(
        &self,
        within: Duration,
        write: impl FnOnce(&mut Command, u64) -> Vec<Told>,
    ) -> Option<oneshot::Receiver<Reply>> {
        let mut desk = self.desk();
        if desk.closed.is_some() {
            return None;
        }
        desk.asked += 1;
        let (number, due) = (desk.asked, clock::now() + within);
        let Desk { command, out, .. } = &mut *desk;
        command.clear();
        let told = write(command, number);
        command.send(out);
        let (reply, answer) = oneshot::channel();
        desk.waiting.push_back(Waiting { number, within, due, reply, told });
        desk.due = Some(desk.due.map_or(due, |before| before.min(due)));
        desk.wake();
        Some(answer)
    }

    /// Has Redis answer a few words, which change no counter.
    ///
    /// # Errors
    /// It refused, or there was no answer.
    pub async fn say(&self, words: &[&str]) -> Result<(), Lost> {
        let asked = self.ask(PATIENCE, |command, _| {
            words.iter().for_each(|word| _ = command.text(word));
            Vec::new()
        });
        match asked.ok_or(Lost::Closed)?.await {
            Ok(Reply::Text(_)) => Ok(()),
            Ok(Reply::Error(said)) => Err(Lost::refused(&said)),
            Ok(Reply::Late(_)) => Err(Lost::Late(PATIENCE)),
            Ok(Reply::Unknown(_)) | Err(_) => Err(Lost::Closed),
        }
    }

    /// From now on the link is cut when this breaks: requests depend on it.
    fn begin(&self) {
        self.desk().needed = true;
    }

    /// Takes no more questions. Whoever waits is told that it is late; answers are still waited for.
    pub fn close(&self) {
        let mut desk = self.desk();
        if desk.closed.is_some() {
            return;
        }
        desk.closed = Some(clock::now());
        for waiting in &mut desk.waiting {
            let (reply, later) = oneshot::channel();
            // Who does not wait any more asks the first one.
            let _ = mem::replace(&mut waiting.reply, reply).send(Reply::Late(later));
        }
        desk.wake();
    }

    /// What was told with questions whose answers did not come, or were errors, with the numbers of the questions.
    pub fn unanswered(&self) -> Vec<(u64, Vec<Told>)> {
        self.close();
        let mut desk = self.desk();
        let mut all = mem::take(&mut desk.doubtful);
        all.extend(desk.waiting.iter_mut().map(|waiting| (waiting.number, mem::take(&mut waiting.told))));
        all
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn wake(&mut self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({})", self.name)
    }
}
