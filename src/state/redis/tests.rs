//! How answers are read; what scripts do is tested against a real Redis (`tests/state.rs`).

use super::*;
use crate::clock;
use crate::config::{Bounds, bounds_of};
use crate::state::redis::wire::Item;
use crate::state::{Account, Claim, Which, Whose};

fn claims(said: &str) -> Claims {
    let bounds = bounds_of("test", said, &Bounds::default()).expect("bounds");
    Claims::of(Claim { whose: Whose::Key, account: Arc::new(Account::default()), bounds: Arc::new(bounds) })
}

#[test]
fn an_answer_nobody_gives_is_told_from_one_that_says_no() {
    let (claims, now) = (claims("limits: { requests: 60/min, concurrent: 5 }"), clock::moment());
    let said = |answer: &[f64]| understood(answer, &claims, &Need::REQUEST, now);
    assert!(matches!(said(&[1.0, 59.0 * 60_000.0, 5.0]), Ok(Said::Room(readings)) if readings.len() == 1));
    let Ok(Said::Limited(limited)) = said(&[0.0, 1.0, 1.0, 30_000.0, 5.0]) else { panic!("it said no") };
    assert_eq!((limited.remaining, limited.retry_after), (0, Duration::from_millis(500)));
    assert!(matches!(limited.which, Which::Requests(_)));
    let Ok(Said::Limited(limited)) = said(&[0.0, 1.0, 0.0, 5.0, 0.0]) else { panic!("it said no") };
    assert_eq!((limited.which, limited.limit), (Which::Concurrent, 5));
    assert!(matches!(said(&[-1.0]), Err(Lost::Forgotten)));
    for nonsense in
        [&[][..], &[2.0], &[0.0, 9.0, 1.0, 0.0, 0.0], &[0.0, 1.0, 7.0, 0.0, 0.0], &[0.0, 0.0, 0.0, 0.0, 0.0]]
    {
        assert!(matches!(said(nonsense), Err(Lost::Nonsense)), "{nonsense:?}");
    }
}

#[test]
fn quotas_that_share_a_counter_are_one_item_with_the_lowest_that_refuses() {
    let said =
        "{ limits: { tokens: [ 5/s, 9/day ] }, budget: { soft: 1/day, hard: [ 5/day, 3/day, 9/month ] } }";
    let bounds = bounds_of("test", said, &Bounds::default()).expect("bounds");
    let hard: Vec<Option<u64>> = wire::items(&bounds)
        .iter()
        .map(|item| match item {
            Item::Bucket(..) => None,
            Item::Window(_, hard) => hard.map(|quota| quota.amount / 1_000_000_000),
        })
        .collect();
    assert_eq!(hard, [None, None, Some(3), Some(9)]);
}
