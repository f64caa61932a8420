//! Where counters of quotas begin after a restart.

use crate::bed::BEGIN;
use crate::bed::on_both;
use crate::bed::random_entries;
use std::cmp::Reverse;
use tollgate::store::AccountColumn;
use tollgate::store::Entry;
use tollgate::store::Kind;
use tollgate::store::Store;
use tollgate::store::Used;
use tollgate::store::UserUse;

const HOUR: u64 = 3_600_000;

fn is_meant(account: &AccountColumn, entry: &Entry) -> bool {
    match account {
        AccountColumn::Key(id) => entry.key == *id,
        AccountColumn::Tenant(id) => entry.tenant == *id,
        // What we refused ourselves may have been asked of any name.
        AccountColumn::Model(name) => {
            let refused = entry.attempts == 0 && (400..499).contains(&entry.status);
            entry.model_asked == *name && !refused
        }
        AccountColumn::User { user, tenant, key } => {
            entry.end_user == *user
                && tenant.as_ref().is_none_or(|tenant| entry.tenant == *tenant)
                && key.as_ref().is_none_or(|key| entry.key == *key)
        }
    }
}

/// Neither from a cache nor refused by a limit.
fn is_use(entry: &Entry) -> bool {
    let was_refused = entry.status == 429 && entry.attempts == 0;
    !was_refused && !["hit", "semantic"].contains(&&*entry.cache)
}

fn added_up(entries: &[Entry], account: &AccountColumn, since: u64, until: u64) -> Used {
    let meant = entries.iter().filter(|entry| (since..until).contains(&entry.at) && is_meant(account, entry));
    meant.fold(Used::default(), |used, entry| Used {
        requests: used.requests + u64::from(entry.kind == Kind::Request && is_use(entry)),
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
        bring(&store, &entries).await;
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
async fn the_first_use_is_exact_to_the_millisecond() {
    on_both(async |bed| {
        let store = bed.open().await;
        let entries = random_entries(7, 400);
        bring(&store, &entries).await;
        let hour = BEGIN / HOUR * HOUR;
        let cut = entries.iter().step_by(9).flat_map(|entry| [entry.at, entry.at + 1]);
        for since in [0, hour, hour + 30 * HOUR, hour + 31 * HOUR - 1, u64::MAX].into_iter().chain(cut) {
            for account in accounts() {
                let meant = entries.iter().filter(|entry| is_meant(&account, entry) && is_use(entry));
                let first = meant.map(|entry| entry.at).filter(|at| *at >= since).min();
                assert_eq!(store.first_use(&account, since).await.unwrap(), first, "{account:?} {since}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn end_users_come_with_what_they_used_the_newest_first() {
    on_both(async |bed| {
        let store = bed.open().await;
        let entries = random_entries(8, 600);
        bring(&store, &entries).await;
        for since in [0, entries[3].at, BEGIN + 80 * HOUR] {
            let mut users: Vec<(u64, UserUse)> = Vec::new();
            for entry in entries.iter().filter(|e| e.at >= since && !e.end_user.is_empty() && is_use(e)) {
                let key = if entry.tenant.is_empty() { entry.key.as_str() } else { "" };
                let is_same =
                    |u: &UserUse| u.user == entry.end_user && u.tenant == entry.tenant && u.key == key;
                let place = users.iter().position(|(_, user)| is_same(user)).unwrap_or_else(|| {
                    let (user, tenant) = (entry.end_user.clone(), entry.tenant.clone());
                    let used = Used::default();
                    let first_ms = entry.at;
                    users.push((0, UserUse { user, tenant, key: key.to_owned(), first_ms, used }));
                    users.len() - 1
                });
                let (last, user) = &mut users[place];
                *last = entry.at.max(*last);
                user.first_ms = entry.at.min(user.first_ms);
                user.used.requests += u64::from(entry.kind == Kind::Request);
                user.used.tokens += entry.input + entry.output;
                user.used.cost += entry.cost;
            }
            users.sort_by_key(|(last, _)| Reverse(*last));
            let users: Vec<UserUse> = users.into_iter().map(|(_, user)| user).collect();
            for most in [3, 100] {
                let wanted = &users[..users.len().min(most)];
                assert_eq!(store.users(since, most as u32).await.unwrap(), wanted, "{since} {most}");
            }
        }
    })
    .await;
}

/// In pages that overlap in time.
async fn bring(store: &Store, entries: &[Entry]) {
    for (number, batch) in (0..).zip(entries.chunks(70)) {
        store.append("a", number..number + 1, batch).await.unwrap();
    }
}

#[tokio::test]
async fn hours_are_known_after_their_entries_are_gone() {
    on_both(async |bed| {
        let store = bed.open().await;
        let entries = random_entries(6, 500);
        bring(&store, &entries).await;
        store.retain(u64::MAX, 0).await.unwrap();
        let account = AccountColumn::Key("key_2".to_owned());
        let used = store.used(&account, 0, u64::MAX).await.unwrap();
        assert_eq!(used, added_up(&entries, &account, 0, u64::MAX));
        assert_ne!(used, Used::default());
    })
    .await;
}
