//! What one step of a request leaves for another.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// Room for one value. A lock, as everything a request holds may go from thread to thread; nobody else ever wants it.
#[derive(Debug)]
pub struct Note<T>(Mutex<Option<T>>);

impl<T> Note<T> {
    pub const fn empty() -> Note<T> {
        Note(Mutex::new(None))
    }

    /// In place of what was there.
    pub fn put(&self, value: Option<T>) {
        *self.lock() = value;
    }

    pub fn take(&self) -> Option<T> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
