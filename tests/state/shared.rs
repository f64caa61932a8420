//! What replicas share besides counters, and how it lies in Redis.

use crate::*;
use bytes::Bytes;

#[tokio::test]
async fn places_of_a_killed_replica_come_free_and_those_of_a_living_one_do_not() {
    let mut stage = Stage::redis().await;
    let (said, now) = ("limits: { concurrent: 1 }", clock::moment());
    let (here, there) = (of_key(stage.one(), said), of_key(stage.other(), said));
    stage.one().take(&here, Need::REQUEST, now).await.expect("the only place");
    assert!(stage.other().take(&there, Need::REQUEST, now).await.is_err());
    assert!(
        stage.one().take(&here, Need::REQUEST, later(now, 600)).await.is_err(),
        "its own request may be long"
    );
    // Killed: it gives no sign of life any more.
    drop(stage.replicas.remove(0));
    let other = stage.one();
    assert!(other.take(&there, Need::REQUEST, later(now, 30)).await.is_err(), "it may only be slow");
    other.take(&there, Need::REQUEST, later(now, 60)).await.expect("it is dead");
}

#[tokio::test]
async fn everything_in_redis_lies_in_one_slot_ends_by_itself_and_tells_no_name() {
    let stage = Stage::redis().await;
    let redis = stage.redis.as_ref().unwrap();
    let (state, now) = (stage.one(), clock::moment());
    let all = claims(
        state,
        &[
            (Whose::Key, "{ limits: { requests: 60/min, concurrent: 5 }, budget: { hard: 5/month } }"),
            (Whose::User, "{ limits: { tokens: [ 5/s, 100/day ] }, quota: { requests: 9/day rolling } }"),
        ],
    );
    state.take(&all, tokens(1), now).await.expect("room");
    state.publish_cool("provider of ann", now.wall + Duration::from_secs(60));
    eventually(async || redis.say::<u64>("EXISTS {tollgate}:cools") == 1, "nobody was told").await;
    let keys: Vec<String> = redis.say("KEYS *");
    assert!(keys.len() >= 5, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("{tollgate}:") && !key.contains("ann"), "{key}");
        assert!(redis.say::<i64>(&format!("PTTL {key}")) > 0, "{key} stays for ever");
    }
}

#[tokio::test]
async fn cached_bytes_are_found_by_all_and_a_redis_that_is_gone_is_a_miss() {
    let mut stage = Stage::redis().await;
    let mut redis = stage.redis.take().unwrap();
    let (one, other) = (stage.one().shared_bytes(100).unwrap(), stage.other().shared_bytes(100).unwrap());
    let hour = Duration::from_secs(3600);
    let () = redis.say("SET somebody-elses 1");
    one.put(&[1; 32], Bytes::from_static(b"one"), hour).await;
    one.put(&[2; 32], Bytes::from(vec![b'x'; 101]), hour).await;
    one.put(&[3; 32], Bytes::from_static(b"over at once"), Duration::ZERO).await;
    one.put(&[4; 32], Bytes::from_static(b"soon over"), Duration::from_millis(1)).await;
    one.put(&[5; 32], Bytes::from_static(b"last"), hour).await;
    eventually(async || other.get(&[5; 32]).await.is_some(), "it was not kept").await;
    assert_eq!(other.get(&[1; 32]).await.as_deref(), Some(b"one".as_slice()));
    assert_eq!((other.get(&[2; 32]).await, other.get(&[3; 32]).await), (None, None));
    eventually(async || other.get(&[4; 32]).await.is_none(), "its life was over").await;
    one.clear();
    assert_eq!(redis.say::<u64>("EXISTS somebody-elses"), 1);
    other.remove(&[1; 32]).await;
    eventually(async || one.get(&[1; 32]).await.is_none(), "it was not forgotten").await;
    redis.stop();
    assert_eq!(one.get(&[5; 32]).await, None);
    one.put(&[6; 32], Bytes::from_static(b"lost"), hour).await;
    redis.start_again();
    let found_again = async || {
        one.put(&[6; 32], Bytes::from_static(b"kept"), hour).await;
        one.get(&[6; 32]).await.as_deref() == Some(b"kept".as_slice())
    };
    eventually(found_again, "it was not kept").await;
}

