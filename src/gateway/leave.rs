//! How far this process is on its way out.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use tokio::sync::Notify;

/// Set by signals, asked by requests.
#[derive(Default)]
pub struct Leave {
    leaving: AtomicBool,
    ending: AtomicBool,
    handed_over: Notify,
}

impl Leave {
    /// Nobody takes this process' place here: readiness turns off.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Another process takes this one's place at the same addresses: readiness stays as it is.
    pub fn hand_over(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.handed_over.notify_one();
    }

    /// Connections have to move: answers say that theirs is closed, so that no request meets a closed one.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Returns once another process takes this one's place. For one who waits.
    pub async fn handed_over(&self) {
        self.handed_over.notified().await;
    }
}
