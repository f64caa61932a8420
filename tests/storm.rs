//! Ten thousand requests while one of two providers fails at random: no client sees any of it.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use support::DONE;
use support::Gateway;
use support::MODEL;
use support::chat_body;
use support::client;
use support::config;
use support::provider;
use support::send;
use tokio::net::TcpListener;
use tollgate::mock;
use tollgate::mock::Behaviour;

const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 32;

async fn simulate(behaviour: Behaviour) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(mock::serve(listener, behaviour));
    address
}

/// Sends so many requests, half of them streamed, and returns how many failed and what was wrong with one.
async fn storm(gateway: Arc<Gateway>, requests: usize) -> (usize, Option<String>) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (gateway, next) = (gateway.clone(), next.clone());
        clients.spawn(async move {
            let (client, mut wrong) = (client(), Vec::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= requests {
                    return wrong;
                }
                let stream = number.is_multiple_of(2);
                let answer = send(client.clone(), &gateway, chat_body(MODEL, stream).to_string(), &[]).await;
                let ended = !stream || answer.events().last().is_some_and(|event| event == DONE);
                if answer.status != 200 || answer.text().is_empty() || !ended {
                    wrong.push(format!("{answer:?}"));
                }
            }
        });
    }
    let wrong = clients.join_all().await.concat();
    (wrong.len(), wrong.into_iter().next())
}

async fn stage(failover: &str, more: &str) -> Arc<Gateway> {
    let shaky = simulate(Behaviour { error_rate: 0.3, seed: Some(7), ..Behaviour::default() }).await;
    let steady = simulate(Behaviour::default()).await;
    let providers =
        [provider("shaky", &format!("http://{shaky}")), provider("steady", &format!("http://{steady}"))];
    Arc::new(Gateway::start(&format!("{}{more}", config(failover, &providers))))
}

#[tokio::test(flavor = "multi_thread")]
async fn random_failures_of_one_provider_reach_no_client() {
    // Short rests, so that it comes back and fails again many times.
    let gateway = stage("unhealthy_for: 50ms, ", "").await;
    assert_eq!(storm(gateway.clone(), REQUESTS).await, (0, None));
    let failed = gateway.metric("tollgate_attempts_total{outcome=\"status_500\",provider=\"shaky\"}");
    assert!(failed > 100.0, "only {failed} attempts failed: this showed nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_do_they_when_it_is_never_given_a_rest_and_hardly_a_retry() {
    let groups = "groups: { m: { strategy: weighted, members: [ shaky/m, steady/m ] } }\n";
    let gateway = stage("unhealthy_after: 1000000, retry_max: 1, ", groups).await;
    assert_eq!(storm(gateway.clone(), 2_000).await, (0, None));
    let failed = gateway.metric("tollgate_attempts_total{outcome=\"status_500\",provider=\"shaky\"}");
    assert!(failed > 200.0, "only {failed} attempts failed: this showed nothing");
}
