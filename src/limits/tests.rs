//! Reservations under the ways they end, and under many at once.

use super::*;
use crate::config::{Bounds, Period, Quota, Rate, Rates, Unit, Window};
use crate::money::Money;
use crate::state::{Which, Whose};
use std::time::Duration;

fn per_minute(amount: u64) -> Rates {
    Rates::one(Rate { amount, per: Duration::from_secs(60) })
}

fn start(bounds: &Bounds) -> (Arc<State>, Claims, Moment) {
    let state = Arc::new(State::memory());
    let claims = stacked(&state, &[(Whose::Key, bounds.clone())]);
    (state, claims, clock::moment())
}

fn stacked(state: &State, bounds: &[(Whose, Bounds)]) -> Claims {
    let claim = |(whose, bounds): &(Whose, Bounds)| Claim {
        whose: *whose,
        account: state.account(whose.word()),
        bounds: Arc::new(bounds.clone()),
    };
    bounds.iter().map(claim).fold(Claims::default(), Claims::and)
}

fn tokens(tokens: u64) -> Need {
    Need { tokens, ..Need::REQUEST }
}

/// What is used of each limit, in the order of the bounds.
fn used(state: &State, claims: &Claims, now: Moment) -> Vec<u64> {
    state.standing(claims, now).iter().map(|standing| standing.used).collect()
}

#[tokio::test]
async fn dropping_gives_all_back_but_the_request_and_settling_what_was_not_used() {
    let bounds =
        Bounds { requests: per_minute(9), tokens: per_minute(100), concurrent: Some(1), ..Bounds::default() };
    for (settled, left) in [(None, 0), (Some(30), 30), (Some(80), 80), (Some(95), 95), (Some(0), 0)] {
        let (state, claims, now) = start(&bounds);
        let mut held = Reservation::enter(&state, claims.clone(), now).expect("room");
        held.take(tokens(50), now).await.expect("room");
        held.take(tokens(30), now).await.expect("room");
        assert_eq!(used(&state, &claims, now), [1, 80], "one request, however often it takes");
        match settled {
            Some(used) => held.settle(tokens(used), now),
            None => drop(held),
        }
        assert_eq!(used(&state, &claims, now), [1, left], "{settled:?}");
        assert!(Reservation::enter(&state, claims, now).is_ok(), "its place is free");
    }
}

#[tokio::test]
async fn a_refused_request_is_charged_nothing_and_one_that_failed_before_is_charged_itself() {
    let bounds = Bounds { requests: per_minute(9), tokens: per_minute(100), ..Bounds::default() };
    let (state, claims, now) = start(&bounds);
    let mut held = Reservation::enter(&state, claims.clone(), now).expect("room");
    held.take(tokens(60), now).await.expect("room");
    let limited = held.take(tokens(60), now).await.expect_err("40 are left");
    assert_eq!((limited.whose, limited.remaining), (Whose::Key, 40));
    drop(held);
    assert_eq!(used(&state, &claims, now), [1, 0], "what it had was given back");
    let mut refused = Reservation::enter(&state, claims.clone(), now).expect("room");
    state.take(&claims, tokens(100), now).await.expect("room");
    assert!(refused.take(tokens(1), now).await.is_err());
    drop(refused);
    assert_eq!(used(&state, &claims, now), [2, 100]);
    drop(Reservation::enter(&state, claims.clone(), now).expect("room"));
    assert_eq!(used(&state, &claims, now), [3, 100], "say, its body was no JSON");
}

#[tokio::test]
async fn an_account_may_join_late_and_its_refusal_charges_nobody() {
    let key = Bounds { requests: per_minute(9), ..Bounds::default() };
    let (state, claims, now) = start(&key);
    let one = Bounds { concurrent: Some(1), ..Bounds::default() };
    let model = || Claim { whose: Whose::Model, account: state.account("m"), bounds: Arc::new(one.clone()) };
    let mut first = Reservation::enter(&state, claims.clone(), now).expect("room");
    first.join(model(), now).expect("the only place");
    let mut second = Reservation::enter(&state, claims.clone(), now).expect("room");
    let limited = second.join(model(), now).expect_err("it is taken");
    assert_eq!((limited.whose, limited.which), (Whose::Model, Which::Concurrent));
    drop(second);
    assert_eq!(used(&state, &claims, now), [0]);
    assert!(second_is_refused(&state, model(), now), "who was refused gives back no place of others");
    drop(first);
    assert!(!second_is_refused(&state, model(), now));
}

fn second_is_refused(state: &Arc<State>, claim: Claim, now: Moment) -> bool {
    Reservation::enter(state, Claims::of(claim), now).is_err()
}

