//! Cached bytes in Redis, on a connection of their own: no counter waits behind a large answer. What fails is a miss.

use crate::clock;
use crate::hex;
use crate::state::redis::Link;
use crate::state::redis::keeper::AGAIN;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

/// Values on their way to Redis; further ones are not kept.
pub const MOST_PUTS: usize = 64;

/// Values that all replicas share. Redis keeps them until their time is over; one that is full keeps no new ones.
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
        // From now on there has to be a connection.
        link.bytes_wanted.notify_one();
        RedisBytes { link, most }
    }

    pub async fn get(&self, key: &[u8; 32]) -> Option<Bytes> {
        if self.link.is_away() {
            return None;
        }
        let known = self.link.bytes.load_full()?;
        let mut connection = MultiplexedConnection::clone(&known);
        let get = redis::cmd("GET").arg(named(key)).to_owned();
        // A large answer takes its time; that says nothing of Redis.
        match timeout(self.link.within, get.query_async::<Option<Bytes>>(&mut connection)).await.ok()? {
            Ok(value) => value,
            Err(error) => {
                if is_broken(&error) {
                    self.link.cut_bytes();
                }
                None
            }
        }
    }

    pub fn put(&self, key: &[u8; 32], value: Bytes, ttl: Duration) {
        let fits = value.len() as u64 <= self.most && ttl >= Duration::from_millis(1);
        if fits && !self.link.is_away() {
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
    /// Keeps the connection of the bytes, once somebody wants one.
    pub(super) async fn keep_bytes(&self, puts: &mut Receiver<Put>) {
        self.bytes_wanted.notified().await;
        loop {
            if let Ok(connection) = self.open().await {
                self.bytes.store(Some(Arc::new(connection.clone())));
                self.serve_bytes(connection, puts).await;
            }
            while puts.try_recv().is_ok() {}
            sleep(AGAIN).await;
        }
    }

    /// Until it breaks, or Redis is found away by whoever needs its counters.
    async fn serve_bytes(&self, mut connection: MultiplexedConnection, puts: &mut Receiver<Put>) {
        while self.bytes.load().is_some() {
            tokio::select! {
                () = self.bytes_cut.notified() => {}
                Some(put) = puts.recv() => {
                    if command(put).query_async::<()>(&mut connection).await.is_err_and(|error| is_broken(&error)) {
                        self.cut_bytes();
                    }
                }
            }
        }
    }

    pub(super) fn cut_bytes(&self) {
        self.bytes.store(None);
        self.bytes_cut.notify_one();
    }
}

/// A Redis that is full or read-only says so on a connection that is good.
fn is_broken(error: &redis::RedisError) -> bool {
    error.is_io_error() || error.is_timeout()
}

fn command(put: Put) -> redis::Cmd {
    match put.value {
        Some((value, ttl)) => {
            let mut set = redis::cmd("SET");
            set.arg(put.key).arg(value.as_ref()).arg("PX").arg(clock::millis(ttl));
            set
        }
        None => redis::cmd("DEL").arg(put.key).to_owned(),
    }
}

fn named(key: &[u8; 32]) -> String {
    ["tollgate:b:", &hex::of(key)].concat()
}
