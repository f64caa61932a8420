//! Jobs that run in this process: how many, and how each is stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use tokio::sync::Notify;

/// Where clients hand jobs in and the keeper takes them up.
#[derive(Default)]
pub struct Desk {
    bell: Notify,
    running: Mutex<HashMap<String, Arc<Notify>>>,
}

/// A job that runs, for as long as this is held.
pub struct Seat {
    desk: Arc<Desk>,
    id: String,
    stop: Arc<Notify>,
}

impl Desk {
    /// There is something to run, or room for it.
    pub fn call(&self) {
        self.bell.notify_one();
    }

    /// Ends when it was called, also if that was before.
    pub async fn called(&self) {
        self.bell.notified().await;
    }

    pub fn begin(self: &Arc<Desk>, id: &str) -> Seat {
        let stop = Arc::new(Notify::new());
        self.lock().insert(id.to_owned(), stop.clone());
        Seat { desk: self.clone(), id: id.to_owned(), stop }
    }

    /// Stops a job if it runs here.
    pub fn stop(&self, id: &str) {
        if let Some(stop) = self.lock().get(id) {
            stop.notify_one();
        }
    }

    pub fn running(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Ends when the job is to end.
    pub async fn stopped(&self) {
        self.stop.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut running = self.desk.lock();
        // A later run of the same job has a seat of its own.
        if running.get(&self.id).is_some_and(|stop| Arc::ptr_eq(stop, &self.stop)) {
            running.remove(&self.id);
        }
        drop(running);
        self.desk.call();
    }
}
