//! Keys: shown once, in force at once, rotated with or without grace, and never seen again.

use crate::Stage;
use serde_json::Value;
use serde_json::json;

fn path(row: &Value) -> String {
    format!("/keys/{}", row["id"].as_str().unwrap())
}

fn key(row: &Value) -> String {
    row["key"].as_str().expect("the key is not shown").to_owned()
}

#[tokio::test]
async fn a_key_works_at_once_and_stops_at_once() {
    let stage = Stage::new();
    let made = stage.done("POST", "/keys", json!({ "name": "k", "expires": "90d" })).await;
    assert_eq!(stage.serves(&key(&made)).await, 200);
    stage.done("POST", &format!("{}/disable", path(&made)), Value::Null).await;
    assert!([401, 403].contains(&stage.serves(&key(&made)).await));
    stage.done("POST", &format!("{}/enable", path(&made)), Value::Null).await;
    assert_eq!(stage.serves(&key(&made)).await, 200);
    stage.done("DELETE", &path(&made), Value::Null).await;
    assert_eq!(stage.serves(&key(&made)).await, 401);
}

#[tokio::test]
async fn a_rotated_key_is_good_for_its_grace() {
    let stage = Stage::new();
    let first = stage.done("POST", "/keys", json!({ "name": "k" })).await;
    let second = stage.done("POST", &format!("{}/rotate", path(&first)), json!({ "grace": "1h" })).await;
    assert_eq!(second["id"], first["id"]);
    assert!(second["old_key_until"].is_string(), "{second}");
    assert_eq!((stage.serves(&key(&first)).await, stage.serves(&key(&second)).await), (200, 200));
    let third = stage.done("POST", &format!("{}/rotate", path(&first)), Value::Null).await;
    for (key, status) in [(key(&first), 401), (key(&second), 401), (key(&third), 200)] {
        assert_eq!(stage.serves(&key).await, status);
    }
    let (status, answer) =
        stage.ask("POST", &format!("{}/rotate", path(&first)), json!({ "grace": "soon" })).await;
    assert_eq!((status, &answer["error"]["param"]), (400, &"grace".into()));
}

#[tokio::test]
async fn a_key_is_never_seen_again() {
    let stage = Stage::new();
    let made = stage.done("POST", "/keys", json!({ "name": "k" })).await;
    let rotated = stage.done("POST", &format!("{}/rotate", path(&made)), Value::Null).await;
    let admin = stage.done("POST", "/admins", json!({ "name": "a", "role": "viewer" })).await;
    let secrets =
        [key(&made), key(&rotated), admin["token"].as_str().unwrap().to_owned(), stage.owner.clone()];
    stage.done("PATCH", &path(&made), json!({ "name": "l" })).await;
    for place in ["/keys", &path(&made), "/audit", "/admins", "/config", "/providers"] {
        let text = stage.done("GET", place, Value::Null).await.to_string();
        for secret in &secrets {
            assert!(!text.contains(&secret[8..]), "a secret is in {place}");
        }
        assert!(!text.contains("hash"), "{place}: {text}");
    }
    let log = stage.gateway.logs().join("\n");
    assert!(secrets.iter().all(|secret| !log.contains(&secret[8..])), "a secret is in the log");
}

#[tokio::test]
async fn keys_of_one_tenant_are_listed_alone() {
    let stage = Stage::new();
    let tenant = stage.done("POST", "/tenants", json!({ "name": "a" })).await;
    let id = tenant["id"].as_str().unwrap();
    let own = stage.done("POST", "/keys", json!({ "name": "k", "tenant": id })).await;
    stage.done("POST", "/keys", json!({ "name": "k" })).await;
    let listed = stage.done("GET", &format!("/keys?tenant={id}"), Value::Null).await;
    let ids: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&own["id"]]);
    let (status, _) = stage.ask("POST", "/keys", json!({ "name": "k", "tenant": "tn_nobody" })).await;
    assert_eq!(status, 404);
    stage.done("POST", &format!("/tenants/{id}/disable"), Value::Null).await;
    assert!([401, 403].contains(&stage.serves(&key(&own)).await), "the key of a tenant that is shut");
}

#[tokio::test]
async fn limits_in_force_are_told_with_what_is_left() {
    let stage = Stage::new();
    let made = stage.done("POST", "/keys", json!({ "name": "k", "limits": { "requests": "60/min" } })).await;
    assert_eq!(stage.serves(&key(&made)).await, 200);
    let limits =
        stage.done("GET", &format!("/limits?key={}", made["id"].as_str().unwrap()), Value::Null).await;
    let limit = &limits["data"][0];
    assert_eq!(
        (&limit["kind"], &limit["unit"], &limit["limit"]),
        (&"rate".into(), &"requests".into(), &60.into())
    );
    assert!(limit["remaining"].as_u64().unwrap() < 60, "{limit}");
    assert_eq!(stage.ask("GET", "/limits?key=key_x", Value::Null).await.0, 404);
    assert_eq!(stage.ask("GET", "/limits", Value::Null).await.0, 400);
}
