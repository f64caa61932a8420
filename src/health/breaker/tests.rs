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
        assert_eq!(breaker.succeed(), None);
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
    assert!(breaker.admit(now + PAUSE).is_some());
    assert_eq!(breaker.fail(now + PAUSE, 3, PAUSE), None, "it was unhealthy and still is");
    assert!(breaker.admit(now + PAUSE * 2).is_some());
    assert_eq!(breaker.succeed(), Some(Change::Recovered));
    assert_eq!(breaker.succeed(), None);
}

#[test]
fn after_the_pause_one_probe_goes_through() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(breaker.admit(now + PAUSE - Duration::from_nanos(1)), None);
    let later = now + PAUSE;
    assert_eq!(breaker.standing(later), Standing::Probe);
    assert_eq!(breaker.admit(later), Some(Pass::Probe(1)), "the first is the probe");
    assert_eq!(breaker.admit(later), None, "the second has to wait for it");
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
    assert_eq!(breaker.succeed(), None);
    assert_eq!(breaker.standing(now), Standing::Out);
    breaker.fail(now + PAUSE / 2, 3, PAUSE);
    assert_eq!(breaker.standing(now + PAUSE), Standing::Probe);
}

#[test]
fn a_probe_that_told_nothing_gives_its_slot_back() {
    let now = Instant::now();
    let mut breaker = opened(now);
    assert_eq!(breaker.admit(now + PAUSE), Some(Pass::Probe(1)));
    breaker.forget(1);
    assert_eq!(breaker.admit(now + PAUSE), Some(Pass::Probe(2)), "the slot is free at once");
    assert_eq!(breaker.standing(now + PAUSE * 2), Standing::Probe, "a lost probe frees it after a pause");
    assert_eq!(breaker.admit(now + PAUSE * 2), Some(Pass::Probe(3)));
}

#[test]
fn a_probe_cannot_give_the_slot_of_another_back() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.admit(now + PAUSE);
    breaker.admit(now + PAUSE * 2);
    breaker.forget(1);
    assert_eq!(breaker.admit(now + PAUSE * 2), None, "the first came back late");
}

#[test]
fn a_probe_that_has_told_has_no_slot_to_give_back() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.admit(now + PAUSE);
    breaker.fail(now + PAUSE, 3, PAUSE);
    breaker.forget(1);
    assert_eq!(breaker.admit(now + PAUSE), None, "it failed");
    breaker.admit(now + PAUSE * 2);
    breaker.succeed();
    breaker.forget(2);
    assert_eq!(breaker.admit(now + PAUSE * 2), Some(Pass::Plain), "it went well");
}

#[test]
fn the_first_content_ends_a_probe_and_a_cut_after_it_is_one_failure() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.admit(now + PAUSE);
    assert_eq!(breaker.begin(), Some(Change::Recovered));
    assert_eq!(breaker.begin(), None);
    assert_eq!(breaker.standing(now + PAUSE), Standing::Healthy);
    assert_eq!(breaker.fail(now + PAUSE, 3, PAUSE), None);
    assert_eq!(breaker.standing(now + PAUSE), Standing::Healthy);
}

#[test]
fn streams_that_begin_and_are_cut_are_failures_in_a_row() {
    let now = Instant::now();
    let mut breaker = Breaker::new();
    let told: Vec<_> = (0..3).map(|_| breaker.begin().or_else(|| breaker.fail(now, 3, PAUSE))).collect();
    assert_eq!(told, [None, None, Some(Change::Unhealthy)]);
    assert_eq!(breaker.begin(), None, "a straggler does not close it");
    assert_eq!(breaker.standing(now), Standing::Out);
}

#[test]
fn a_threshold_of_zero_or_one_opens_at_the_first_failure() {
    let now = Instant::now();
    for threshold in [0, 1] {
        assert_eq!(Breaker::new().fail(now, threshold, PAUSE), Some(Change::Unhealthy));
    }
}
