//! Requests that wait for a slot, in the order they came in.

use crate::edge::cluster::server::Server;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A request that waits.
pub struct Waiter {
    /// The server of its session.
    pub wanted: Option<SocketAddr>,
    /// Servers that it has failed on.
    pub tried: Vec<SocketAddr>,
}

/// Those who wait.
#[derive(Default)]
pub struct Queue {
    next: u64,
    rows: VecDeque<Row>,
}

struct Row {
    number: u64,
    waiter: Waiter,
    tell: oneshot::Sender<Arc<Server>>,
}

impl Queue {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Stands at the end. Its number, and where it hears of its slot.
    pub fn join(&mut self, waiter: Waiter) -> (u64, oneshot::Receiver<Arc<Server>>) {
        let (tell, told) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.rows.push_back(Row { number, waiter, tell });
        (number, told)
    }

    /// Whoever stands behind moves up.
    pub fn leave(&mut self, number: u64) {
        if let Ok(at) = self.rows.binary_search_by_key(&number, |row| row.number) {
            self.rows.remove(at);
        }
    }

    /// Gives a slot with a server to the first who may use it. Whether there was one.
    pub fn serve(&mut self, server: &Arc<Server>, may: impl Fn(&Waiter) -> bool) -> bool {
        let mut from = 0;
        while let Some(at) = self.rows.iter().skip(from).position(|row| may(&row.waiter)) {
            // It cannot be told if it is leaving just now.
            if self.rows.remove(from + at).is_some_and(|row| row.tell.send(server.clone()).is_ok()) {
                return true;
            }
            from += at;
        }
        false
    }
}
