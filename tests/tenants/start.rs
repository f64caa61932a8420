//! Starts: with a data folder of before the store, with a store that is away, and with names that clash.

use crate::stored::hash;
use crate::*;
use support::Home;
use support::Postgres;

const FRAME: &str =
    "listen: [ { address: '{listen}' } ]\nadmin: { listen: '{admin}' }\nlimits: { bad_keys_per_ip: off }\n";

async fn becomes_known(home: &Home, key: &str, status: u16, patience: Duration) {
    let deadline = Instant::now() + patience;
    while home.models(key).await != status {
        assert!(Instant::now() < deadline, "no {status} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_data_folder_of_before_the_store_is_taken_over() {
    let mut home = Home::with(FRAME);
    let (key, admin) = ("tg-of-the-older-version-01", "tg-admin-of-the-older-version");
    std::fs::create_dir_all(home.data_dir()).unwrap();
    let keys = json!({ "client_sha256": hash(key), "admin_sha256": hash(admin) });
    std::fs::write(home.data_dir().join("keys.json"), keys.to_string()).unwrap();
    for _ in 0..2 {
        let mut program = home.serve(&[]).await;
        assert_eq!((program.shown("your key"), program.shown("admin key")), (None, None));
        assert_eq!((home.models(key).await, home.reload(admin).await), (200, 200));
        program.signal("INT");
        program.ended().await;
    }
    let store = Stored::in_file(&home.data_dir().join("tollgate.db")).await;
    let (keys, admins) = (store.0.keys(None).await.unwrap(), store.0.admins().await.unwrap());
    assert_eq!((keys.len(), keys[0].name.as_str(), keys[0].hash.to_hex()), (1, "first", hash(key)));
    assert_eq!((admins.len(), admins[0].name.as_str(), admins[0].role.word()), (1, "first", "owner"));
}

#[tokio::test]
async fn a_first_key_that_was_disabled_does_not_come_back() {
    let mut home = Home::with(FRAME);
    let mut program = home.serve(&[]).await;
    let key = program.shown("your key").unwrap();
    let store = Stored::in_file(&home.data_dir().join("tollgate.db")).await;
    store.key("", "mine", "{}").await;
    let first = store.0.keys(None).await.unwrap().into_iter().find(|row| row.name == "first").unwrap();
    let disabled = tollgate::store::KeyChange { disabled: Some(true), ..Default::default() };
    store.change_key(&first.id, disabled).await;
    becomes_known(&home, &key, 401, IN_FORCE).await;
    program.signal("INT");
    program.ended().await;
    let again = home.serve(&[]).await;
    assert_eq!(again.shown("your key"), None, "there is a key of one's own");
    assert_eq!(home.models(&key).await, 401);
}

#[tokio::test]
async fn a_store_that_is_away_at_the_start_is_made_up_for() {
    let mut server = Postgres::start();
    let url = server.database().await;
    server.stop();
    let mut home = Home::with(&format!("{FRAME}store: '{url}'\n"));
    let program = home.serve(&[]).await;
    let (key, admin) = (program.shown("your key").unwrap(), program.shown("admin key").unwrap());
    assert_eq!((home.models(&key).await, home.reload(&admin).await), (200, 200), "while it is away");
    server.start_again();
    let store = Stored::at(&url_of(&url)).await;
    let (_, stored) = store.key("", "app", "{}").await;
    becomes_known(&home, &stored, 200, Duration::from_secs(10)).await;
    assert_eq!((home.models(&key).await, home.reload(&admin).await), (200, 200), "and when it is back");
    let rows = store.0.keys(None).await.unwrap();
    assert!(rows.iter().any(|row| row.name == "first" && row.hash.to_hex() == hash(&key)), "{rows:?}");
    server.stop();
    tokio::time::sleep(IN_FORCE).await;
    assert_eq!((home.models(&key).await, home.models(&stored).await), (200, 200), "and when it goes again");
    assert!(!program.stderr().contains(support::PASSWORD), "{}", program.stderr());
}

#[tokio::test]
async fn first_keys_wait_for_the_store_when_it_has_not_been_seen_for_a_day() {
    let nobody = support::refused_port();
    let store = format!("store: 'postgres://u:p@127.0.0.1:{nobody}/d'\n");
    let (key, admin) = ("tg-a-key-the-store-knows-01", "tg-admin-the-store-knows");
    let hour = Duration::from_secs(3600);
    for (ago, status) in [(23 * hour, 200), (25 * hour, 401)] {
        let mut home = Home::with(&format!("{FRAME}{store}"));
        std::fs::create_dir_all(home.data_dir()).unwrap();
        let seen = tollgate::clock::millis(tollgate::clock::since_epoch() - ago);
        let keys = json!({ "client_sha256": hash(key), "admin_sha256": hash(admin), "stored": true, "seen_ms": seen });
        std::fs::write(home.data_dir().join("keys.json"), keys.to_string()).unwrap();
        let program = home.serve(&[]).await;
        assert_eq!((home.models(key).await, home.reload(admin).await), (status, status), "{ago:?}");
        assert_eq!((program.shown("your key"), program.shown("admin key")), (None, None));
    }
}

fn url_of(url: &str) -> tollgate::config::StoreUrl {
    tollgate::config::StoreUrl::Postgres(tollgate::secret::Secret::new(url))
}

#[tokio::test]
async fn a_name_stands_for_one_tenant() {
    let mut home = Home::with(&format!("{FRAME}tenants: [ {{ name: acme }} ]\n"));
    let program = home.serve(&[]).await;
    let admin = program.shown("admin key").unwrap();
    let store = Stored::in_file(&home.data_dir().join("tollgate.db")).await;
    let other = store.tenant("other", "{}").await;
    let (_, key) = store.key(&other, "app", "{}").await;
    becomes_known(&home, &key, 200, IN_FORCE).await;
    home.rewrite(&format!("{FRAME}tenants: [ {{ name: other }} ]\n"));
    let refused = received(client().post(home.admin_url("/admin/reload")).bearer_auth(&admin)).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body.contains("the store has a tenant `other` already"), "{refused:?}");
    assert_eq!(home.models(&key).await, 200, "the old configuration stays in force");
    let acme = store.tenant("acme", "{}").await;
    let (_, shut) = store.key(&acme, "app", "{}").await;
    program.logged("the configuration file has a tenant of this name", 1).await;
    assert_eq!(home.models(&shut).await, 401, "nobody is given what is another's");
}
