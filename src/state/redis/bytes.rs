//! Cached bytes in Redis. What fails is a miss.

use crate::clock;
use crate::state::redis::{Link, Lost, Present};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Values on their way to Redis; further ones are not kept.
pub const MOST_PUTS: usize = 64;

/// Values that all replicas share. Redis makes room for new ones as it was told to (`maxmemory-policy`).
#[derive(Debug)]
pub struct RedisBytes {
    link: Arc<Link>,
    /// Largest value that is kept.
    most: u64,
}

/// A value to be kept, or forgotten.
#[derive(Debug)]
pub struct Put {
    key: String,
    value: Option<(Bytes, Duration)>,
}

impl RedisBytes {
    pub fn new(link: Arc<Link>, most: u64) -> RedisBytes {
        RedisBytes { link, most }
    }

    pub async fn get(&self, key: &[u8; 32]) -> Option<Bytes> {
        let present = self.link.present.load_full()?;
        let mut connection = present.connection.clone();
        let get = redis::cmd("GET").arg(named(key)).to_owned();
        let asked = tokio::time::timeout(self.link.within, get.query_async::<Option<Bytes>>(&mut connection));
        match asked.await {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => {
                self.link.cut(&present, &Lost::Failed(error));
                None
            }
            // A large answer takes its time; that says nothing of Redis.
            Err(_) => None,
        }
    }

    pub fn put(&self, key: &[u8; 32], value: Bytes, ttl: Duration) {
        let fits = value.len() as u64 <= self.most && ttl >= Duration::from_millis(1);
        if fits && self.link.present.load().is_some() {
            self.later(Put { key: named(key), value: Some((value, ttl)) });
        }
    }

    pub fn remove(&self, key: &[u8; 32]) {
        self.later(Put { key: named(key), value: None });
    }

    fn later(&self, put: Put) {
        // What finds no room is asked of a provider again.
        let _ = self.link.puts.try_send(put);
    }
}

impl Link {
    pub(super) async fn put(&self, present: &Present, put: Put) -> Result<(), Lost> {
        let command = match put.value {
            Some((value, ttl)) => {
                let mut set = redis::cmd("SET");
                set.arg(put.key).arg(value.as_ref()).arg("PX").arg(clock::millis(ttl));
                set
            }
            None => {
                let mut del = redis::cmd("DEL");
                del.arg(put.key);
                del
            }
        };
        match command.query_async::<()>(&mut present.connection.clone()).await {
            // Redis is full or read-only: that is no reason to go without its counters.
            Err(error) if error.is_io_error() || error.is_timeout() => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn named(key: &[u8; 32]) -> String {
    let mut name = String::with_capacity(75);
    name.push_str("tollgate:b:");
    key.iter().for_each(|byte| name.push_str(&format!("{byte:02x}")));
    name
}
