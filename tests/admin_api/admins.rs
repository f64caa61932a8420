//! Admins: their roles, their tokens, and the last owner.

use crate::Stage;
use crate::ask_as;
use serde_json::Value;
use serde_json::json;

#[tokio::test]
async fn each_role_reaches_as_far_as_it_should() {
    let stage = Stage::new();
    let token = async |role: &str| {
        let made = stage.done("POST", "/admins", json!({ "name": role, "role": role })).await;
        made["token"].as_str().unwrap().to_owned()
    };
    let (viewer, operator, owner) = (token("viewer").await, token("operator").await, token("owner").await);
    let status = async |token: &str, method: &str, path: &str, body: Value| {
        ask_as(&stage.gateway, token, method, path, body).await.0
    };
    for (token, reads, changes, rules) in
        [(&viewer, 200, 403, 403), (&operator, 200, 201, 403), (&owner, 200, 201, 200)]
    {
        assert_eq!(status(token, "GET", "/keys", Value::Null).await, reads);
        assert_eq!(status(token, "POST", "/keys", json!({ "name": token })).await, changes);
        assert_eq!(status(token, "GET", "/admins", Value::Null).await, rules);
        assert_eq!(status(token, "GET", "/audit", Value::Null).await, rules);
    }
    stage.gateway.wait_for_log(|line| line.contains("the role is too low") && line.contains("adm_")).await;
    let audit = stage.done("GET", "/audit?action=key.add&limit=1", Value::Null).await;
    assert!(audit["data"][0]["who"].as_str().unwrap().starts_with("adm_"), "{audit}");
}

#[tokio::test]
async fn a_token_ends_when_it_is_rotated_or_its_admin_is_disabled() {
    let stage = Stage::new();
    let made = stage.done("POST", "/admins", json!({ "name": "a", "role": "viewer" })).await;
    let path = format!("/admins/{}", made["id"].as_str().unwrap());
    let reads = async |row: &Value| {
        ask_as(&stage.gateway, row["token"].as_str().unwrap(), "GET", "/keys", Value::Null).await.0
    };
    let rotated = stage.done("POST", &format!("{path}/rotate"), Value::Null).await;
    assert_eq!((reads(&made).await, reads(&rotated).await), (401, 200));
    stage.done("POST", &format!("{path}/disable"), Value::Null).await;
    assert_eq!(reads(&rotated).await, 401);
    stage.done("POST", &format!("{path}/enable"), Value::Null).await;
    stage.done("PATCH", &path, json!({ "role": "operator" })).await;
    assert_eq!(reads(&rotated).await, 200);
    stage.done("DELETE", &path, Value::Null).await;
    assert_eq!(reads(&rotated).await, 401);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let stage = Stage::new();
    let admins = stage.done("GET", "/admins", Value::Null).await;
    let first = format!("/admins/{}", admins["data"][0]["id"].as_str().unwrap());
    for (method, path, body) in [
        ("DELETE", first.clone(), Value::Null),
        ("POST", format!("{first}/disable"), Value::Null),
        ("PATCH", first.clone(), json!({ "role": "viewer" })),
    ] {
        assert_eq!(stage.ask(method, &path, body).await.0, 409, "{method} {path}");
    }
    let other = stage.done("POST", "/admins", json!({ "name": "b", "role": "owner" })).await;
    let (own, theirs) = (format!("/admins/{}", other["id"].as_str().unwrap()), first);
    let token = other["token"].as_str().unwrap();
    let (one, two) = tokio::join!(
        ask_as(&stage.gateway, &stage.owner, "DELETE", &own, Value::Null),
        ask_as(&stage.gateway, token, "DELETE", &theirs, Value::Null),
    );
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && [401, 409].contains(&statuses[1]), "{statuses:?}");
}
