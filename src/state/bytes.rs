//! Where cached bytes lie: in this process's memory, or in Redis for all replicas.

use crate::state::redis::RedisBytes;
use bytes::Bytes;
use moka::Expiry;
use moka::sync::Cache;
use std::time::{Duration, Instant};

/// Values under 32-byte keys, each with a life of its own.
///
/// The functions are async because a store outside this process will be; memory answers at once.
#[derive(Debug)]
pub enum ByteStore {
    Memory(MemoryBytes),
    Redis(RedisBytes),
}

impl ByteStore {
    /// Holds at most `max_entries` values and at most `max_bytes` of them together, whichever is met first.
    pub fn memory(max_entries: u64, max_bytes: u64) -> ByteStore {
        ByteStore::Memory(MemoryBytes::new(max_entries, max_bytes))
    }

    /// The value, unless it was never put, its time is over, or it had to make room.
    pub async fn get(&self, key: &[u8; 32]) -> Option<Bytes> {
        match self {
            ByteStore::Memory(memory) => memory.get(key),
            ByteStore::Redis(redis) => redis.get(key).await,
        }
    }

    /// Keeps `value` for `ttl`. A store may drop it earlier, and never keeps one that alone is over its bound.
    pub async fn put(&self, key: &[u8; 32], value: Bytes, ttl: Duration) {
        match self {
            ByteStore::Memory(memory) => memory.put(*key, value, ttl),
            ByteStore::Redis(redis) => redis.put(key, value, ttl),
        }
    }

    /// Forgets one value.
    pub async fn remove(&self, key: &[u8; 32]) {
        match self {
            ByteStore::Memory(memory) => memory.cache.invalidate(key),
            ByteStore::Redis(redis) => redis.remove(key),
        }
    }

    /// Forgets everything, to have the memory back. What lies in Redis is not ours alone, and ends by itself.
    pub fn clear(&self) {
        match self {
            ByteStore::Memory(memory) => memory.clear(),
            ByteStore::Redis(_) => {}
        }
    }
}

/// Bytes in this process; gone with it. What is asked for often stays longest.
#[derive(Debug)]
pub struct MemoryBytes {
    cache: Cache<[u8; 32], Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    value: Bytes,
    ttl: Duration,
}

impl MemoryBytes {
    fn new(max_entries: u64, max_bytes: u64) -> MemoryBytes {
        let scale = Scale::new(max_entries, max_bytes);
        let cache = Cache::builder()
            .max_capacity(scale.capacity)
            .weigher(move |_, kept: &Kept| scale.weigh(kept.value.len()))
            .expire_after(OwnLife)
            .build();
        MemoryBytes { cache }
    }

    fn get(&self, key: &[u8; 32]) -> Option<Bytes> {
        self.cache.get(key).map(|kept| kept.value)
    }

    fn put(&self, key: [u8; 32], value: Bytes, ttl: Duration) {
        self.cache.insert(key, Kept { value, ttl });
    }

    fn clear(&self) {
        self.cache.invalidate_all();
    }
}

/// Turns two bounds into the one weight that moka knows: nothing weighs less than one entry's fair share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    capacity: u64,
    share: u32,
}

impl Scale {
    fn new(max_entries: u64, max_bytes: u64) -> Scale {
        // A weight is 32 bits wide; a wider share would let more than `max_entries` in.
        let share = max_bytes.checked_div(max_entries).unwrap_or(0).clamp(1, u64::from(u32::MAX));
        let capacity = share.saturating_mul(max_entries).min(max_bytes);
        Scale { capacity, share: u32::try_from(share).unwrap_or(u32::MAX) }
    }

    fn weigh(self, bytes: usize) -> u32 {
        u32::try_from(bytes).unwrap_or(u32::MAX).max(self.share)
    }
}

/// Each value lives as long as it was told to; storing it anew starts a new life.
struct OwnLife;

impl Expiry<[u8; 32], Kept> for OwnLife {
    fn expire_after_create(&self, _: &[u8; 32], kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.ttl)
    }

    fn expire_after_update(
        &self,
        _: &[u8; 32],
        kept: &Kept,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn filled(max_entries: u64, max_bytes: u64, entries: u8, size: usize) -> (u64, u64) {
        let memory = MemoryBytes::new(max_entries, max_bytes);
        for n in 0..entries {
            memory.put([n; 32], Bytes::from(vec![n; size]), HOUR);
        }
        memory.cache.run_pending_tasks();
        let bytes = memory.cache.iter().map(|(_, kept)| kept.value.len() as u64).sum();
        (memory.cache.entry_count(), bytes)
    }

    #[tokio::test]
    async fn what_was_put_is_found_until_cleared() {
        let store = ByteStore::memory(10, 1000);
        store.put(&[1; 32], Bytes::from_static(b"one"), HOUR).await;
        assert_eq!(store.get(&[1; 32]).await.as_deref(), Some(b"one".as_slice()));
        assert_eq!(store.get(&[2; 32]).await, None);
        store.put(&[2; 32], Bytes::from_static(b"two"), HOUR).await;
        store.remove(&[2; 32]).await;
        assert_eq!(store.get(&[2; 32]).await, None);
        assert!(store.get(&[1; 32]).await.is_some(), "the other one stays");
        store.clear();
        assert_eq!(store.get(&[1; 32]).await, None);
    }

    #[tokio::test]
    async fn a_life_of_zero_is_over_at_once_and_a_new_value_starts_a_new_one() {
        let store = ByteStore::memory(10, 1000);
        store.put(&[1; 32], Bytes::from_static(b"old"), Duration::ZERO).await;
        assert_eq!(store.get(&[1; 32]).await, None);
        store.put(&[1; 32], Bytes::from_static(b"new"), HOUR).await;
        assert_eq!(store.get(&[1; 32]).await.as_deref(), Some(b"new".as_slice()));
        store.put(&[1; 32], Bytes::from_static(b"gone"), Duration::ZERO).await;
        assert_eq!(store.get(&[1; 32]).await, None, "the second life must not outlast its own ttl");
    }

    #[test]
    fn many_small_values_meet_the_bound_on_entries() {
        let (entries, _) = filled(60, 100, 200, 1);
        assert_eq!(entries, 60);
    }

    #[test]
    fn few_large_values_meet_the_bound_on_bytes() {
        let (entries, bytes) = filled(100, 1000, 50, 90);
        assert!(bytes <= 1000 && entries == 11, "{entries} entries, {bytes} bytes");
    }

    #[test]
    fn a_value_over_the_whole_bound_is_not_kept() {
        assert_eq!(filled(100, 1000, 1, 1001), (0, 0));
    }

    #[test]
    fn a_bound_of_zero_keeps_nothing() {
        assert_eq!(filled(0, 1000, 5, 1), (0, 0));
        assert_eq!(filled(1000, 0, 5, 1), (0, 0));
    }

    #[test]
    fn a_share_too_wide_for_a_weight_still_bounds_the_entries() {
        let scale = Scale::new(2, 1 << 40);
        assert_eq!(scale.capacity / u64::from(scale.weigh(1)), 2);
    }
}
