//! Several gateways on one PostgreSQL.

use crate::*;
use support::Postgres;

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
