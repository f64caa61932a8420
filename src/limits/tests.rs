//! Reservations under the ways they end, and under many at once.

use super::*;
use crate::config::Rate;
use crate::state::Which;
use std::time::Duration;

fn per_minute(amount: u64) -> Option<Rate> {
    Some(Rate { amount, per: Duration::from_secs(60) })
}

fn start() -> (Arc<State>, Arc<Account>, Instant) {
    let state = Arc::new(State::memory());
    let account = state.account("app");
    (state, account, clock::now())
}

async fn tokens_left(state: &State, account: &Arc<Account>, limits: &KeyLimits, now: Instant) -> u64 {
    let left = state.reserve_tokens(account, limits, 0, now).await;
    left.map_or(0, |left| left.expect("a limit").remaining)
}

#[tokio::test]
async fn dropping_gives_everything_back_and_settling_only_what_was_not_used() {
    let limits = KeyLimits { tokens: per_minute(100), concurrent: Some(1), ..KeyLimits::default() };
    for (settled, remaining) in [(None, 100), (Some(30), 70), (Some(80), 20), (Some(95), 5), (Some(0), 100)] {
        let (state, account, now) = start();
        let (mut held, _) = Reservation::enter(&state, &account, &limits, now).await.expect("room");
        held.reserve_tokens(50, now).await.expect("room");
        held.reserve_tokens(30, now).await.expect("room");
        assert_eq!(tokens_left(&state, &account, &limits, now).await, 20);
        match settled {
            Some(used) => held.settle(used, now),
            None => drop(held),
        }
        assert_eq!(tokens_left(&state, &account, &limits, now).await, remaining, "{settled:?}");
        assert!(Reservation::enter(&state, &account, &limits, now).await.is_ok(), "its place is free");
    }
}

#[tokio::test]
async fn a_refused_reservation_gives_back_what_it_had() {
    let limits = KeyLimits { tokens: per_minute(100), concurrent: Some(1), ..KeyLimits::default() };
    let (state, account, now) = start();
    let (mut held, _) = Reservation::enter(&state, &account, &limits, now).await.expect("room");
    held.reserve_tokens(60, now).await.expect("room");
    let limited = held.reserve_tokens(60, now).await.expect_err("40 are left");
    assert_eq!((limited.which, limited.remaining), (Which::Tokens, 40));
    drop(held);
    assert_eq!(tokens_left(&state, &account, &limits, now).await, 100);
    assert!(Reservation::enter(&state, &account, &limits, now).await.is_ok());
}

#[tokio::test]
async fn what_was_used_without_an_estimate_is_charged() {
    let limits = KeyLimits { tokens: per_minute(100), ..KeyLimits::default() };
    let (state, account, now) = start();
    let (held, left) = Reservation::enter(&state, &account, &limits, now).await.expect("room");
    assert_eq!(left, None, "requests have no limit here");
    held.settle(30, now);
    assert_eq!(tokens_left(&state, &account, &limits, now).await, 70);
}

/// Two hundred at once, on several threads, against `limits`; returns how many hold a reservation.
async fn crowd(limits: KeyLimits, tokens: u64) -> usize {
    let (state, account, now) = start();
    let gate = Arc::new(tokio::sync::Barrier::new(200));
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (state, account, gate) = (state.clone(), account.clone(), gate.clone());
            tokio::spawn(async move {
                gate.wait().await;
                let (mut held, _) = Reservation::enter(&state, &account, &limits, now).await.ok()?;
                held.reserve_tokens(tokens, now).await.ok()?;
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
    let none = KeyLimits::default();
    let table = [
        (KeyLimits { requests: per_minute(17), ..none }, 17),
        (KeyLimits { concurrent: Some(23), ..none }, 23),
        (KeyLimits { tokens: per_minute(1000), ..none }, 10),
        (KeyLimits { requests: per_minute(50), tokens: per_minute(100), concurrent: Some(40) }, 1),
        (none, 200),
    ];
    for (limits, admitted) in table {
        assert_eq!(crowd(limits, 100).await, admitted, "{limits:?}");
    }
}
