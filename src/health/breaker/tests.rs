//! The life of a breaker, with time moved by hand.

use super::*;

const PAUSE: Duration = Duration::from_secs(30);

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new();
    for _ in 0..3 {
        breaker.fail(now, 3, PAUSE);
    }
    breaker
}

#[test]
fn only_failures_in_a_row_open_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new();
    for _ in 0..5 {
        assert_eq!(breaker.fail(now, 3, PAUSE), None);
        assert_eq!(breaker.fail(now, 3, PAUSE), None);
        assert_eq!(breaker.succeed(now), None);
    }
    assert_eq!(breaker.standing(now), Standing::Healthy);
    assert_eq!(opened(now).standing(now), Standing::Out);
}

#[test]
fn each_change_is_told_once() {
    let now = Instant::now();
    let mut breaker = Breaker::new();
    let told: Vec<_> = (0..5).map(|_| breaker.fail(now, 3, PAUSE)).collect();
    assert_eq!(told, [None, None, Some(Change::Unhealthy), None, None]);
    assert!(breaker.admit(now + PAUSE));
    assert_eq!(breaker.fail(now + PAUSE, 3, PAUSE), None, "it was unhealthy and still is");
    assert!(breaker.admit(now + PAUSE * 2));
    assert_eq!(breaker.succeed(now + PAUSE * 2), Some(Change::Recovered));
    assert_eq!(breaker.succeed(now + PAUSE * 2), None);
}

#[test]
fn after_the_pause_one_probe_goes_through() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert!(!breaker.admit(now + PAUSE - Duration::from_nanos(1)));
    let later = now + PAUSE;
    assert_eq!(breaker.standing(later), Standing::Probe);
    assert!(breaker.admit(later), "the first is the probe");
    assert!(!breaker.admit(later), "the second has to wait for it");
    assert_eq!(breaker.standing(later), Standing::Out);
}

#[test]
fn a_failed_probe_starts_the_pause_anew() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.admit(now + PAUSE);
    breaker.fail(now + PAUSE, 3, PAUSE);
    assert_eq!(breaker.standing(now + PAUSE * 2 - Duration::from_nanos(1)), Standing::Out);
    assert_eq!(breaker.standing(now + PAUSE * 2), Standing::Probe);
}

#[test]
fn a_straggler_neither_closes_nor_prolongs_an_open_breaker() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(breaker.succeed(now), None);
    assert_eq!(breaker.standing(now), Standing::Out);
    breaker.fail(now + PAUSE / 2, 3, PAUSE);
    assert_eq!(breaker.standing(now + PAUSE), Standing::Probe);
}

#[test]
fn a_probe_that_told_nothing_gives_its_slot_back() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert!(breaker.admit(now + PAUSE));
    breaker.forget();
    assert!(breaker.admit(now + PAUSE), "the slot is free at once");
    assert_eq!(breaker.standing(now + PAUSE * 2), Standing::Probe, "a lost probe frees it after a pause");
    assert!(breaker.admit(now + PAUSE * 2));
}

#[test]
fn forgetting_a_plain_request_changes_nothing() {
    let now = Instant::now();
    let mut closed = Breaker::new();
    closed.fail(now, 2, PAUSE);
    closed.forget();
    assert_eq!(closed.fail(now, 2, PAUSE), Some(Change::Unhealthy), "the row of failures goes on");
    closed.forget();
    assert_eq!(closed.standing(now), Standing::Out);
}

#[test]
fn a_threshold_of_zero_or_one_opens_at_the_first_failure() {
    let now = Instant::now();
    for threshold in [0, 1] {
        assert_eq!(Breaker::new().fail(now, threshold, PAUSE), Some(Change::Unhealthy));
    }
}
