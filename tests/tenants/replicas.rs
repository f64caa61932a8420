//! Several gateways on one PostgreSQL, and on one Redis.

use crate::*;
use support::Postgres;
use support::RedisServer;

#[tokio::test]
async fn replicas_share_the_keys_of_one_server() {
    let url = Postgres::shared().database().await;
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let yaml = format!(
        "{}store: '{url}'\nlimits: {{ bad_keys_per_ip: off }}\nkeys: [ {{ name: static, key: {NOBODYS} }} ]\n",
        frame(&vendor, "")
    );
    let gateways = [Gateway::start(&yaml), Gateway::start(&yaml)];
    let url = tollgate::config::StoreUrl::Postgres(tollgate::secret::Secret::new(url));
    let store = Stored::at(&url).await;
    let tenant = store.tenant("acme", "{}").await;
    let (row, key) = store.key(&tenant, "app", "{}").await;
    for gateway in &gateways {
        becomes(gateway, &key, 200).await;
    }
    let new = store.rotate(&row.id, Duration::ZERO).await;
    for gateway in &gateways {
        becomes(gateway, &new, 200).await;
        assert_eq!(chat(gateway, &key, json!({})).await.status, 401);
    }
    let admins = store.0.admins().await.unwrap();
    assert_eq!(admins.len(), 1, "one of the two made the first admin: {admins:?}");
}

/// Two replicas, one Redis, one PostgreSQL.
struct Replicas {
    gateways: [Gateway; 2],
    store: Stored,
    vendor: Vendor,
    redis: RedisServer,
}

impl Replicas {
    async fn set(lines: &str, script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Replicas {
        let url = Postgres::shared().database().await;
        let (vendor, redis) = (Vendor::start(script), RedisServer::start());
        let limits = if lines.contains("limits:") { "" } else { "limits: { bad_keys_per_ip: off }\n" };
        let yaml = format!(
            "{}store: '{url}'\nstate: '{}'\nstate_within: 2s\n{limits}keys: [ {{ name: static, key: {NOBODYS} }} ]\n{lines}",
            frame(&vendor, lines),
            redis.url()
        );
        let gateways = [Gateway::start(&yaml), Gateway::start(&yaml)];
        for gateway in &gateways {
            gateway.metric_becomes("tollgate_state_away", 0.0).await;
        }
        let url = tollgate::config::StoreUrl::Postgres(tollgate::secret::Secret::new(url));
        Replicas { gateways, store: Stored::at(&url).await, vendor, redis }
    }

    /// Two hundred clients at once, half of them at each gateway; how many were let in.
    async fn crowd(&self, key: &str) -> usize {
        let asked = (0..200).map(|number| chat(&self.gateways[number % 2], key, json!({})));
        let answers = futures_util::future::join_all(asked).await;
        assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)), "{answers:?}");
        answers.iter().filter(|answer| answer.status == 200).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_admit_exactly_as_many_as_may() {
    let replicas = Replicas::set("", |_, _| Reply::chat("hello")).await;
    let tenant = replicas.store.tenant("acme", r#"{"limits":{"requests":"37/day"}}"#).await;
    let (_, key) = replicas.store.key(&tenant, "app", "{}").await;
    let (_, other) = replicas.store.key(&tenant, "other", r#"{"limits":{"requests":"1/day"}}"#).await;
    for gateway in &replicas.gateways {
        becomes_within(gateway, &key, IN_FORCE, |answer| answer.status == 200).await;
    }
    // One request of each gateway was needed to see that.
    assert_eq!(replicas.crowd(&key).await, 35);
    assert_eq!(replicas.vendor.count(), 37);
    let refused = chat(&replicas.gateways[0], &other, json!({})).await;
    assert!(message(&refused).starts_with("the tenant of this key may make 37 requests"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_share_a_budget() {
    let slow = |_: usize, _: &Request| Reply::chat("hello").pausing_first(Duration::from_secs(3));
    let replicas = Replicas::set("limits: { per_key: { budget: { hard: 60/day } } }\n", slow).await;
    assert_eq!(replicas.crowd(NOBODYS).await, 6, "each keeps room for ten dollars");
    let spent = async || {
        let [one, other] = &replicas.gateways;
        one.metric("tollgate_cost_usd_total") + other.metric("tollgate_cost_usd_total")
    };
    let deadline = Instant::now() + IN_FORCE;
    while spent().await < 42.0 {
        assert!(Instant::now() < deadline, "{}", spent().await);
    }
    assert_eq!(spent().await, 42.0, "seven of each ten, below the budget of sixty");
}

#[tokio::test]
async fn cached_answers_are_shared_by_replicas_and_by_no_other_tenant() {
    let lines = "cache: { exact: { ttl: 60 } }\n";
    let replicas = Replicas::set(lines, |number, _| Reply::chat(&format!("answer {number}"))).await;
    let (a, b) = (replicas.store.tenant("a", "{}").await, replicas.store.tenant("b", "{}").await);
    let (_, of_a) = replicas.store.key(&a, "app", "{}").await;
    let (_, of_b) = replicas.store.key(&b, "app", "{}").await;
    let [one, other] = &replicas.gateways;
    for (gateway, key) in [(one, &of_a), (other, &of_b)] {
        becomes(gateway, key, 200).await;
    }
    let hit = |answer: &Answer| answer.header("x-cache") == Some("HIT") && answer.text() == "answer 0";
    becomes_within(other, &of_a, IN_FORCE, hit).await;
    assert_ne!(chat(one, &of_b, json!({})).await.text(), "answer 0");
}

#[tokio::test]
async fn without_redis_limits_are_local_and_nobody_notices() {
    let mut replicas =
        Replicas::set("limits: { per_key: { requests: 1000/day } }\n", |_, _| Reply::chat("hello")).await;
    replicas.redis.stop();
    for gateway in &replicas.gateways {
        for _ in 0..5 {
            assert_eq!(chat(gateway, NOBODYS, json!({})).await.status, 200);
        }
        gateway.metric_becomes("tollgate_state_away", 1.0).await;
    }
    replicas.redis.start_again();
    for gateway in &replicas.gateways {
        gateway.metric_becomes("tollgate_state_away", 0.0).await;
        assert_eq!(chat(gateway, NOBODYS, json!({})).await.status, 200);
    }
}
