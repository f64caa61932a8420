//! Where counters of quotas begin after a restart.

use crate::bed::BEGIN;
use crate::bed::on_both;
use crate::bed::random_entries;
use tollgate::store::AccountColumn;
use tollgate::store::Entry;
use tollgate::store::Used;

const HOUR: u64 = 3_600_000;

fn is_meant(account: &AccountColumn, entry: &Entry) -> bool {
    match account {
        AccountColumn::Key(id) => entry.key == *id,
        AccountColumn::Tenant(id) => entry.tenant == *id,
        AccountColumn::Model(name) => entry.model_asked == *name,
        AccountColumn::User { user, tenant, key } => {
            entry.end_user == *user
                && tenant.as_ref().is_none_or(|tenant| entry.tenant == *tenant)
                && key.as_ref().is_none_or(|key| entry.key == *key)
        }
    }
}

fn added_up(entries: &[Entry], account: &AccountColumn, since: u64, until: u64) -> Used {
    let meant = entries.iter().filter(|entry| (since..until).contains(&entry.at) && is_meant(account, entry));
    meant.fold(Used::default(), |used, entry| Used {
        requests: used.requests + u64::from(entry.kind == tollgate::store::Kind::Request && !entry.is_hit()),
        tokens: used.tokens + entry.input + entry.output,
        cost: used.cost + entry.cost,
    })
}

fn accounts() -> Vec<AccountColumn> {
    let some = |text: &str| Some(text.to_owned());
    let user = |tenant, key| AccountColumn::User { user: "ann".to_owned(), tenant, key };
    vec![
        AccountColumn::Key("key_1".to_owned()),
        AccountColumn::Tenant("tn_2".to_owned()),
        AccountColumn::Model("smart".to_owned()),
        AccountColumn::Key("nobody's".to_owned()),
        user(None, None),
        user(some("tn_1"), None),
        user(None, some("key_3")),
        user(some(""), some("key_2")),
    ]
}

#[tokio::test]
async fn what_is_used_is_exact_to_the_millisecond() {
    on_both(async |bed| {
        let store = bed.open().await;
        let entries = random_entries(5, 2000);
        store.append("a", 1, &entries).await.unwrap();
        let (hour, some_entry) = (BEGIN / HOUR * HOUR, entries[7].at);
        for (since, until) in [
            (0, u64::MAX),
            (hour + 5 * HOUR, hour + 29 * HOUR),
            (some_entry, some_entry + 1),
            (some_entry + 1, hour + 70 * HOUR + 17),
            (hour + HOUR - 1, hour + HOUR + 1),
            (hour + 10, hour + 20),
            (hour + 9 * HOUR, hour + 2 * HOUR),
        ] {
            for account in accounts() {
                let used = store.used(&account, since, until).await.unwrap();
                assert_eq!(used, added_up(&entries, &account, since, until), "{account:?} {since}..{until}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn hours_are_known_after_their_entries_are_gone() {
    on_both(async |bed| {
        let store = bed.open().await;
        let entries = random_entries(6, 500);
        store.append("a", 1, &entries).await.unwrap();
        store.retain(u64::MAX, 0).await.unwrap();
        let account = AccountColumn::Key("key_2".to_owned());
        let used = store.used(&account, 0, u64::MAX).await.unwrap();
        assert_eq!(used, added_up(&entries, &account, 0, u64::MAX));
        assert_ne!(used, Used::default());
    })
    .await;
}
