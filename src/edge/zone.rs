//! Requests per address: a bucket that leaks evenly, as nginx's `limit_req … nodelay`.

use crate::clock::Moment;
use crate::config::Rate;
use crate::limits::ip::client;
use moka::sync::Cache;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// Addresses that are remembered; of more, those seen longest ago begin anew.
const MOST: u64 = 100_000;

/// The buckets of one zone.
pub struct Zone {
    pub rate: Rate,
    pub burst: u32,
    /// When each bucket will be empty.
    buckets: Cache<IpAddr, Arc<Mutex<Instant>>>,
}

impl Zone {
    pub fn new(rate: Rate, burst: u32) -> Zone {
        let whole = drop_time(rate).saturating_mul(burst.saturating_add(1));
        let buckets =
            Cache::builder().max_capacity(MOST).time_to_idle(whole.max(Duration::from_secs(1))).build();
        Zone { rate, burst, buckets }
    }

    /// Lets one request in.
    ///
    /// # Errors
    /// How long until the next one would be.
    pub fn enter(&self, address: IpAddr, now: Moment) -> Result<(), Duration> {
        let bucket = self.buckets.get_with(client(address), || Arc::new(Mutex::new(now.mono)));
        let mut empty_at = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let level = empty_at.saturating_duration_since(now.mono);
        let room = drop_time(self.rate).saturating_mul(self.burst);
        if level > room {
            return Err(level - room);
        }
        *empty_at = now.mono + level + drop_time(self.rate);
        Ok(())
    }
}

/// How long one request takes to leak out.
fn drop_time(rate: Rate) -> Duration {
    rate.per.div_f64(rate.amount as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let zone = Zone::new(Rate { amount: 60, per: Duration::from_secs(60) }, 2);
        let (address, start) = ("10.0.0.1".parse().unwrap(), clock::moment());
        let at = |millis| start.at(start.mono + Duration::from_millis(millis));
        let pass = |millis| zone.enter(address, at(millis)).is_ok();
        assert_eq!([pass(0), pass(0), pass(0), pass(0)], [true, true, true, false]);
        assert_eq!(zone.enter(address, at(0)), Err(Duration::from_secs(1)));
        assert_eq!([pass(999), pass(1000), pass(1000), pass(2000)], [false, true, false, true]);
        assert!(zone.enter("10.0.0.2".parse().unwrap(), at(0)).is_ok());
    }
}