#[tokio::test]
async fn counters_do_not_wait_behind_a_large_answer() {
    let stage = Stage::redis().await;
    let redis = stage.redis.as_ref().unwrap();
    let passage = Passage::to(redis.port()).await;
    let replica = Replica::ready(&redis.url_by(passage.port()), PATIENT).await;
    let large = Bytes::from(vec![b'x'; 4 << 20]);
    let (near, far) =
        (stage.one().shared_bytes(8 << 20).unwrap(), replica.state.shared_bytes(8 << 20).unwrap());
    near.put(&[1; 32], large.clone(), Duration::from_secs(3600)).await;
    eventually(async || far.get(&[1; 32]).await.as_ref() == Some(&large), "it was not kept").await;
    passage.narrow(6 << 20);
    let got = tokio::spawn(async move { far.get(&[1; 32]).await });
    eventually(async || passage.waiting() == 1, "it is not under way").await;
    let said = "quota: { requests: 5/day }";
    let (here, there) = (of_key(&replica.state, said), of_key(stage.one(), said));
    for _ in 0..5 {
        replica.state.take(&here, Need::REQUEST, clock::moment()).await.expect("room");
    }
    assert!(!replica.state.is_away() && passage.waiting() == 1);
    assert!(
        stage.one().take(&there, Need::REQUEST, clock::moment()).await.is_err(),
        "it was counted for all"
    );
    passage.open();
    assert_eq!(got.await.unwrap().map(|value| value.len()), Some(4 << 20));
}

const DAY: i64 = 86_400_000;

/// Milliseconds that the only account there is will live.
fn life(redis: &RedisServer) -> i64 {
    let keys: Vec<String> = redis.say("KEYS {tollgate}:c:*");
    assert_eq!(keys.len(), 1, "{keys:?}");
    redis.say(&format!("PTTL {}", keys[0]))
}

#[tokio::test]
async fn an_account_lives_no_longer_than_what_it_counts() {
    let table = [
        ("limits: { requests: 9/min, tokens: 900/s }", 180_000),
        ("{ limits: { requests: 9/min }, quota: { tokens: 100/day } }", 2 * DAY),
        ("{ limits: { requests: 9/min }, quota: { tokens: 100/day, cost: 5/month rolling } }", 32 * DAY),
    ];
    for (said, longest) in table {
        let stage = Stage::redis().await;
        let claims = claims(stage.one(), &[(Whose::User, said)]);
        stage.one().take(&claims, tokens(1), clock::moment()).await.expect("room");
        let left = life(stage.redis.as_ref().unwrap());
        assert!(left <= longest && left > longest / 10 * 9, "{said}: {left} ms");
    }
}

#[tokio::test]
async fn a_change_of_a_short_counter_ends_no_longer_one() {
    let stage = Stage::redis().await;
    let (one, other, now) = (stage.one(), stage.other(), clock::moment());
    let said = "quota: { tokens: 100/day, cost: 5/month }";
    let (here, there) = (of_key(one, said), of_key(other, said));
    one.take(&here, tokens(1), now).await.expect("room");
    one.seed(&one.account("key of ann"), &bounds(said).quotas[0], now.wall, 60, now);
    let told = async || other.take(&there, tokens(101), now).await.expect_err("too many").remaining < 50;
    eventually(told, "nobody was told").await;
    assert!(life(stage.redis.as_ref().unwrap()) > 31 * DAY);
}

#[tokio::test]
async fn a_cool_down_that_one_replica_publishes_is_known_to_all() {
    let stage = Stage::redis().await;
    let until = Duration::from_secs(clock::since_epoch().as_secs() + 60);
    let (one, other) = (stage.one(), stage.other());
    one.publish_cool("groq/key 1", until);
    one.publish_cool("groq/key 1", until - Duration::from_secs(30));
    assert_eq!(one.cool_until("groq/key 1"), Some(until), "here at once; the longest counts");
    eventually(async || other.cool_until("groq/key 1") == Some(until), "nobody else was told").await;
    assert_eq!(other.cool_until("groq/key 2"), None);
    assert_eq!(State::memory().cool_until("groq/key 1"), None);
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_told() {
    let metrics = Arc::new(Metrics::new());
    let refused = State::redis(&Secret::new("http://:hunter2@host"), PATIENT, metrics).expect_err("no redis");
    assert!(
        !refused.to_string().contains("hunter2") && refused.to_string().contains("rediss://"),
        "{refused}"
    );
}
