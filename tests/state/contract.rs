//! What holds wherever the counters are.

use crate::*;
use tollgate::config::Period;
use tollgate::config::Unit;
use tollgate::state::Which;

/// What a refusal of something too large says is left; takes nothing.
async fn remaining(state: &State, claims: &Claims, too_large: Need, now: Moment) -> u64 {
    state.take(claims, too_large, now).await.expect_err("too large").remaining
}

#[tokio::test]
async fn a_refusal_takes_nothing_anywhere() {
    for stage in Stage::all().await {
        let (state, now) = (stage.one(), clock::moment());
        let all = claims(
            state,
            &[
                (Whose::Key, "{ limits: { requests: 5/day, tokens: 100/day }, quota: { tokens: 90/day } }"),
                (Whose::Tenant, "{ limits: { concurrent: 9 }, budget: { hard: 1/day } }"),
                (Whose::Model, "quota: { tokens: 50/month }"),
            ],
        );
        for (need, whose, which) in [
            (tokens(60), Whose::Model, Which::Quota(Unit::Tokens, Period::Month)),
            (tokens(95), Whose::Key, Which::Quota(Unit::Tokens, Period::Day)),
            (cents(101), Whose::Tenant, Which::Quota(Unit::Cost, Period::Day)),
        ] {
            let limited = state.take(&all, need, now).await.expect_err("not that much");
            assert_eq!((limited.whose, limited.which), (whose, which));
            assert_eq!(limited.remaining, limited.limit, "nothing is used");
        }
        let taken = state.take(&all, Need { tokens: 50, ..cents(100) }, now).await.expect("all of it");
        assert_eq!(taken.requests.map(|left| (left.limit, left.remaining)), Some((5, 4)));
        assert_eq!(taken.tokens.map(|left| (left.limit, left.remaining)), Some((50, 0)));
        assert!(
            state.take(&all, tokens(1), now).await.is_err() && state.take(&all, cents(1), now).await.is_err()
        );
    }
}

#[tokio::test]
async fn what_was_not_used_is_given_back_to_all_replicas_and_what_was_more_is_charged() {
    for stage in Stage::all().await {
        let (one, other, now) = (stage.one(), stage.other(), clock::moment());
        let said = "{ limits: { tokens: 1000/day }, budget: { hard: 10/month } }";
        let (here, there) = (of_key(one, said), of_key(other, said));
        let both = |tokens, dollars: u64| Need { tokens, ..cents(dollars * 100) };
        let left = async |state: &State, claims: &Claims| {
            let tokens = remaining(state, claims, tokens(1000), now).await;
            (tokens, remaining(state, claims, cents(1000), now).await / 1_000_000_000)
        };
        let taken = one.take(&here, both(800, 8), now).await.expect("room");
        assert_eq!(left(other, &there).await, (200, 2));
        one.settle(&here, &taken.hold, both(300, 3), now);
        eventually(async || left(other, &there).await == (700, 7), "nothing was given back").await;
        let taken = other.take(&there, both(1, 1), now).await.expect("room");
        other.settle(&there, &taken.hold, both(600, 6), now);
        eventually(async || left(one, &here).await == (100, 1), "more was not charged").await;
    }
}

#[tokio::test]
async fn a_rate_gives_no_request_back_and_a_quota_does() {
    for stage in Stage::all().await {
        let (state, now) = (stage.one(), clock::moment());
        let claims = of_key(state, "{ limits: { requests: 3/day }, quota: { requests: 1/day } }");
        for turn in 0..3 {
            let mut taken = state.take(&claims, Need::REQUEST, now).await;
            let late = Instant::now() + DEADLINE;
            while taken.is_err() {
                assert!(Instant::now() < late, "turn {turn}: the quota was not given back");
                taken = state.take(&claims, Need::REQUEST, now).await;
            }
            state.settle(&claims, &taken.expect("room").hold, Need::NOTHING, now);
        }
        let limited = state.take(&claims, Need::REQUEST, now).await.expect_err("three were made");
        assert!(matches!(limited.which, Which::Requests(_)), "{limited:?}");
    }
}

