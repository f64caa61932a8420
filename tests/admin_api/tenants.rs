//! Tenants: made, changed, shut and deleted, each with its line in the audit log.

use crate::Stage;
use serde_json::Value;
use serde_json::json;

#[tokio::test]
async fn a_tenant_is_made_changed_and_deleted_and_each_change_is_told() {
    let stage = Stage::new();
    let made = stage.done("POST", "/tenants", json!({ "name": "Ä & Co", "tags": ["gold"] })).await;
    let path = format!("/tenants/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["name"], &made["tags"], &made["disabled"]),
        (&"Ä & Co".into(), &json!(["gold"]), &false.into())
    );
    let changed =
        stage.done("PATCH", &path, json!({ "limits": { "requests": "60/min" }, "tags": null })).await;
    assert_eq!((&changed["limits"], changed.get("tags")), (&json!({ "requests": "60/min" }), None));
    stage.done("POST", &format!("{path}/disable"), Value::Null).await;
    assert_eq!(stage.done("GET", &path, Value::Null).await["disabled"], true);
    stage.done("POST", &format!("{path}/enable"), Value::Null).await;
    stage.done("DELETE", &path, Value::Null).await;
    assert_eq!(stage.ask("GET", &path, Value::Null).await.0, 404);
    let audit =
        stage.done("GET", &format!("/audit?subject={}", made["id"].as_str().unwrap()), Value::Null).await;
    let actions: Vec<&str> =
        audit["data"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["tenant.delete", "tenant.change", "tenant.change", "tenant.change", "tenant.add"]);
    let change = &audit["data"][3]["details"];
    assert_eq!(change["before"]["settings"], json!({ "tags": ["gold"] }));
    assert_eq!(change["after"]["settings"], json!({ "limits": { "requests": "60/min" } }));
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_named() {
    let stage = Stage::new();
    let refused = async |body: Value| {
        let (status, answer) = stage.ask("POST", "/tenants", body).await;
        (status, answer["error"]["param"].clone())
    };
    assert_eq!(refused(json!({})).await, (400, "name".into()));
    assert_eq!(refused(json!({ "name": "a\nb" })).await, (400, "name".into()));
    assert_eq!(refused(json!({ "name": 5 })).await, (400, "name".into()));
    assert_eq!(refused(json!({ "name": "a", "modles": [] })).await, (400, "modles".into()));
    assert_eq!(
        refused(json!({ "name": "a", "limits": { "requests": "often" } })).await,
        (400, "limits.requests".into())
    );
    assert_eq!(refused(json!([])).await.0, 400);
    stage.done("POST", "/tenants", json!({ "name": "a" })).await;
    assert_eq!(refused(json!({ "name": "a" })).await.0, 409);
    assert_eq!(stage.ask("GET", "/tenants?limit=0", Value::Null).await.0, 400);
    assert_eq!(stage.ask("GET", "/tenants?first=1", Value::Null).await.1["error"]["param"], "first");
}

#[tokio::test]
async fn a_tenant_with_keys_stays() {
    let stage = Stage::new();
    let tenant = stage.done("POST", "/tenants", json!({ "name": "a" })).await;
    let id = tenant["id"].as_str().unwrap();
    let key = stage.done("POST", "/keys", json!({ "name": "k", "tenant": id })).await;
    let (status, answer) = stage.ask("DELETE", &format!("/tenants/{id}"), Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &"conflict".into()));
    stage.done("DELETE", &format!("/keys/{}", key["id"].as_str().unwrap()), Value::Null).await;
    stage.done("DELETE", &format!("/tenants/{id}"), Value::Null).await;
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let stage = Stage::new();
    for number in 0..5 {
        stage.done("POST", "/tenants", json!({ "name": format!("t{number}") })).await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = stage.done("GET", &format!("/tenants?limit=2&after={after}"), Value::Null).await;
        let names =
            page["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned());
        seen.extend(names);
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["t0", "t1", "t2", "t3", "t4"]);
}

#[tokio::test]
async fn of_two_changes_at_once_none_is_lost() {
    let stage = Stage::new();
    let tenant = stage.done("POST", "/tenants", json!({ "name": "a" })).await;
    let path = format!("/tenants/{}", tenant["id"].as_str().unwrap());
    for round in 0..5 {
        let (word, amount) = (format!("r{round}"), format!("{}/min", round + 1));
        let (tags, limits) = tokio::join!(
            stage.done("PATCH", &path, json!({ "tags": [word] })),
            stage.done("PATCH", &path, json!({ "limits": { "requests": amount } })),
        );
        let now = stage.done("GET", &path, Value::Null).await;
        assert_eq!((&now["tags"], &now["limits"]), (&tags["tags"], &limits["limits"]), "{now}");
    }
}
