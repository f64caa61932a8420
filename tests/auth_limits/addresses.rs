//! Limits of an address: its requests, and its wrong keys.

use crate::*;
use support::request;

/// Asks from another address of this machine.
async fn ask_from(stage: &Stage, ip: &str, key: &str) -> Answer {
    let mut client = Wire::from(ip, stage.gateway.address()).await;
    client.ask(request("GET", "/v1/models", key, &[], "")).await
}

#[tokio::test]
async fn an_address_may_ask_only_so_often_whatever_its_keys() {
    let stage = Stage::set("limits: { per_ip: 5/day }", "");
    for turn in 0..5 {
        let key = if turn % 2 == 0 { KEY } else { OTHER_KEY };
        assert_eq!(ask_from(&stage, "127.0.0.1", key).await.status, 200, "turn {turn}");
    }
    for key in [KEY, OTHER_KEY, "tg-wrong"] {
        limited(&ask_from(&stage, "127.0.0.1", key).await);
    }
    assert_eq!(ask_from(&stage, "127.0.0.2", KEY).await.status, 200, "another address is not concerned");
    let mut prober = stage.connect().await;
    for path in ["/health", "/ready"] {
        assert_eq!(prober.ask(request("GET", path, "", &[], "")).await.status, 200, "{path} is not limited");
    }
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"per_ip\"}"), 3.0);
}

#[tokio::test]
async fn an_address_may_try_only_so_many_wrong_keys() {
    let stage = Stage::set("limits: { bad_keys_per_ip: 3/day }", "");
    assert_eq!(ask_from(&stage, "127.0.0.1", "").await.status, 401, "no key is no wrong key");
    for turn in 0..3 {
        assert_eq!(ask_from(&stage, "127.0.0.1", &format!("tg-guess-{turn}")).await.status, 401);
    }
    let refused = ask_from(&stage, "127.0.0.1", "tg-guess-4").await;
    limited(&refused);
    assert_eq!(ask_from(&stage, "127.0.0.1", KEY).await.status, 200, "a neighbour with a good key is let in");
    limited(&ask_from(&stage, "127.0.0.1", "tg-guess-5").await);
    assert_eq!(ask_from(&stage, "127.0.0.2", "tg-guess-6").await.status, 401);
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"bad_keys_per_ip\"}"), 2.0);
}
