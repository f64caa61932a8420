//! What is changed in the store through whomever is in force on every gateway within two seconds.

use crate::*;
use tempfile::TempDir;
use tollgate::store::KeyChange;
use tollgate::store::TenantChange;

/// How long a key is good that is to end by itself: longer than it takes to come into force.
const LIFE: Duration = Duration::from_secs(3);

/// Two gateways on one store.
struct Pair {
    gateways: [Gateway; 2],
    store: Stored,
    _vendor: Vendor,
    _folder: TempDir,
}

impl Pair {
    async fn set() -> Pair {
        let (vendor, folder) = (Vendor::start(|_, _| Reply::chat("hello")), tempfile::tempdir().unwrap());
        let file = folder.path().join("shared.db");
        let yaml = format!(
            "{}store: 'sqlite://{}'\nlimits: {{ bad_keys_per_ip: off }}\nkeys: [ {{ name: static, key: {NOBODYS} }} ]\n",
            frame(&vendor, ""),
            file.display()
        );
        let gateways = [Gateway::start(&yaml), Gateway::start(&yaml)];
        Pair { gateways, store: Stored::in_file(&file).await, _vendor: vendor, _folder: folder }
    }

    /// Waits until both let the key in.
    async fn both_open(&self, key: &str) {
        let [one, other] = &self.gateways;
        tokio::join!(becomes(one, key, 200), becomes(other, key, 200));
    }

    /// Waits until both say so with a 401.
    async fn both_refuse(&self, key: &str, words: &str, patience: Duration) {
        let [one, other] = &self.gateways;
        tokio::join!(refuses(one, key, words, patience), refuses(other, key, words, patience));
    }
}

#[tokio::test]
async fn a_key_works_on_all_gateways_until_it_is_disabled() {
    let pair = Pair::set().await;
    let tenant = pair.store.tenant("acme", "{}").await;
    let (row, key) = pair.store.key(&tenant, "app", "{}").await;
    pair.both_open(&key).await;
    pair.store.change_key(&row.id, KeyChange { disabled: Some(true), ..KeyChange::default() }).await;
    pair.both_refuse(&key, "is disabled", IN_FORCE).await;
    pair.store.change_key(&row.id, KeyChange { disabled: Some(false), ..KeyChange::default() }).await;
    pair.both_open(&key).await;
    pair.store.change_tenant(&tenant, TenantChange { disabled: Some(true), ..TenantChange::default() }).await;
    pair.both_refuse(&key, "the tenant of the key", IN_FORCE).await;
    let refused = chat(&pair.gateways[0], &key, json!({})).await;
    let line = pair.gateways[0].access_line(refused.header("x-request-id").unwrap()).await;
    assert_eq!(line["error"], "tenant_disabled", "{line}");
    pair.both_open(NOBODYS).await;
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let pair = Pair::set().await;
    let (_, key) = pair.store.expiring("", "short", "{}", Some(LIFE)).await;
    pair.both_open(&key).await;
    pair.both_refuse(&key, "has expired", LIFE + IN_FORCE).await;
    let unknown = chat(&pair.gateways[0], "tg-nobody-knows-this-one", json!({})).await;
    assert!(message(&unknown).contains("is not known here"), "{unknown:?}");
}

#[tokio::test]
async fn a_rotated_key_is_good_beside_the_new_one_for_its_grace() {
    let pair = Pair::set().await;
    let (row, old) = pair.store.key("", "app", "{}").await;
    pair.both_open(&old).await;
    let new = pair.store.rotate(&row.id, LIFE).await;
    pair.both_open(&new).await;
    assert_eq!(chat(&pair.gateways[0], &old, json!({})).await.status, 200, "its grace is not over");
    pair.both_refuse(&old, "replaced by a new one", LIFE + IN_FORCE).await;
    pair.both_open(&new).await;
}

#[tokio::test]
async fn settings_are_in_force_with_what_they_do_not_say() {
    let pair = Pair::set().await;
    let tenant = pair.store.tenant("acme", r#"{"models":["chat"],"limits":{"requests":"3/day"}}"#).await;
    let (_, key) = pair.store.key(&tenant, "app", r#"{"models":["chat","dear"]}"#).await;
    let gateway = &pair.gateways[0];
    becomes(gateway, &key, 200).await;
    let refused = chat(gateway, &key, json!({ "model": "dear" })).await;
    assert_eq!(refused.status, 403);
    assert!(message(&refused).starts_with("the tenant of this key may not use model `dear`"), "{refused:?}");
    assert_eq!(chat(gateway, &key, json!({})).await.status, 200, "a 403 is one of three requests");
    let refused = chat(gateway, &key, json!({})).await;
    assert!(message(&refused).starts_with("the tenant of this key may make 3 requests"), "{refused:?}");
    let (row, key) = pair.store.key("", "other", "{}").await;
    becomes(gateway, &key, 200).await;
    let other = Some(r#"{"models":["dear"]}"#.to_owned());
    pair.store.change_key(&row.id, KeyChange { settings: other, ..KeyChange::default() }).await;
    let refused = becomes(gateway, &key, 403).await;
    assert!(message(&refused).starts_with("this key may not use model `chat`"), "{refused:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_shut_and_said_so() {
    let pair = Pair::set().await;
    let tenant = pair.store.tenant("odd", r#"{"limits":{"requests":"often"},"colour":"red"}"#).await;
    let (_, key) = pair.store.key(&tenant, "app", "{}").await;
    for gateway in &pair.gateways {
        for part in ["limits.requests must be", "colour is not a setting"] {
            let line = gateway.wait_for_log(|line| line.contains(part)).await;
            assert!(line.contains("tenant `odd` is shut") && line.contains("ERROR"), "{line}");
        }
    }
    pair.both_refuse(&key, "the tenant of the key", IN_FORCE).await;
}
