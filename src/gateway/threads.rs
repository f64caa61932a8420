//! Answers of `/v1/responses` that clients go on from by their id: kept for a time, apart for each key.

use crate::cache::Form;
use crate::config::Config;
use crate::config::StoredResponses;
use crate::dialect::openai::request::Shape;
use crate::dialect::operation::Operation;
use crate::dialect::responses::thread;
use crate::gateway::receive::Ask;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::state::bytes::ByteStore;
use bytes::Bytes;
use sha2::Digest;
use sha2::Sha256;
use std::time::Duration;

/// The store of them.
pub struct Threads {
    store: ByteStore,
}

impl Threads {
    pub fn new(settings: &StoredResponses) -> Threads {
        Threads { store: ByteStore::memory(settings.max_entries, settings.max_bytes) }
    }

    /// The request with the whole conversation in it, if it goes on from an answer. While none are stored it is
    /// left to the provider, which may keep some itself.
    ///
    /// # Errors
    /// 400 where this key has no such answer, 413 where the whole is over the limit of a request.
    pub async fn resume(&self, scope: &str, config: &Config, ask: Ask) -> Result<Ask, Refusal> {
        if config.responses.ttl.is_none() || !has_thread(ask.operation) {
            return Ok(ask);
        }
        let Some(id) = thread::previous(&ask.body) else { return Ok(ask) };
        let stored = self.find(scope, &id).await;
        let body = stored.and_then(|stored| thread::resumed(&ask.body, &stored));
        let body: Bytes = body.ok_or_else(|| refuse::bad_request(thread::unknown(&id)))?.into();
        if body.len() > config.limits.body {
            return Err(refuse::too_large(config.limits.body));
        }
        // The model stands somewhere else now.
        let shape = Shape::read(ask.operation, &body).map_err(refuse::bad_request)?;
        Ok(Ask { shape, body, ..ask })
    }

    /// Stores an answer with its conversation, if it is one to go on from and the client lets it be stored.
    /// `last`: the whole answer, or the last events of its stream.
    pub async fn keep(&self, scope: &str, ttl: Option<Duration>, ask: &Ask, form: Form, last: &Bytes) {
        let Some(ttl) = ttl.filter(|_| ask.operation == Operation::Responses) else { return };
        if !thread::may_be_stored(&ask.body) {
            return;
        }
        let kept = match form {
            Form::Whole => thread::kept(&ask.body, last),
            Form::Stream => thread::answer_of(last).and_then(|answer| thread::kept(&ask.body, &answer)),
        };
        if let Some(kept) = kept {
            self.store.put(&key(scope, &kept.id), kept.bytes.into(), ttl).await;
        }
    }

    /// What is stored of an answer of this key.
    pub async fn find(&self, scope: &str, id: &str) -> Option<Bytes> {
        self.store.get(&key(scope, id)).await
    }

    pub async fn forget(&self, scope: &str, id: &str) {
        self.store.remove(&key(scope, id)).await;
    }
}

fn has_thread(operation: Operation) -> bool {
    matches!(operation, Operation::Responses | Operation::ResponseTokens)
}

fn key(scope: &str, id: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [scope, id] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
