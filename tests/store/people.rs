//! Tenants, keys and admins: every change is whole, told in the audit log, and moves the edition.

use crate::bed::on_both;
use tollgate::secret::KeyHash;
use tollgate::store::AdminChange;
use tollgate::store::AuditPage;
use tollgate::store::AuditRow;
use tollgate::store::By;
use tollgate::store::KeyChange;
use tollgate::store::NewAdmin;
use tollgate::store::NewHash;
use tollgate::store::NewKey;
use tollgate::store::NewTenant;
use tollgate::store::Role;
use tollgate::store::Store;
use tollgate::store::StoreError;
use tollgate::store::TenantChange;

fn by(at_ms: u64) -> By {
    By { who: "adm_1".to_owned(), at_ms }
}

fn tenant(name: &str) -> NewTenant {
    NewTenant { name: name.to_owned(), settings: r#"{"tags":["a"]}"#.to_owned() }
}

fn key(tenant: &str, name: &str, hash: &str) -> NewKey {
    NewKey {
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        shown: "tg-ab12".to_owned(),
        hash: KeyHash::of(hash),
        settings: "{}".to_owned(),
        expires_ms: None,
    }
}

fn admin(name: &str) -> NewAdmin {
    NewAdmin { name: name.to_owned(), role: Role::Operator, hash: KeyHash::of(name) }
}

fn is_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict { what }) => what,
        other => panic!("no conflict: {other:?}"),
    }
}

fn is_missing<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    assert_eq!(result.unwrap_err(), StoreError::NotFound { what: what.to_owned() });
}

async fn audit(store: &Store) -> Vec<AuditRow> {
    let mut rows = store.audit(&AuditPage { after: None, limit: 1000 }).await.unwrap();
    rows.reverse();
    // Editions without a gap, and the last one is in force.
    let editions: Vec<u64> = rows.iter().map(|row| row.edition).collect();
    assert_eq!(editions, (1..=store.edition().await.unwrap()).collect::<Vec<_>>());
    rows
}