#[tokio::test]
async fn places_are_shared_and_free_when_their_request_ends() {
    for stage in Stage::all().await {
        let (one, other, now) = (stage.one(), stage.other(), clock::moment());
        let (here, there) =
            (of_key(one, "limits: { concurrent: 2 }"), of_key(other, "limits: { concurrent: 2 }"));
        let start = async |state: &Arc<State>, claims: &Claims| {
            let mut held = tollgate::limits::Reservation::enter(state, claims.clone(), now).ok()?;
            held.take(Need::REQUEST, now).await.ok()?;
            Some(held)
        };
        let first = start(one, &here).await.expect("a place");
        let mut second = start(other, &there).await.expect("a place");
        second.take(tokens(5), now).await.expect("more for the same request");
        assert!(start(one, &here).await.is_none() && start(other, &there).await.is_none());
        drop(first);
        let mut third = None;
        eventually(
            async || {
                third = start(other, &there).await;
                third.is_some()
            },
            "its place is not free",
        )
        .await;
        assert!(start(one, &here).await.is_none());
        drop((second, third));
        eventually(
            async || {
                let two = (start(one, &here).await, start(other, &there).await);
                two.0.is_some() && two.1.is_some()
            },
            "their places are not free",
        )
        .await;
    }
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back_and_then_there_is_room() {
    for stage in Stage::all().await {
        let (state, now) = (stage.one(), clock::moment());
        let claims = of_key(state, "limits: { requests: [ 2/s, 30/min ] }");
        for _ in 0..2 {
            state.take(&claims, Need::REQUEST, now).await.expect("room");
        }
        let limited = state.take(&claims, Need::REQUEST, now).await.expect_err("two a second");
        assert_eq!((limited.limit, limited.retry_after), (2, Duration::from_millis(500)));
        let then = Moment { mono: now.mono + limited.retry_after, wall: now.wall + limited.retry_after };
        state.take(&claims, Need::REQUEST, then).await.expect("as it said");
        assert!(
            state.take(&claims, Need::REQUEST, now).await.is_err(),
            "a clock that goes back refills nothing"
        );
        for second in 1..=28 {
            state.take(&claims, Need::REQUEST, later(then, second)).await.ok();
        }
        let limited = state.take(&claims, tokens(1), later(then, 28)).await;
        assert!(limited.is_ok(), "a minute's rate refills as well: {limited:?}");
    }
}

#[tokio::test]
async fn a_passed_soft_budget_is_told_and_refuses_nothing() {
    for stage in Stage::all().await {
        let (one, other, now) = (stage.one(), stage.other(), clock::moment());
        let said = "budget: { soft: 1/day, hard: [ 5/day, 3/day ] }";
        let (here, there) = (of_key(one, said), of_key(other, said));
        assert_eq!(one.take(&here, cents(100), now).await.expect("room").soft, None);
        let soft = other.take(&there, cents(100), now).await.expect("room").soft.expect("a warning");
        assert_eq!((soft.whose, soft.quota.amount, soft.used), (Whose::Key, 1_000_000_000, 1_000_000_000));
        let limited = one.take(&here, cents(101), now).await.expect_err("one dollar is left of three");
        assert_eq!((limited.limit, limited.remaining), (3_000_000_000, 1_000_000_000));
    }
}

#[tokio::test]
async fn a_cost_above_a_whole_rate_passes_while_that_is_untouched_and_debts_are_bounded() {
    for stage in Stage::all().await {
        let (state, now) = (stage.one(), clock::moment());
        let claims = of_key(state, "limits: { tokens: 100/min }");
        let taken = state.take(&claims, tokens(1_000_000), now).await.expect("it could never pass otherwise");
        state.settle(&claims, &taken.hold, tokens(u64::MAX >> 12), now);
        let wait =
            async |now| state.take(&claims, tokens(1), now).await.expect_err("nothing left").retry_after;
        eventually(async || wait(now).await > Duration::from_secs(60), "it was not charged").await;
        assert!(wait(now).await < Duration::from_secs(61), "a debt is of one period");
        assert!(wait(later(now, 59)).await > Duration::from_secs(1));
        assert!(state.take(&claims, Need::REQUEST, now).await.is_ok(), "what needs no tokens passes");
        assert!(state.take(&claims, tokens(1), later(now, 121)).await.is_ok());
    }
}
