//! HTTP/1 connections that rest between two requests.
//!
//! Nothing watches them: whether one is still good is asked when it is taken, and for all of them now and then.

use futures_util::FutureExt;
use pingora::protocols::Stream;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncReadExt;

/// Connections by the peer they lead to.
pub struct Idle {
    resting: Mutex<Resting>,
    /// All peers together.
    most: usize,
}

#[derive(Default)]
struct Resting {
    /// The one that came last stands at the back.
    by_peer: BTreeMap<u64, VecDeque<Rest>>,
    count: usize,
}

struct Rest {
    stream: Stream,
    since: Instant,
    until: Instant,
}

impl Idle {
    pub fn new(most: usize) -> Idle {
        Idle { resting: Mutex::default(), most }
    }

    /// The connection to `peer` that came last, for it is the likeliest to be good. What has ended, or has something
    /// to say before it is asked, is closed.
    pub fn take(&self, peer: u64) -> Option<Stream> {
        loop {
            let mut stream = self.lock().pop(peer)?;
            if is_quiet(&mut stream) {
                return Some(stream);
            }
        }
    }

    /// Keeps a connection for as `long`. Where there is no room left, the one that has rested longest makes some.
    pub fn put(&self, peer: u64, stream: Stream, now: Instant, long: Duration) {
        if self.most == 0 {
            return;
        }
        let mut resting = self.lock();
        let crowded_out = if resting.count >= self.most { resting.pop_oldest() } else { None };
        resting.by_peer.entry(peer).or_default().push_back(Rest { stream, since: now, until: now + long });
        resting.count += 1;
        drop(resting);
        // A connection closes where no other request waits for the lock.
        drop(crowded_out);
    }

    /// Closes every connection to `peer`.
    pub fn clear(&self, peer: u64) {
        let mut resting = self.lock();
        let gone = resting.by_peer.remove(&peer).unwrap_or_default();
        resting.count -= gone.len();
    }

    /// Closes what has rested too long or has ended.
    pub fn sweep(&self, now: Instant) {
        let mut resting = self.lock();
        let is_good = |rest: &mut Rest| now < rest.until && is_quiet(&mut rest.stream);
        resting.by_peer.values_mut().for_each(|shelf| shelf.retain_mut(is_good));
        resting.by_peer.retain(|_, shelf| !shelf.is_empty());
        resting.count = resting.by_peer.values().map(VecDeque::len).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resting {
    fn pop(&mut self, peer: u64) -> Option<Stream> {
        let rest = self.by_peer.get_mut(&peer)?.pop_back()?;
        self.count -= 1;
        Some(rest.stream)
    }

    fn pop_oldest(&mut self) -> Option<Stream> {
        let shelves = self.by_peer.values_mut().filter(|shelf| !shelf.is_empty());
        let oldest = shelves.min_by_key(|shelf| shelf.front().map(|rest| rest.since))?;
        self.count -= 1;
        oldest.pop_front().map(|rest| rest.stream)
    }
}

/// Whether there is nothing to read, not even an end. Costs no system call as long as nothing came.
fn is_quiet(stream: &mut Stream) -> bool {
    tokio::task::unconstrained(stream.read(&mut [0])).now_or_never().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pingora::protocols::l4::stream::Stream as TcpLine;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::net::TcpStream;

    const PEER: u64 = 7;
    const REST: Duration = Duration::from_secs(50);

    /// Our end of a connection, and the other.
    async fn line() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Box::new(TcpLine::from(ours)), listener.accept().await.unwrap().0)
    }

    /// Waits until the driver has seen what the other end did.
    async fn noticed(stream: &mut Stream) {
        while is_quiet(stream) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_last_that_came_is_the_first_to_go() {
        let (idle, now) = (Idle::new(10), Instant::now());
        let (first, _far) = line().await;
        let (second, _away) = line().await;
        let ids = [first.id(), second.id()];
        idle.put(PEER, first, now, REST);
        idle.put(PEER, second, now, REST);
        assert!(idle.take(PEER + 1).is_none());
        assert_eq!(idle.take(PEER).map(|stream| stream.id()), Some(ids[1]));
        assert_eq!(idle.take(PEER).map(|stream| stream.id()), Some(ids[0]));
        assert!(idle.take(PEER).is_none());
    }

    #[tokio::test]
    async fn what_has_ended_or_speaks_unasked_is_not_given_out() {
        let idle = Idle::new(10);
        let (mut ended, far) = line().await;
        let (mut speaking, mut away) = line().await;
        drop(far);
        away.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
        noticed(&mut ended).await;
        noticed(&mut speaking).await;
        idle.put(PEER, ended, Instant::now(), REST);
        idle.put(PEER, speaking, Instant::now(), REST);
        assert!(idle.take(PEER).is_none());
        assert_eq!(idle.lock().count, 0);
    }

    #[tokio::test]
    async fn a_sweep_closes_what_is_old_or_dead_and_nothing_else() {
        let (idle, now) = (Idle::new(10), Instant::now());
        let (old, _old) = line().await;
        let (mut dead, far) = line().await;
        let (good, _good) = line().await;
        let id = good.id();
        drop(far);
        noticed(&mut dead).await;
        idle.put(PEER, old, now, REST);
        idle.put(PEER + 1, dead, now + REST, REST);
        idle.put(PEER, good, now + REST, REST);
        idle.sweep(now + REST);
        let left = idle.lock().by_peer.keys().copied().collect::<Vec<_>>();
        assert_eq!(left, [PEER]);
        assert_eq!(idle.take(PEER).map(|stream| stream.id()), Some(id));
    }

    #[tokio::test]
    async fn the_longest_at_rest_makes_room_whosever_it_is() {
        let (idle, now) = (Idle::new(2), Instant::now());
        let mut ends = Vec::new();
        for step in 0..3 {
            let (stream, far) = line().await;
            ends.push(far);
            idle.put(step, stream, now + Duration::from_secs(step), REST);
        }
        assert!(idle.take(0).is_none());
        assert!(idle.take(1).is_some() && idle.take(2).is_some());
        let nothing = Idle::new(0);
        nothing.put(PEER, line().await.0, now, REST);
        assert!(nothing.take(PEER).is_none());
    }

    #[tokio::test]
    async fn clearing_a_peer_leaves_the_others() {
        let (idle, now) = (Idle::new(10), Instant::now());
        let (one, _far) = line().await;
        let (other, _away) = line().await;
        idle.put(PEER, one, now, REST);
        idle.put(PEER + 1, other, now, REST);
        idle.clear(PEER);
        assert!(idle.take(PEER).is_none() && idle.take(PEER + 1).is_some());
    }
}
