//! Answers that come too late: what Redis took is counted once, however the request went on without it.

use crate::*;
use tollgate::config::Period;
use tollgate::config::Unit;
use tollgate::state::Which;
use tollgate::state::redis;

const SAID: &str = "{ limits: { concurrent: 50 }, quota: { tokens: 1000/day }, budget: { hard: 10/month } }";

/// A replica whose answers can be held back, and one beside it that sees what Redis counted.
struct Late {
    stage: Stage,
    passage: Passage,
    replica: Replica,
}

impl Late {
    async fn set(within: Duration) -> Late {
        let stage = Stage::redis().await;
        let redis = stage.redis.as_ref().unwrap();
        let passage = Passage::to(redis.port()).await;
        let replica = Replica::ready(&redis.url_by(passage.port()), within).await;
        Late { stage, passage, replica }
    }

    fn here(&self) -> Claims {
        of_key(&self.replica.state, SAID)
    }

    /// Cents that are left for all, as Redis says.
    async fn left(&self, now: Moment) -> u64 {
        let claims = of_key(self.stage.one(), SAID);
        let refused = self.stage.one().take(&claims, cents(1001), now).await.expect_err("too many");
        refused.remaining / 10_000_000
    }

    async fn is_back(&self) {
        self.passage.open();
        eventually(async || !self.replica.state.is_away(), "it was not found").await;
    }
}

#[tokio::test]
async fn requests_that_went_on_without_the_answer_are_counted_once() {
    let (late, now) = (Late::set(redis::WITHIN).await, clock::moment());
    late.passage.narrow(0);
    let claims = late.here();
    let takes = (0..30).map(|_| late.replica.state.take(&claims, cents(10), now));
    let taken = futures_util::future::join_all(takes).await;
    assert!(taken.iter().all(|taken| taken.is_ok()), "{taken:?}");
    assert!(late.replica.state.is_away());
    eventually(async || late.left(now).await < 1000, "redis took none of them").await;
    late.is_back().await;
    eventually(async || late.left(now).await == 700, "they were counted twice").await;
    for taken in taken {
        late.replica.state.settle(&claims, &taken.unwrap().hold, cents(1), now);
    }
    eventually(async || late.left(now).await == 970, "what was not used was not given back").await;
}

#[tokio::test]
async fn a_request_that_was_refused_without_the_answer_is_given_back() {
    let (late, now) = (Late::set(Duration::from_secs(1)).await, clock::moment());
    let (one, claims) = (late.stage.one().clone(), late.here());
    let theirs = of_key(&one, SAID);
    let held = one.take(&theirs, tokens(900), now).await.expect("room");
    late.replica.state.take(&claims, tokens(1), now).await.expect("room");
    one.settle(&theirs, &held.hold, tokens(0), now);
    let far_too_many = Need { tokens: 1001, ..Need::NOTHING };
    let free = async || one.take(&theirs, far_too_many, now).await.is_err_and(|no| no.remaining == 999);
    eventually(free, "it was not given back").await;
    // It knows only that 901 are used.
    late.passage.narrow(0);
    let refused = late.replica.state.take(&claims, Need { tokens: 200, ..cents(200) }, now).await;
    assert_eq!(refused.expect_err("99 are left").which, Which::Quota(Unit::Tokens, Period::Day));
    eventually(async || late.left(now).await == 800, "redis did not take it").await;
    late.is_back().await;
    eventually(async || late.left(now).await == 1000, "what nobody used was not given back").await;
}

#[tokio::test]
async fn a_request_that_is_given_up_before_the_answer_leaves_nothing_behind() {
    let (late, now) = (Late::set(PATIENT).await, clock::moment());
    let one_place = "{ limits: { concurrent: 1 }, budget: { hard: 10/month } }";
    let (here, there) = (of_key(&late.replica.state, one_place), of_key(late.stage.one(), one_place));
    // The script has to be known: who is polled only once asks only once.
    assert_eq!(late.left(now).await, 1000);
    late.passage.narrow(0);
    let mut asked = Box::pin(late.replica.state.take(&here, cents(10), now));
    assert!(futures_util::poll!(&mut asked).is_pending());
    eventually(
        async || {
            late.stage
                .one()
                .take(&there, cents(1001), now)
                .await
                .is_err_and(|no| no.which == Which::Concurrent)
        },
        "it did not take the place",
    )
    .await;
    drop(asked);
    late.passage.open();
    eventually(
        async || late.stage.one().take(&there, cents(1000), now).await.is_ok(),
        "place and money were not given back",
    )
    .await;
    assert!(!late.replica.state.is_away(), "nobody was late");
}

#[tokio::test]
async fn what_redis_heard_without_being_heard_is_not_told_again() {
    let (late, now) = (Late::set(PATIENT).await, clock::moment());
    let claims = late.here();
    let taken = late.replica.state.take(&claims, cents(100), now).await.expect("room");
    late.passage.narrow(0);
    late.replica.state.settle(&claims, &taken.hold, cents(130), now);
    eventually(async || late.left(now).await == 870, "redis was not told").await;
    eventually(async || late.replica.state.is_away(), "nobody misses the answer").await;
    late.passage.lose();
    late.is_back().await;
    assert_eq!(late.left(now).await, 870);
}

#[tokio::test]
async fn what_a_redis_that_hangs_was_told_counts_once() {
    let (stage, now) = (Stage::redis().await, clock::moment());
    let redis = stage.redis.as_ref().unwrap();
    let (here, there) = (of_key(stage.one(), SAID), of_key(stage.other(), SAID));
    let taken = stage.one().take(&here, cents(100), now).await.expect("room");
    redis.freeze();
    stage.one().settle(&here, &taken.hold, cents(130), now);
    eventually(async || stage.one().is_away(), "nobody misses the answer").await;
    redis.thaw();
    eventually(async || !stage.one().is_away() && !stage.other().is_away(), "it was not found").await;
    let left = async || stage.other().take(&there, cents(1001), now).await.expect_err("too many").remaining;
    assert_eq!(left().await, 8_700_000_000);
}
