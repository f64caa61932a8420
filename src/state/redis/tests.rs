//! How answers are read; what scripts do is tested against a real Redis (`tests/state.rs`).

use super::*;
use crate::clock;
use crate::config::{Bounds, bounds_of};
use crate::state::redis::wire::Item;
use crate::state::{Account, Claim, Hold, Which, Whose};

fn claims(said: &str) -> Claims {
    let bounds = bounds_of("test", said, &Bounds::default()).expect("bounds");
    Claims::of(Claim { whose: Whose::Key, account: Arc::new(Account::default()), bounds: Arc::new(bounds) })
}

#[test]
fn an_answer_nobody_gives_is_told_from_one_that_says_no() {
    let (claims, now) = (claims("limits: { requests: 60/min, concurrent: 5 }"), clock::moment());
    let said = |answer: &str| understood(answer.as_bytes(), &claims, &Need::REQUEST, now);
    assert!(matches!(said("1 3540000:5"), Ok(Outcome::Room(readings)) if readings.len() == 1));
    let Ok(Outcome::Limited(limited)) = said("0 1 1 30000 5") else { panic!("it said no") };
    assert_eq!((limited.remaining, limited.retry_after), (0, Duration::from_millis(500)));
    assert!(matches!(limited.which, Which::Requests(_)));
    let Ok(Outcome::Limited(limited)) = said("0 1 0 5 0") else { panic!("it said no") };
    assert_eq!((limited.which, limited.limit), (Which::Concurrent, 5));
    assert!(matches!(said("-1"), Err(Lost::Forgotten)));
    for nonsense in ["", "2", "1 x", "0 9 1 0 0", "0 1 7 0 0", "0 0 0 0 0", "0 1 1"] {
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

#[test]
fn what_is_to_be_told_goes_along_once_and_again_only_if_it_was_not_heard() {
    let bounds = bounds_of("test", "quota: { tokens: 100/day }", &Bounds::default()).expect("bounds");
    let (account, now) = (Arc::new(Account::default()), clock::moment());
    let (quota, mut counters) = (bounds.quotas[0], account.counters());
    let used = Need { tokens: 7, ..Need::REQUEST };
    counters.settle(&bounds, &Hold::default(), &used, now);
    assert!(counters.tie(1, now) && !counters.tie(1, now));
    let known = counters.untold();
    assert_eq!((known.quotas[0].base, known.quotas[0].untold), (Some(0), 7), "all of it, once");
    counters.settle(&bounds, &Hold::default(), &used, now);
    let (start, untold) = counters.untold_of_quota(&quota, now.wall);
    assert_eq!((untold, counters.untold_of_quota(&quota, now.wall).1), (7, 0));
    drop(counters);
    Told { account: account.clone(), quota, start, amount: untold }.again();
    let mut counters = account.counters();
    assert!(counters.tie(2, now), "it goes to whoever comes next");
    let known = counters.untold();
    assert_eq!((known.quotas[0].base, known.quotas[0].untold), (Some(7), 7));
    assert!(counters.untold().is_empty());
}