#[tokio::test]
async fn a_tenant_is_made_changed_and_deleted() {
    on_both(async |bed| {
        let store = bed.open().await;
        let made = store.add_tenant(&tenant("acme"), &by(5)).await.unwrap();
        assert!(made.id.starts_with("tn_") && !made.disabled, "{made:?}");
        assert_eq!(store.tenant(&made.id).await.unwrap(), made);
        let disable = TenantChange { disabled: Some(true), ..TenantChange::default() };
        let disabled = store.change_tenant(&made.id, &disable, &by(6)).await.unwrap();
        let rename = TenantChange { name: Some("best".into()), settings: Some("{}".into()), ..TenantChange::default() };
        let renamed = store.change_tenant(&made.id, &rename, &by(7)).await.unwrap();
        assert!(disabled.disabled && renamed.disabled);
        assert_eq!((renamed.name.as_str(), renamed.settings.as_str()), ("best", "{}"));
        assert_eq!((renamed.created_ms, renamed.updated_ms), (5, 7));
        assert_eq!(store.tenants().await.unwrap(), [renamed]);
        store.delete_tenant(&made.id, &by(8)).await.unwrap();
        assert_eq!(store.tenants().await.unwrap(), []);
        is_missing(store.tenant(&made.id).await, &format!("tenant `{}`", made.id));
        let rows = audit(&store).await;
        let told: Vec<_> =
            rows.iter().map(|row| (row.at_ms, row.action.as_str(), row.details.as_str())).collect();
        assert_eq!(
            told,
            [
                (5, "tenant.add", r#"{"disabled":false,"name":"acme","settings":{"tags":["a"]}}"#),
                (6, "tenant.change", r#"{"after":{"disabled":true},"before":{"disabled":false}}"#),
                (
                    7,
                    "tenant.change",
                    r#"{"after":{"name":"best","settings":{}},"before":{"name":"acme","settings":{"tags":["a"]}}}"#
                ),
                (8, "tenant.delete", r#"{"disabled":true,"name":"best","settings":{}}"#),
            ]
        );
        assert!(rows.iter().all(|row| row.who == "adm_1" && row.subject == made.id));
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_conflict_and_changes_nothing() {
    on_both(async |bed| {
        let store = bed.open().await;
        let acme = store.add_tenant(&tenant("acme"), &by(1)).await.unwrap();
        let best = store.add_tenant(&tenant("best"), &by(2)).await.unwrap();
        let to_acme = TenantChange { name: Some("acme".into()), ..TenantChange::default() };
        let what = is_conflict(store.add_tenant(&tenant("acme"), &by(3)).await);
        assert_eq!(what, "a tenant `acme` is there already; choose another name");
        is_conflict(store.change_tenant(&best.id, &to_acme, &by(4)).await);
        // Its own name is no conflict.
        store.change_tenant(&acme.id, &to_acme, &by(5)).await.unwrap();
        store.add_key(&key(&acme.id, "app", "k1"), &by(6)).await.unwrap();
        is_conflict(store.add_key(&key(&acme.id, "app", "k2"), &by(7)).await);
        is_conflict(store.add_key(&key(&best.id, "app", "k1"), &by(8)).await);
        store.add_key(&key(&best.id, "app", "k2"), &by(9)).await.unwrap();
        store.add_key(&key("", "app", "k3"), &by(10)).await.unwrap();
        is_conflict(store.add_key(&key("", "app", "k4"), &by(11)).await);
        store.add_admin(&admin("ann"), &by(12)).await.unwrap();
        is_conflict(store.add_admin(&admin("ann"), &by(13)).await);
        is_conflict(store.add_admin(&NewAdmin { name: "bob".into(), ..admin("ann") }, &by(14)).await);
        assert_eq!(audit(&store).await.len(), 7);
        assert_eq!(store.tenants().await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_made_changed_and_deleted() {
    on_both(async |bed| {
        let store = bed.open().await;
        is_missing(store.add_key(&key("tn_x", "app", "k1"), &by(1)).await, "tenant `tn_x`");
        let acme = store.add_tenant(&tenant("acme"), &by(2)).await.unwrap();
        let made = store.add_key(&key(&acme.id, "app", "k1"), &by(3)).await.unwrap();
        let free = store.add_key(&key("", "free", "k2"), &by(4)).await.unwrap();
        assert!(made.id.starts_with("key_"));
        assert_eq!(store.key(&made.id).await.unwrap(), made);
        let to = KeyChange {
            name: Some("web".into()),
            settings: Some(r#"{"models":["fast"]}"#.into()),
            was: Some(made.settings.clone()),
            expires_ms: Some(Some(99)),
            disabled: Some(true),
        };
        let changed = store.change_key(&made.id, &to, &by(5)).await.unwrap();
        assert_eq!(
            store.change_key(&made.id, &to, &by(5)).await,
            Err(StoreError::Overtaken),
            "made for others"
        );
        assert_eq!((changed.expires_ms, changed.disabled, changed.hash), (Some(99), true, made.hash));
        let forever = KeyChange { expires_ms: Some(None), ..KeyChange::default() };
        let changed = store.change_key(&made.id, &forever, &by(6)).await.unwrap();
        assert_eq!((changed.expires_ms, changed.name.as_str()), (None, "web"));
        assert_eq!(store.keys(None).await.unwrap(), [free.clone(), changed.clone()]);
        assert_eq!(store.keys(Some("")).await.unwrap(), [free]);
        assert_eq!(store.keys(Some(&acme.id)).await.unwrap(), [changed]);
        let what = is_conflict(store.delete_tenant(&acme.id, &by(7)).await);
        assert_eq!(what, "tenant `acme` has 1 keys; delete these first, or disable the tenant");
        store.delete_key(&made.id, &by(8)).await.unwrap();
        is_missing(store.delete_key(&made.id, &by(9)).await, &format!("key `{}`", made.id));
        store.delete_tenant(&acme.id, &by(10)).await.unwrap();
        let rows = audit(&store).await;
        assert_eq!(rows.last().map(|row| (row.at_ms, rows.len())), Some((10, 7)));
    })
    .await;
}

#[tokio::test]
async fn after_a_rotation_the_old_key_may_be_good_for_a_while() {
    on_both(async |bed| {
        let store = bed.open().await;
        let made = store.add_key(&key("", "app", "k1"), &by(1)).await.unwrap();
        let to = |hash: &str, old_until_ms| NewHash {
            shown: "tg-cd34".into(),
            hash: KeyHash::of(hash),
            old_until_ms,
        };
        let rotated = store.rotate_key(&made.id, &to("k2", Some(500)), &by(2)).await.unwrap();
        assert_eq!(store.key(&made.id).await.unwrap(), rotated);
        assert_eq!((rotated.hash, rotated.old_hash), (KeyHash::of("k2"), Some(KeyHash::of("k1"))));
        assert_eq!((rotated.old_until_ms, rotated.shown.as_str()), (Some(500), "tg-cd34"));
        // Whose would it be?
        is_conflict(store.add_key(&key("", "other", "k1"), &by(3)).await);
        is_conflict(store.rotate_key(&made.id, &to("k1", None), &by(4)).await);
        let rotated = store.rotate_key(&made.id, &to("k3", None), &by(5)).await.unwrap();
        assert_eq!((rotated.old_hash, rotated.old_until_ms), (None, None));
        store.add_key(&key("", "other", "k1"), &by(6)).await.unwrap();
        is_missing(store.rotate_key("key_x", &to("k9", None), &by(7)).await, "key `key_x`");
    })
    .await;
}

#[tokio::test]
async fn an_admin_is_made_changed_and_deleted() {
    on_both(async |bed| {
        let store = bed.open().await;
        let made = store.add_admin(&admin("ann"), &by(1)).await.unwrap();
        assert_eq!(store.admin(&made.id).await.unwrap(), made);
        let to =
            AdminChange { role: Some(Role::Owner), hash: Some(KeyHash::of("t2")), ..AdminChange::default() };
        let changed = store.change_admin(&made.id, &to, &by(2)).await.unwrap();
        assert_eq!(
            (changed.role, changed.hash, changed.name.as_str()),
            (Role::Owner, KeyHash::of("t2"), "ann")
        );
        assert_eq!(store.admins().await.unwrap(), [changed]);
        store.delete_admin(&made.id, &by(3)).await.unwrap();
        is_missing(store.change_admin(&made.id, &to, &by(4)).await, &format!("admin `{}`", made.id));
        assert_eq!(audit(&store).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn one_owner_in_force_stays() {
    on_both(async |bed| {
        let store = bed.open().await;
        let owner = |name: &str| NewAdmin { name: name.into(), role: Role::Owner, hash: KeyHash::of(name) };
        let ann = store.add_admin(&owner("ann"), &by(1)).await.unwrap();
        let lower = AdminChange { role: Some(Role::Viewer), ..AdminChange::default() };
        let shut = AdminChange { disabled: Some(true), ..AdminChange::default() };
        is_conflict(store.change_admin(&ann.id, &lower, &by(2)).await);
        is_conflict(store.change_admin(&ann.id, &shut, &by(3)).await);
        is_conflict(store.dismiss_admin(&ann.id, &by(4)).await);
        let bob = store.add_admin(&owner("bob"), &by(5)).await.unwrap();
        let by = by(6);
        let (one, other) =
            tokio::join!(store.dismiss_admin(&ann.id, &by), store.change_admin(&bob.id, &shut, &by),);
        assert_ne!(one.is_ok(), other.is_ok(), "of two who leave at once one stays");
    })
    .await;
}

#[tokio::test]
async fn no_hash_is_in_the_audit_log() {
    on_both(async |bed| {
        let store = bed.open().await;
        let made = store.add_key(&key("", "app", "k1"), &by(1)).await.unwrap();
        let to = NewHash { shown: "tg-x".into(), hash: KeyHash::of("k2"), old_until_ms: Some(9) };
        store.rotate_key(&made.id, &to, &by(2)).await.unwrap();
        let ann = store.add_admin(&admin("ann"), &by(3)).await.unwrap();
        let token = AdminChange { hash: Some(KeyHash::of("t2")), ..AdminChange::default() };
        store.change_admin(&ann.id, &token, &by(4)).await.unwrap();
        store.note(&by(5), "config.reload", "", &serde_json::json!({ "ok": true })).await.unwrap();
        let text = format!("{:?}", audit(&store).await);
        for secret in ["k1", "k2", "ann", "t2"] {
            assert!(!text.contains(&KeyHash::of(secret).to_hex()), "{text}");
        }
        assert!(text.contains("config.reload") && text.contains("rotated"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_comes_page_by_page() {
    on_both(async |bed| {
        let store = bed.open().await;
        for number in 0..5 {
            store.add_tenant(&tenant(&format!("t{number}")), &by(number)).await.unwrap();
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.audit(&AuditPage { after, limit: 2 }).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.edition);
            seen.extend(page.iter().map(|row| row.at_ms));
        }
        assert_eq!(seen, [4, 3, 2, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn of_changes_at_the_same_time_none_is_lost() {
    on_both(async |bed| {
        let (store, other) = (bed.open().await, bed.open().await);
        let acme = store.add_tenant(&tenant("acme"), &by(0)).await.unwrap();
        // Two processes change different things of one tenant, and fight for names.
        let work = async |store: &Store, me: &str| {
            let mut won = 0;
            for number in 0..20 {
                let to = match me {
                    "a" => TenantChange { disabled: Some(number % 2 == 0), ..TenantChange::default() },
                    _ => TenantChange { settings: Some(number.to_string()), ..TenantChange::default() },
                };
                store.change_tenant(&acme.id, &to, &by(1)).await.unwrap();
                let mine = format!("{me}{number}");
                match store.add_key(&key(&acme.id, &format!("key{number}"), &mine), &by(1)).await {
                    Ok(_) => won += 1,
                    Err(error) => assert!(matches!(error, StoreError::Conflict { .. }), "{error}"),
                }
            }
            won
        };
        let (a, b) = tokio::join!(work(&store, "a"), work(&other, "b"));
        assert_eq!(a + b, 20);
        let acme = store.tenant(&acme.id).await.unwrap();
        assert_eq!((acme.disabled, acme.settings.as_str()), (false, "19"));
        assert_eq!(audit(&store).await.len(), 1 + 40 + 20);
        assert_eq!(store.keys(None).await.unwrap().len(), 20);
    })
    .await;
}
