//! Requests (or wrong keys) per client address, counted in fixed memory.

use crate::config;
use pingora_limits::rate::{Rate, RateComponents};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;
use std::time::Duration;

/// Hash functions and columns of the sketch that counts: 2 MiB for each limit, and about one count too many
/// per 30,000 events in a period. Fewer columns would let a flood from many addresses refuse strangers.
const HASHES: usize = 4;
const COLUMNS: usize = 32_768;

/// The counter's clock is too coarse for shorter periods; the same rate is then counted per second.
const SHORTEST: Duration = Duration::from_secs(1);

/// So many events per address and period, by a sliding estimate: the period before counts in part.
///
/// An IPv6 client has a /64 to itself and is counted by it. What is refused is not counted, so a
/// client that goes on too fast still gets through at the rate of the limit.
pub struct IpLimit {
    /// Made with the first event: most gateways never see a wrong key.
    seen: OnceLock<Rate>,
    per: Duration,
    amount: f64,
}

impl IpLimit {
    pub fn new(rate: config::Rate) -> IpLimit {
        let per = rate.per.max(SHORTEST);
        let stretched = per.as_secs_f64() / rate.per.as_secs_f64().max(1e-9);
        IpLimit { seen: OnceLock::new(), per, amount: rate.amount as f64 * stretched }
    }

    /// Counts one event; an error is how long until the next one passes.
    pub fn observe(&self, ip: IpAddr) -> Result<(), Duration> {
        let client = client(ip);
        let seen = self.seen.get_or_init(|| Rate::new_with_estimator_config(self.per, HASHES, COLUMNS));
        seen.observe(&client, 1);
        let Some(wait) = seen.rate_with(&client, counted).until_within(self.amount) else {
            return Ok(());
        };
        seen.observe(&client, -1);
        Err(wait)
    }
}

/// The address a client is known by: IPv6 by its /64, and IPv4 in IPv6 clothes as IPv4.
pub fn client(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    }
}

/// The events of one client in the last period and in this one.
#[derive(Clone, Copy, Debug)]
struct Counted {
    before: f64,
    now: f64,
    /// How much of this period is over, from 0 to 1.
    elapsed: f64,
    period: Duration,
}

fn counted(seen: RateComponents) -> Counted {
    Counted {
        before: seen.prev_samples as f64,
        now: seen.curr_samples as f64,
        elapsed: seen.current_interval_fraction,
        period: seen.interval,
    }
}

impl Counted {
    fn estimate(&self) -> f64 {
        self.before * (1.0 - self.elapsed) + self.now
    }

    /// How long until the newest event, which is counted already, fits; `None` if it does now.
    fn until_within(&self, amount: f64) -> Option<Duration> {
        if self.estimate() <= amount {
            return None;
        }
        // Either the last period fades enough within this one, or this one has to fade in the next,
        // where the newest event is the only new one.
        let room = if self.now <= amount {
            1.0 - (amount - self.now) / self.before
        } else {
            2.0 - ((amount - 1.0) / (self.now - 1.0)).clamp(0.0, 1.0)
        };
        Some(self.period.mul_f64((room - self.elapsed).max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Long enough a period that no test sees two of them.
    fn per_day(amount: u64) -> IpLimit {
        IpLimit::new(config::Rate { amount, per: MINUTE * 60 * 24 })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn passed(limit: &IpLimit, from: &str, tries: usize) -> usize {
        (0..tries).filter(|_| limit.observe(ip(from)).is_ok()).count()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let limit = per_day(5);
        assert_eq!(passed(&limit, "10.0.0.1", 9), 5);
        assert_eq!(passed(&limit, "10.0.0.2", 5), 5);
    }

    #[test]
    fn ipv6_is_counted_by_its_network_and_ipv4_by_itself_in_any_clothes() {
        for (one, other, same) in [
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
        ] {
            let limit = per_day(1);
            limit.observe(ip(one)).expect("room");
            assert_eq!(limit.observe(ip(other)).is_err(), same, "{one} and {other}");
        }
    }

    #[test]
    fn a_flood_of_strangers_does_not_refuse_a_newcomer() {
        let limit = per_day(10);
        for stranger in 0..20_000_u32 {
            let _ = limit.observe(IpAddr::from(stranger.to_be_bytes()));
        }
        assert_eq!(passed(&limit, "2001:db8::1", 1), 1);
    }

    #[test]
    fn of_many_at_once_never_more_pass_than_may() {
        let limit = per_day(50);
        let total: usize = std::thread::scope(|threads| {
            let crowd: Vec<_> = (0..8).map(|_| threads.spawn(|| passed(&limit, "10.0.0.1", 25))).collect();
            crowd.into_iter().map(|thread| thread.join().expect("a thread that ends")).sum()
        });
        assert!(total <= 50, "{total} passed");
    }

    #[test]
    fn it_says_when_the_next_event_fits() {
        let table = [
            (0.0, 60.0, 0.0, None),
            (60.0, 30.0, 0.5, None),
            (60.0, 31.0, 0.5, Some(1.0)),
            (60.0, 1.0, 0.0, Some(1.0)),
            (0.0, 61.0, 0.5, Some(31.0)),
            (0.0, 61.0, 0.999, Some(1.06)),
        ];
        for (before, now, elapsed, wait) in table {
            let counted = Counted { before, now, elapsed, period: MINUTE };
            let said = counted.until_within(60.0).map(|wait| (wait.as_secs_f64() * 1000.0).round() / 1000.0);
            assert_eq!(said, wait, "{counted:?}");
        }
        let nothing = Counted { before: 0.0, now: 1.0, elapsed: 0.0, period: MINUTE };
        assert_eq!(nothing.until_within(0.0), Some(MINUTE * 2));
    }

    #[test]
    fn a_rate_per_less_than_a_second_is_kept_per_second() {
        let limit = IpLimit::new(config::Rate { amount: 2, per: Duration::from_millis(100) });
        assert!((limit.amount - 20.0).abs() < 1e-6, "{}", limit.amount);
    }
}
