//! Two gateways on one store: what is changed at one is in force at the other.

use crate::ask_as;
use crate::owner_of;
use crate::serves;
use crate::support;
use crate::support::Gateway;
use crate::support::Postgres;
use crate::support::Reply;
use crate::support::Vendor;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

/// A change is in force everywhere within this, and a little for a busy machine.
const SOON: Duration = Duration::from_secs(10);

async fn becomes(gateway: &Gateway, key: &str, status: u16) {
    let deadline = Instant::now() + SOON;
    while serves(gateway, key).await != status {
        assert!(Instant::now() < deadline, "it does not become {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_change_at_one_replica_is_in_force_at_the_other_with_one_file() {
    let folder = tempfile::tempdir().unwrap();
    changes_reach_the_other(&format!("sqlite://{}", folder.path().join("shared.db").display())).await;
}

#[tokio::test]
async fn a_change_at_one_replica_is_in_force_at_the_other_with_a_server() {
    changes_reach_the_other(&Postgres::shared().database().await).await;
}

async fn changes_reach_the_other(store: &str) {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let provider = support::provider("first", vendor.base_url());
    let yaml =
        format!("{}store: '{store}'\nlimits: {{ bad_keys_per_ip: off }}\n", support::config("", &[provider]));
    let one = Gateway::start(&yaml);
    let owner = owner_of(&one);
    let other = Gateway::start(&yaml);
    let (status, made) = ask_as(&one, &owner, "POST", "/keys", json!({ "name": "k" })).await;
    assert_eq!(status, 201, "{made}");
    let key = made["key"].as_str().unwrap();
    assert_eq!(serves(&one, key).await, 200);
    becomes(&other, key, 200).await;
    let path = format!("/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(
        ask_as(&other, &owner, "DELETE", &path, Value::Null).await.0,
        204,
        "the owner is known there too"
    );
    assert_eq!(serves(&other, key).await, 401);
    becomes(&one, key, 401).await;
}
