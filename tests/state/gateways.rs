//! Real gateways on one Redis: what clients see of it, and what the log says.

use crate::*;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use support::Gateway;
use support::MODEL;
use support::Reply;
use support::Vendor;
use support::client;
use support::config;
use support::provider;

const CLIENTS: usize = 20;
const FREE: &str = "tg-key-nearly-free-0001";
const TIGHT: &str = "tg-key-of-37-a-day-0001";

/// A key that meets no limit though it has them all, and one that does.
fn yaml(vendor: &Vendor, redis: &RedisServer) -> String {
    format!(
        "{}state: '{}'\nstate_within: 2s\nkeys:\n  \
         - {{ name: free, key: {FREE}, limits: {{ requests: 1000000/s, tokens: 1000000000/s, concurrent: 1000 }} }}\n  \
         - {{ name: tight, key: {TIGHT}, limits: {{ requests: 37/day }} }}\n",
        config("", &[provider("vendor", vendor.base_url())]),
        redis.url()
    )
}

async fn status(gateway: &Gateway, key: &str) -> u16 {
    let body = support::chat_body(MODEL, false);
    let request = client().post(gateway.url("/v1/chat/completions")).bearer_auth(key).json(&body);
    request.send().await.map_or(0, |answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_that_dies_and_comes_back_under_load_is_noticed_by_no_client() {
    let (vendor, mut redis) = (Vendor::start(|_, _| Reply::chat("hello")), RedisServer::start());
    let yaml = yaml(&vendor, &redis);
    let gateways = Arc::new([Gateway::start(&yaml), Gateway::start(&yaml)]);
    let away = async |value: f64| {
        for gateway in gateways.iter() {
            gateway.metric_becomes("tollgate_state_away", value).await;
        }
    };
    away(0.0).await;
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (gateways, over, answered) = (gateways.clone(), over.clone(), answered.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(status(&gateways[number % 2], FREE).await, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let some_more = async || {
        let so_far = answered.load(Ordering::Relaxed);
        eventually(async || answered.load(Ordering::Relaxed) > so_far + 2 * CLIENTS, "no answers").await;
    };
    for _ in 0..2 {
        some_more().await;
        redis.stop();
        away(1.0).await;
        some_more().await;
        redis.start_again();
        away(0.0).await;
    }
    some_more().await;
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client saw it");
    }
    let crowd = futures_util::future::join_all((0..200).map(|turn| status(&gateways[turn % 2], TIGHT))).await;
    assert!(crowd.iter().all(|status| [200, 429].contains(status)), "{crowd:?}");
    assert_eq!(crowd.iter().filter(|status| **status == 200).count(), 37, "the limit is shared again");
}

#[tokio::test]
async fn a_redis_that_may_throw_counters_away_is_warned_of_once() {
    let (vendor, mut redis) = (Vendor::start(|_, _| Reply::chat("hello")), RedisServer::start());
    let said = |line: &str| line.contains("maxmemory-policy");
    let calm = Gateway::start(&yaml(&vendor, &redis));
    eventually(async || redis.say::<u64>("EXISTS {tollgate}:replicas") == 1, "it did not find redis").await;
    let () = redis.say("CONFIG SET maxmemory-policy allkeys-lru");
    let gateway = Gateway::start(&yaml(&vendor, &redis));
    let line = gateway.wait_for_log(said).await;
    assert!(line.contains("allkeys-lru") && line.contains("noeviction"), "{line}");
    assert!(!calm.logs().iter().any(|line| said(line)), "its redis threw nothing away");
    redis.stop();
    gateway.metric_becomes("tollgate_state_away", 1.0).await;
    redis.start_again();
    let () = redis.say("CONFIG SET maxmemory-policy allkeys-lru");
    gateway.metric_becomes("tollgate_state_away", 0.0).await;
    assert_eq!(gateway.logs().iter().filter(|line| said(line)).count(), 1);
}
