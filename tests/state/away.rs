//! Redis that is not there, goes, hangs, forgets, and comes back: no call waits, and nothing is free meanwhile.

use crate::*;
use tollgate::state::redis;

/// Generous: machines that run tests are busy. A call that hangs takes longer.
const BY_FAR: Duration = Duration::from_secs(2);
const SAID: &str = "budget: { hard: 10/month }";

/// Takes so many cents one after the other, each of them in time; how many found room.
async fn spend(state: &Arc<State>, times: usize) -> usize {
    let (claims, mut passed) = (of_key(state, SAID), 0);
    for _ in 0..times {
        let start = Instant::now();
        passed += usize::from(state.take(&claims, cents(1), clock::moment()).await.is_ok());
        assert!(start.elapsed() < BY_FAR, "a call took {:?}", start.elapsed());
    }
    passed
}

fn used(state: &State) -> u64 {
    let standing = state.standing(&of_key(state, SAID), clock::moment());
    standing.last().unwrap().used / 10_000_000
}

#[tokio::test]
async fn redis_that_is_away_at_the_start_is_found_later() {
    let mut redis = RedisServer::start();
    redis.stop();
    let replica = Replica::start(&redis.url(), PATIENT);
    assert_eq!(spend(&replica.state, 30).await, 30);
    assert!(replica.state.is_away());
    eventually(async || replica.metric("tollgate_state_away") == 1.0, "no metric says so").await;
    redis.start_again();
    eventually(async || !replica.state.is_away(), "it was not found").await;
    assert_eq!(replica.metric("tollgate_state_away"), 0.0);
    let other = Replica::ready(&redis.url(), PATIENT).await;
    assert_eq!(spend(&other.state, 980).await, 970, "what was spent before counts for all");
}

#[tokio::test]
async fn limits_hold_while_it_is_gone_and_its_counters_are_raised_when_it_is_back_empty() {
    let mut stage = Stage::redis().await;
    let mut redis = stage.redis.take().unwrap();
    let (one, other) = (stage.one().clone(), stage.other().clone());
    assert_eq!((spend(&one, 300).await, spend(&other, 300).await), (300, 300));
    assert_eq!(spend(&one, 1).await, 1, "so this one knows of the others' 300");
    redis.stop();
    assert_eq!(spend(&one, 500).await, 399, "of 1000, 601 were spent before");
    assert!(one.is_away() && stage.replicas[0].metric("tollgate_state_away") == 1.0);
    assert_eq!(spend(&other, 50).await, 50);
    redis.start_again();
    eventually(async || !one.is_away() && !other.is_away(), "it was not found").await;
    assert_eq!(
        (spend(&one, 5).await, spend(&other, 5).await),
        (0, 0),
        "all is spent, though redis came back empty"
    );
    let fresh = Replica::ready(&redis.url(), PATIENT).await;
    assert_eq!(spend(&fresh.state, 5).await, 0);
    assert!(used(&one) >= 1000);
}

#[tokio::test]
async fn what_was_counted_during_a_pause_is_added_to_what_redis_kept() {
    let stage = Stage::redis().await;
    let redis = stage.redis.as_ref().unwrap();
    let replica = Replica::ready(&redis.url(), redis::WITHIN).await;
    // On a busy machine it may be late before that: then its part is told when it is back.
    assert_eq!(spend(stage.one(), 100).await + spend(&replica.state, 100).await, 200);
    redis.freeze();
    assert_eq!(spend(&replica.state, 100).await, 100, "nobody waits for what hangs");
    assert!(replica.state.is_away());
    redis.thaw();
    eventually(async || !replica.state.is_away(), "it was not found").await;
    assert_eq!(spend(stage.one(), 1000).await, 700, "a call that was late was counted there, and only there");
}

#[tokio::test]
async fn a_request_under_way_keeps_its_place_and_its_reservation_through_an_outage() {
    let mut stage = Stage::redis().await;
    let mut redis = stage.redis.take().unwrap();
    let (one, other) = (stage.one().clone(), stage.other().clone());
    let said = "{ limits: { concurrent: 2 }, budget: { hard: 10/month } }";
    let now = clock::moment();
    let reserve = async |state: &Arc<State>| {
        let mut held = tollgate::limits::Reservation::enter(state, of_key(state, said), now).ok()?;
        held.take(cents(400), now).await.ok()?;
        Some(held)
    };
    let before = reserve(&one).await.expect("a place");
    redis.stop();
    let during = reserve(&one).await.expect("the other one");
    assert!(reserve(&one).await.is_none(), "places are counted here too");
    eventually(async || other.is_away(), "who asks nothing notices too").await;
    redis.start_again();
    eventually(async || !one.is_away() && !other.is_away(), "it was not found").await;
    assert!(reserve(&other).await.is_none(), "both places are taken");
    before.settle(cents(100), now);
    let mut late = None;
    eventually(
        async || {
            late = reserve(&other).await;
            late.is_some()
        },
        "a place and 3 dollars were given back",
    )
    .await;
    during.settle(cents(100), now);
    drop(late);
    let claims = of_key(&other, said);
    eventually(
        async || other.take(&claims, Need { requests: 0, ..cents(800) }, now).await.is_ok(),
        "2 are spent",
    )
    .await;
}

#[tokio::test]
async fn scripts_may_be_forgotten_and_the_commands_for_them_blocked() {
    let stage = Stage::redis().await;
    let redis = stage.redis.as_ref().unwrap();
    let () = redis.say("ACL SETUSER plain on >word ~* +@all -script");
    let plain = Replica::ready(&redis.url_of("plain"), PATIENT).await;
    for _ in 0..3 {
        let () = redis.say("SCRIPT FLUSH");
        assert_eq!((spend(stage.one(), 2).await, spend(&plain.state, 2).await), (2, 2));
    }
    assert!(!stage.one().is_away() && !plain.state.is_away());
    assert_eq!(spend(stage.other(), 1000).await, 988);
}

#[tokio::test]
async fn an_emptied_redis_is_noticed_and_told_again() {
    let stage = Stage::redis().await;
    assert_eq!(spend(stage.one(), 600).await, 600);
    let () = stage.redis.as_ref().unwrap().say("FLUSHALL");
    assert_eq!(spend(stage.one(), 1).await, 1);
    assert!(stage.one().is_away(), "for a moment");
    eventually(async || !stage.one().is_away(), "it was not found").await;
    spend(stage.other(), 1).await;
    eventually(async || !stage.other().is_away(), "it was not found").await;
    let left = spend(stage.other(), 1000).await;
    assert!((397..=399).contains(&left), "{left}: nothing is free, and nothing was counted twice");
}

#[tokio::test]
async fn a_redis_that_speaks_no_tls_is_away_for_who_asks_for_it() {
    let redis = RedisServer::start();
    let replica = Replica::start(&redis.url().replace("redis://", "rediss://"), PATIENT);
    eventually(async || replica.metric("tollgate_state_away") == 1.0, "no metric says so").await;
    assert_eq!(spend(&replica.state, 1001).await, 1000);
}
