//! What clients and providers may send: none of it stops the ledger.

use crate::bed::all;
use crate::bed::entry;
use crate::bed::on_both;
use tollgate::secret::KeyHash;
use tollgate::store::AccountColumn;
use tollgate::store::By;
use tollgate::store::Entry;
use tollgate::store::EntryId;
use tollgate::store::Group;
use tollgate::store::NewKey;
use tollgate::store::NewTenant;
use tollgate::store::ReportQuery;

const MOST: u64 = i64::MAX as u64;

const ODD: &[&str] = &[
    "naïve — 日本語 🦀",
    "e\u{301} and \u{e9} are not the same",
    "\u{202e}right to left\u{feff}",
    "'; DROP TABLE pages; --",
    "\"quoted\" \\ $1 ? :name %s {}",
    "line\r\nbreak\ttab\u{1}\u{7f}",
    "\u{10ffff}\u{fffd}",
];

#[tokio::test]
async fn odd_texts_come_back_as_they_were() {
    on_both(async |bed| {
        let store = bed.open().await;
        let by = By { who: "cli".to_owned(), at_ms: 1 };
        for (number, odd) in ODD.iter().enumerate() {
            let odd = (*odd).to_owned();
            let mut brought = entry(number as u64);
            (brought.tenant, brought.key, brought.provider) = (odd.clone(), odd.clone(), odd.clone());
            (brought.model_asked, brought.model_served) = (odd.clone(), odd.clone());
            (brought.end_user, brought.error, brought.request_id) = (odd.clone(), odd.clone(), odd.clone());
            store.append(&odd, 0..1, &[brought.clone()]).await.unwrap();
            assert_eq!(store.drained(&odd).await.unwrap(), 1);
            assert_eq!(store.entries(&all()).await.unwrap()[0], brought);
            let users = AccountColumn::User { user: odd.clone(), tenant: Some(odd.clone()), key: None };
            for account in [AccountColumn::Tenant(odd.clone()), AccountColumn::Model(odd.clone()), users] {
                assert_eq!(store.used(&account, 0, u64::MAX).await.unwrap().cost, 100, "{account:?}");
            }
            let new = NewTenant { name: odd.clone(), settings: odd.clone() };
            let tenant = store.add_tenant(&new, &by).await.unwrap();
            assert_eq!(store.tenant(&tenant.id).await.unwrap().name, odd);
            let new = NewKey {
                tenant: tenant.id,
                name: odd.clone(),
                shown: odd.clone(),
                hash: KeyHash::of(&odd),
                settings: odd.clone(),
                expires_ms: Some(u64::MAX),
            };
            let key = store.add_key(&new, &by).await.unwrap();
            let found = store.key(&key.id).await.unwrap();
            assert_eq!((found.name, found.settings, found.expires_ms), (odd.clone(), odd, Some(MOST)));
        }
    })
    .await;
}

#[tokio::test]
async fn nul_and_endless_texts_are_cut_to_what_both_can_hold() {
    on_both(async |bed| {
        let store = bed.open().await;
        let endless: String = (0..40_000).map(|n| char::from_u32(0x4e00 + n % 20_000).unwrap()).collect();
        let mut brought = entry(1);
        for text in [
            &mut brought.tenant,
            &mut brought.key,
            &mut brought.provider,
            &mut brought.model_asked,
            &mut brought.model_served,
            &mut brought.end_user,
            &mut brought.request_id,
            &mut brought.error,
            &mut brought.cache,
            &mut brought.operation,
        ] {
            *text = format!("\0{endless}");
        }
        store.append("a", 0..1, std::slice::from_ref(&brought)).await.unwrap();
        let found = store.entries(&all()).await.unwrap().remove(0);
        assert!(found.key.starts_with("?\u{4e00}") && found.key.len() <= 256, "{}", found.key);
        assert_eq!(found.end_user, found.key);
        // Asked for as it came.
        for account in [
            AccountColumn::Key(brought.key.clone()),
            AccountColumn::User {
                user: brought.end_user,
                tenant: Some(brought.tenant),
                key: Some(brought.key),
            },
        ] {
            assert_eq!(store.used(&account, 0, u64::MAX).await.unwrap().tokens, 15, "{account:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn names_that_become_alike_when_they_are_cut_are_summed_up_as_one() {
    on_both(async |bed| {
        let store = bed.open().await;
        let long = "x".repeat(256);
        let names = [format!("{long}1"), format!("{long}2"), long];
        let named = |name: &String| Entry { tenant: name.clone(), model_served: name.clone(), ..entry(1) };
        store.append("a", 0..1, &names.iter().map(named).collect::<Vec<_>>()).await.unwrap();
        let groups = vec![Group::Tenant, Group::Hour];
        let query =
            ReportQuery { since_ms: 0, until_ms: u64::MAX, groups, limit: 9, ..ReportQuery::default() };
        let rows = store.report(&query).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.sums.requests).collect::<Vec<_>>(), [3]);
    })
    .await;
}

#[tokio::test]
async fn numbers_beyond_all_measure_become_the_largest() {
    on_both(async |bed| {
        let store = bed.open().await;
        let huge = |number| Entry {
            id: EntryId(u128::MAX - number),
            at: 7,
            input: u64::MAX,
            cached: u64::MAX,
            cache_write: u64::MAX,
            output: u64::MAX,
            reasoning: u64::MAX,
            cost: u64::MAX,
            latency_us: u64::MAX,
            ttft_us: Some(u64::MAX),
            status: u16::MAX,
            attempts: u16::MAX,
            key: format!("key_{}", number % 2),
            ..entry(1)
        };
        // Sums of one batch, of several, and of several rows of aggregates.
        store.append("a", 0..1, &(0..5).map(huge).collect::<Vec<_>>()).await.unwrap();
        store.append("a", 1..2, &(5..10).map(huge).collect::<Vec<_>>()).await.unwrap();
        let last = Entry { at: u64::MAX, id: EntryId(11), ..huge(11) };
        store.append("a", 2..u64::MAX, &[last]).await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), MOST);
        let kept = store.entries(&all()).await.unwrap().remove(0);
        assert_eq!((kept.cost, kept.input, kept.ttft_us, kept.status), (MOST, MOST, Some(MOST), u16::MAX));
        for groups in [vec![], vec![Group::Key], vec![Group::Hour]] {
            let query =
                ReportQuery { since_ms: 0, until_ms: u64::MAX, groups, limit: 9, ..ReportQuery::default() };
            let rows = store.report(&query).await.unwrap();
            assert!(rows.iter().all(|row| row.sums.cost == MOST && row.sums.input == MOST), "{rows:?}");
        }
        for account in [AccountColumn::Key("key_1".into()), AccountColumn::Model("fast".into())] {
            let used = store.used(&account, 0, u64::MAX).await.unwrap();
            assert_eq!((used.cost, used.tokens), (MOST, MOST), "{account:?}");
        }
    })
    .await;
}
