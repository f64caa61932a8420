//! The exact cache: an identical request is answered from memory.

pub mod directives;
pub mod flights;
pub mod key;
pub mod memo;

mod canon;
mod record;

pub use crate::cache::key::CacheKey;

use crate::state::bytes::ByteStore;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An answer as its provider gave it, and who that was.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub form: Form,
    pub provider: String,
    pub model: String,
    /// What was left out of the request it answers, as clients are told.
    pub dropped: String,
    pub body: Bytes,
}

/// How an answer came: in one piece, or as the bytes of an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Stream,
}

/// A remembered answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub answer: Answer,
    /// Never zero.
    pub ttl_left: Duration,
}

/// Answers by the key of their request. Times are given since the epoch, as several processes may share a store.
#[derive(Clone, Debug)]
pub struct ExactCache {
    store: Arc<ByteStore>,
}

impl ExactCache {
    /// `store` may be shared with other processes.
    pub fn new(store: Arc<ByteStore>) -> ExactCache {
        ExactCache { store }
    }

    /// The answer kept under `key`. One that is damaged or of another version counts as none.
    pub async fn recall(&self, key: &CacheKey, since_epoch: Duration) -> Option<Hit> {
        record::decode(&self.store.get(&key.0).await?, since_epoch)
    }

    /// Remembers `answer` for `ttl`; zero remembers nothing.
    pub async fn keep(&self, key: &CacheKey, answer: &Answer, ttl: Duration, since_epoch: Duration) {
        if ttl.is_zero() {
            return;
        }
        if let Some(record) = record::encode(answer, since_epoch.saturating_add(ttl)) {
            self.store.put(&key.0, record, ttl).await;
        }
    }
}

/// Tells the size of the body, never what it says.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { form, provider, model, dropped: _, body } = self;
        write!(f, "Answer({form:?} of {provider}/{model}, {} bytes)", body.len())
    }
}

#[cfg(test)]
mod tests;
