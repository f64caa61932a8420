//! A bucket under every load, and under clocks that jump.

use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn per_minute(amount: u64) -> Rate {
    Rate { amount, per: SECOND * 60 }
}

fn left(remaining: u64, reset: Duration) -> Left {
    Left { limit: 60, remaining, reset }
}

#[test]
fn a_full_bucket_gives_its_amount_and_an_empty_one_says_when_to_come_back() {
    let (rate, now) = (per_minute(60), Instant::now());
    let mut bucket = Bucket::full(rate, now);
    for taken in 1..=60 {
        assert_eq!(bucket.take(rate, 1, now), Ok(left(60 - taken, SECOND * taken as u32)));
    }
    let wait = Wait { retry_after: SECOND, left: left(0, SECOND * 60) };
    assert_eq!(bucket.take(rate, 1, now), Err(wait));
    assert!(bucket.take(rate, 1, now + SECOND).is_ok(), "exactly then it passes");
}

#[test]
fn a_million_readings_do_not_drift() {
    let (rate, start) = (per_minute(7), Instant::now());
    let mut bucket = Bucket::full(rate, start);
    let mut passed = 0;
    for step in 0..1_000_000_u64 {
        let now = start + Duration::from_micros(600) * step as u32;
        passed += u64::from(bucket.take(rate, 1, now).is_ok());
    }
    assert_eq!(passed, 7 + 69, "7 at once, then 7 a minute in just under 10 minutes");
}

#[test]
fn it_never_holds_more_than_its_amount() {
    let (rate, now) = (per_minute(60), Instant::now());
    let mut bucket = Bucket::full(rate, now);
    let later = now + SECOND * 86_400 * 365;
    assert_eq!(bucket.take(rate, 1, later), Ok(left(59, SECOND)));
    bucket.settle(rate, 1_000_000, 0, later);
    assert_eq!(bucket.take(rate, 1, later), Ok(left(59, SECOND)));
}

#[test]
fn a_cost_above_the_amount_passes_only_when_it_is_full() {
    let (rate, now) = (per_minute(60), Instant::now());
    let mut bucket = Bucket::full(rate, now);
    assert_eq!(bucket.take(rate, 1000, now), Ok(left(0, SECOND * 60)));
    assert!(bucket.take(rate, 1000, now + SECOND * 59).is_err());
    assert!(bucket.take(rate, 1000, now + SECOND * 60).is_ok());
    bucket.settle(rate, 1000, 50, now + SECOND * 60);
    assert_eq!(bucket.take(rate, 1, now + SECOND * 60), Ok(left(9, SECOND * 51)));
}

#[test]
fn settling_gives_back_or_charges_and_a_debt_is_bounded_by_one_period() {
    let (rate, now) = (per_minute(60), Instant::now());
    for (reserved, used, remaining, retry_after) in
        [(40, 10, 50, 0), (40, 40, 20, 0), (40, 70, 0, 11), (40, u64::MAX, 0, 61), (0, 5, 55, 0)]
    {
        let mut bucket = Bucket::full(rate, now);
        bucket.take(rate, reserved, now).expect("room");
        bucket.settle(rate, reserved, used, now);
        assert_eq!(bucket.left(rate).remaining, remaining, "{reserved} {used}");
        let waited = bucket.take(rate, 1, now).err().map_or(Duration::ZERO, |wait| wait.retry_after);
        assert_eq!(waited, SECOND * retry_after, "{reserved} {used}");
    }
}

#[test]
fn a_clock_that_goes_backwards_does_no_harm() {
    let (rate, start) = (per_minute(60), Instant::now());
    let now = start + SECOND * 10;
    let mut bucket = Bucket::full(rate, now);
    bucket.take(rate, 60, now).expect("room");
    assert!(bucket.take(rate, 1, start).is_err());
    assert!(bucket.take(rate, 1, now).is_err(), "nothing is refilled twice");
    assert!(bucket.take(rate, 1, now + SECOND).is_ok());
}

#[test]
fn a_changed_rate_keeps_the_level_within_the_new_amount() {
    let now = Instant::now();
    let hourly = Rate { amount: 100, per: SECOND * 3600 };
    let mut bucket = Bucket::full(per_minute(60), now);
    bucket.take(per_minute(60), 20, now).expect("room");
    assert_eq!(bucket.take(hourly, 0, now).map(|left| left.remaining), Ok(40));
    assert_eq!(bucket.take(per_minute(30), 0, now).map(|left| left.remaining), Ok(30));
}

#[test]
fn an_amount_of_zero_lets_nothing_pass() {
    let (rate, now) = (per_minute(0), Instant::now());
    let mut bucket = Bucket::full(rate, now);
    let wait = bucket.take(rate, 1, now + SECOND * 86_400).expect_err("nothing passes");
    assert_eq!((wait.left.limit, wait.retry_after), (0, SECOND * 60));
}

proptest! {
    #[test]
    fn after_the_wait_it_said_the_same_cost_passes(
        amount in 1_u64..1_000_000, per in 1_u64..100_000, costs in prop::collection::vec(0_u64..2_000_000, 1..20),
    ) {
        let rate = Rate { amount, per: Duration::from_millis(per) };
        let mut now = Instant::now();
        let mut bucket = Bucket::full(rate, now);
        for cost in costs {
            if let Err(wait) = bucket.take(rate, cost, now) {
                now += wait.retry_after;
                prop_assert!(bucket.take(rate, cost, now).is_ok());
            }
        }
    }
}