/// Two hundred at once, on several threads; returns how many hold a reservation.
async fn crowd(bounds: &[(Whose, Bounds)]) -> usize {
    let (state, now) = (Arc::new(State::memory()), clock::moment());
    let gate = Arc::new(tokio::sync::Barrier::new(200));
    let need = Need { tokens: 100, cost: Money(100), requests: 1 };
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (state, claims, gate) = (state.clone(), stacked(&state, bounds), gate.clone());
            tokio::spawn(async move {
                gate.wait().await;
                let mut held = Reservation::enter(&state, claims, now).ok()?;
                held.take(need, now).await.ok()?;
                Some(held)
            })
        })
        .collect();
    let mut holders = Vec::new();
    for task in tasks {
        holders.extend(task.await.expect("a task that ends"));
    }
    holders.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_at_once_exactly_as_many_pass_as_may() {
    let none = Bounds::default;
    let quota = |unit, amount| {
        let quota = Quota { unit, amount, period: Period::Day, window: Window::Rolling, soft: false };
        Bounds { quotas: vec![quota], ..none() }
    };
    let key = |bounds| vec![(Whose::Key, bounds)];
    let table = [
        (key(Bounds { requests: per_minute(17), ..none() }), 17),
        (key(Bounds { concurrent: Some(23), ..none() }), 23),
        (key(Bounds { tokens: per_minute(1000), ..none() }), 10),
        (key(quota(Unit::Requests, 19)), 19),
        (key(quota(Unit::Tokens, 1999)), 19),
        (key(quota(Unit::Cost, 2100)), 21),
        (
            vec![
                (Whose::Key, Bounds { requests: per_minute(50), concurrent: Some(40), ..none() }),
                (Whose::Tenant, quota(Unit::Tokens, 3900)),
                (Whose::Model, Bounds { tokens: per_minute(3700), concurrent: Some(60), ..none() }),
            ],
            37,
        ),
        (key(none()), 200),
    ];
    for (bounds, admitted) in table {
        assert_eq!(crowd(&bounds).await, admitted, "{bounds:?}");
    }
}

fn dollars(amount: u64, cut_streams: bool) -> Bounds {
    let (period, window) = (Period::Day, Window::Calendar);
    let quota = Quota { unit: Unit::Cost, amount, period, window, soft: false };
    Bounds { quotas: vec![quota], cut_streams, ..Bounds::default() }
}

#[tokio::test]
async fn what_a_growing_answer_takes_is_used_up_for_others_and_corrected_at_its_end() {
    let (state, claims, now) = start(&dollars(100, true));
    let costs = |cost| Need { cost: Money(cost), ..Need::REQUEST };
    let mut held = Reservation::enter(&state, claims.clone(), now).expect("room");
    held.take(costs(40), now).await.expect("room");
    assert!(held.cuts_streams());
    held.follow(Money(40), now).await.expect("it has that");
    assert_eq!(used(&state, &claims, now), [40]);
    held.follow(Money(41), now).await.expect("room");
    assert_eq!(used(&state, &claims, now), [45], "an eighth more at once");
    let mut other = Reservation::enter(&state, claims.clone(), now).expect("room");
    other.take(costs(50), now).await.expect("room");
    held.follow(Money(48), now).await.expect("what is missing fits, an eighth does not");
    let limited = held.follow(Money(51), now).await.expect_err("100 are used");
    assert_eq!((limited.whose, limited.which), (Whose::Key, Which::Quota(Unit::Cost, Period::Day)));
    held.settle(costs(51), now);
    drop(other);
    assert_eq!(used(&state, &claims, now), [51]);
}

#[tokio::test]
async fn only_accounts_that_cut_streams_end_one() {
    for (key, tenant, whose) in [
        (dollars(1000, true), dollars(50, false), None),
        (dollars(50, false), dollars(1000, true), None),
        (dollars(60, true), dollars(50, false), Some(Whose::Key)),
        (dollars(50, false), dollars(60, true), Some(Whose::Tenant)),
        (dollars(50, true), dollars(60, true), Some(Whose::Key)),
    ] {
        let state = Arc::new(State::memory());
        let claims = stacked(&state, &[(Whose::Key, key), (Whose::Tenant, tenant)]);
        let now = clock::moment();
        let mut held = Reservation::enter(&state, claims.clone(), now).expect("room");
        held.take(Need { cost: Money(40), ..Need::REQUEST }, now).await.expect("room");
        let ended = held.follow(Money(70), now).await.err().map(|limited| limited.whose);
        assert_eq!((ended, used(&state, &claims, now)), (whose, vec![40, 40]), "all or nothing");
    }
}
