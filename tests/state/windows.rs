//! The clock moved by hand: days, months, leap days, and clocks that go backwards.

use crate::*;

/// Takes tokens for a quota of 100; whether there was room.
async fn takes(state: &State, said: &str, amount: u64, now: Moment) -> bool {
    state.take(&of_key(state, said), tokens(amount), now).await.is_ok()
}

#[tokio::test]
async fn a_window_is_reset_by_whoever_comes_first_after_its_end_and_not_before() {
    let rolling_day = "quota: { tokens: 100/day rolling }";
    let rolling_month = "quota: { tokens: 100/month rolling }";
    let table = [
        (
            rolling_day,
            "Sat, 14 Mar 2026 15:00:00 GMT",
            "Sun, 15 Mar 2026 14:59:59 GMT",
            "Sun, 15 Mar 2026 15:00:00 GMT",
        ),
        (
            "quota: { tokens: 100/day }",
            "Sat, 14 Mar 2026 15:00:00 GMT",
            "Sat, 14 Mar 2026 23:59:59 GMT",
            "Sun, 15 Mar 2026 00:00:00 GMT",
        ),
        (
            "quota: { tokens: 100/month }",
            "Tue, 01 Feb 2028 00:00:00 GMT",
            "Tue, 29 Feb 2028 23:59:59 GMT",
            "Wed, 01 Mar 2028 00:00:00 GMT",
        ),
        (
            "quota: { tokens: 100/day, window: calendar }",
            "Mon, 28 Feb 2028 12:00:00 GMT",
            "Mon, 28 Feb 2028 23:59:59 GMT",
            "Tue, 29 Feb 2028 00:00:00 GMT",
        ),
        (
            "quota: { tokens: 100/month }",
            "Thu, 31 Dec 2026 01:00:00 GMT",
            "Thu, 31 Dec 2026 23:59:59 GMT",
            "Fri, 01 Jan 2027 00:00:00 GMT",
        ),
        (
            rolling_month,
            "Sun, 27 Feb 2028 06:00:00 GMT",
            "Tue, 28 Mar 2028 05:59:59 GMT",
            "Tue, 28 Mar 2028 06:00:00 GMT",
        ),
    ];
    for (said, first, last, next) in table {
        for stage in Stage::all().await {
            let (one, other) = (stage.one(), stage.other());
            assert!(takes(one, said, 100, on(first)).await, "{said}");
            let limited = other.take(&of_key(other, said), tokens(1), on(last)).await.expect_err("used up");
            assert_eq!(limited.retry_after, Duration::from_secs(1), "{said}");
            assert!(!takes(one, said, 1, on(last)).await, "{said}");
            assert!(takes(other, said, 100, on(next)).await, "{said}");
            assert!(!takes(one, said, 1, on(next)).await, "{said}: the new one is shared too");
            assert!(
                !takes(one, said, 1, on(last)).await,
                "{said}: and a clock that goes back opens no old one"
            );
        }
    }
}

#[tokio::test]
async fn what_is_settled_after_its_window_touches_no_other() {
    let said = "quota: { tokens: 100/day }";
    let (evening, morning) = (on("Sat, 31 Jan 2026 23:59:00 GMT"), on("Sun, 01 Feb 2026 00:01:00 GMT"));
    for stage in Stage::all().await {
        let (state, claims) = (stage.one(), of_key(stage.one(), said));
        let (down, up) = (
            state.take(&claims, tokens(50), evening).await.expect("room"),
            state.take(&claims, tokens(50), evening).await.expect("room"),
        );
        let today = state.take(&claims, tokens(90), morning).await.expect("a new day");
        state.settle(&claims, &down.hold, tokens(0), morning);
        state.settle(&claims, &up.hold, tokens(99), morning);
        // Redis is told in order: when this has arrived, so has what came before.
        state.settle(&claims, &today.hold, tokens(80), morning);
        let left = async || state.take(&claims, tokens(101), morning).await.expect_err("too many").remaining;
        eventually(async || left().await == 20, "today's room, and nothing but that, was not given back")
            .await;
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_keeps_what_is_in_redis() {
    let redis = RedisServer::start();
    let said = "{ limits: { requests: 3/day }, quota: { tokens: 100/month rolling } }";
    let start = on("Thu, 31 Dec 2026 12:00:00 GMT");
    for turn in 0..3 {
        let replica = Replica::ready(&redis.url(), PATIENT).await;
        let now = later(start, turn);
        let taken = replica.state.take(&of_key(&replica.state, said), tokens(33), now).await.expect("room");
        assert_eq!(taken.requests.map(|left| left.remaining), Some(2 - turn));
    }
    let replica = Replica::ready(&redis.url(), PATIENT).await;
    let claims = of_key(&replica.state, said);
    assert!(replica.state.take(&claims, tokens(1), later(start, 3)).await.is_err(), "three requests a day");
    let limited =
        replica.state.take(&claims, tokens(2), later(start, 86_400)).await.expect_err("99 were used");
    assert_eq!((limited.remaining, limited.reset), (1, Duration::from_secs(29 * 86_400)));
}

#[tokio::test]
async fn counters_are_seeded_from_elsewhere_in_the_window_that_runs() {
    for stage in Stage::all().await {
        let (one, other) = (stage.one(), stage.other());
        let said = "quota: { tokens: 100/month }";
        let (here, now) = (of_key(one, said), on("Sat, 28 Feb 2026 12:00:00 GMT"));
        let quota = bounds(said).quotas[0];
        let account = one.account("key of ann");
        one.seed(&account, &quota, on("Sun, 01 Feb 2026 00:00:00 GMT").wall, 60, now);
        one.seed(&account, &quota, on("Thu, 01 Jan 2026 00:00:00 GMT").wall, 99, now);
        one.seed(&account, &quota, on("Sun, 01 Feb 2026 00:00:00 GMT").wall, 10, now);
        assert_eq!(one.standing(&here, now)[0].used, 60);
        let there = of_key(other, said);
        let left = async || other.take(&there, tokens(101), now).await.expect_err("too many").remaining;
        eventually(async || left().await == 40, "nobody else was told").await;
    }
}

#[tokio::test]
async fn a_rolling_window_begins_with_its_first_use_and_not_when_somebody_looks_or_is_refused() {
    let said = "quota: { tokens: 100/day rolling }";
    let noon = on("Sat, 14 Mar 2026 12:00:00 GMT");
    for stage in Stage::all().await {
        let (state, claims) = (stage.one(), of_key(stage.one(), said));
        assert_eq!(state.standing(&claims, noon)[0].used, 0);
        assert!(state.look(&claims, tokens(1), noon).is_ok());
        assert!(state.take(&claims, tokens(101), noon).await.is_err());
        assert!(takes(state, said, 70, later(noon, 80_000)).await);
        let next_noon = later(noon, 86_400);
        assert_eq!(state.standing(&claims, next_noon)[0].used, 70, "the window began with the first use");
        assert_eq!(state.standing(&claims, later(noon, 166_399))[0].reset, Duration::from_secs(1));
        assert!(!takes(state, said, 31, next_noon).await);
        assert_eq!(state.standing(&claims, later(noon, 166_400))[0].used, 0);
        assert_eq!(state.standing(&claims, next_noon)[0].used, 70, "nor does a look end one");
    }
}
