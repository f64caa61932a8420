//! Each entry is in the ledger once, however often it is brought.

use crate::bed::all;
use crate::bed::entries;
use crate::bed::entry;
use crate::bed::on_both;
use crate::bed::random_entries;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::cmp::Reverse;
use std::ops::Range;
use tollgate::store::AccountColumn;
use tollgate::store::Brought;
use tollgate::store::EntriesPage;
use tollgate::store::Entry;
use tollgate::store::EntryId;
use tollgate::store::ReportQuery;
use tollgate::store::Store;
use tollgate::store::Sums;

/// All entries, the oldest first, and whether the aggregates say the same.
async fn ledger(store: &Store) -> Vec<Entry> {
    let mut entries = store.entries(&all()).await.unwrap();
    entries.reverse();
    let mut sums = Sums::default();
    entries.iter().for_each(|entry| sums += Sums::of(entry));
    let day = 86_400_000;
    for until_ms in [2_000_000 * day, 2_000_000 * day + 1] {
        let query = ReportQuery { since_ms: 0, until_ms, limit: 1, ..ReportQuery::default() };
        let rows = store.report(&query).await.unwrap();
        assert_eq!(rows.first().map(|row| row.sums).unwrap_or_default(), sums);
    }
    entries
}

#[tokio::test]
async fn what_is_brought_comes_back_as_it_was() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut full = entry(3);
        full.tenant = "tn_1".into();
        full.end_user = "ann".into();
        full.stream = true;
        full.error = "timeout".into();
        (full.cached, full.cache_write, full.reasoning) = (1, 2, 3);
        full.ttft_us = Some(0);
        full.cache = "miss".into();
        let brought = vec![Entry::default(), entry(2), full];
        store.append("a", 0..7, &brought).await.unwrap();
        assert_eq!(ledger(&store).await, brought);
    })
    .await;
}

#[tokio::test]
async fn a_batch_brought_twice_counts_once() {
    on_both(async |bed| {
        let store = bed.open().await;
        for brought in [Brought::Taken, Brought::Elsewhere, Brought::Elsewhere] {
            assert_eq!(store.append("a", 0..900, &entries(0..100)).await.unwrap(), brought);
            assert_eq!(ledger(&store).await, entries(0..100));
            assert_eq!(store.drained("a").await.unwrap(), 900);
        }
    })
    .await;
}

#[tokio::test]
async fn of_batches_that_overlap_only_those_are_taken_that_begin_where_the_spool_stands() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut stands = 0;
        for bytes in [0..60, 30..130, 0..131, 61..70, 60..60, 60..130, 129..131, 130..131] {
            let fits = bytes.start == stands;
            let numbers = if bytes.is_empty() { 0..0 } else { bytes.clone() };
            let brought = store.append("a", bytes.clone(), &entries(numbers)).await.unwrap();
            assert_eq!(brought == Brought::Taken, fits, "{bytes:?}");
            stands = if fits { bytes.end } else { stands };
            assert_eq!(store.drained("a").await.unwrap(), stands);
        }
        assert_eq!(ledger(&store).await, entries(0..131));
    })
    .await;
}

/// Entry `n` stands at byte `n`. Batches have any length, and whoever comes too late asks where to go on.
async fn drain(store: &Store, spool: &str, numbers: Range<u64>, seed: u64) -> u64 {
    let (mut chance, mut from, mut too_late) = (StdRng::seed_from_u64(seed), 0, 0);
    while from < numbers.end - numbers.start {
        let upto = (from + chance.random_range(1..30)).min(numbers.end - numbers.start);
        let batch = entries(numbers.start + from..numbers.start + upto);
        match store.append(spool, from..upto, &batch).await.unwrap() {
            Brought::Taken => from = upto,
            Brought::Elsewhere => {
                too_late += 1;
                from = store.drained(spool).await.unwrap();
            }
        }
    }
    too_late
}

#[tokio::test]
async fn of_many_that_drain_one_spool_at_once_each_entry_is_taken_once() {
    on_both(async |bed| {
        let (store, other) = (bed.open().await, bed.open().await);
        let too_late = tokio::join!(
            drain(&store, "a", 0..500, 1),
            drain(&other, "a", 0..500, 2),
            drain(&store, "a", 0..500, 3),
            drain(&other, "b", 500..700, 4),
            drain(&store, "b", 500..700, 5),
        );
        assert!(too_late.0 + too_late.1 + too_late.2 > 0, "they never met");
        assert_eq!(ledger(&store).await, entries(0..700));
        assert_eq!(store.drained("a").await.unwrap(), 500);
    })
    .await;
}

#[tokio::test]
async fn a_spool_that_comes_back_after_it_was_forgotten_is_not_taken_again() {
    on_both(async |bed| {
        let store = bed.open().await;
        drain(&store, "a", 0..100, 1).await;
        store.forget_spool("a").await.unwrap();
        assert_eq!(store.append("a", 0..50, &entries(0..50)).await.unwrap(), Brought::Elsewhere);
        assert_eq!(store.drained("a").await.unwrap(), 100);
        // It may even have grown.
        assert_eq!(store.append("a", 100..120, &entries(100..120)).await.unwrap(), Brought::Taken);
        assert_eq!(ledger(&store).await, entries(0..120));
    })
    .await;
}

#[tokio::test]
async fn a_spool_goes_on_where_it_stands_after_its_pages_were_removed() {
    on_both(async |bed| {
        let store = bed.open().await;
        drain(&store, "a", 0..100, 1).await;
        store.retain(u64::MAX, 0).await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), 100);
        assert_eq!(store.append("a", 0..50, &entries(0..50)).await.unwrap(), Brought::Elsewhere);
        assert_eq!(store.append("a", 100..101, &entries(100..101)).await.unwrap(), Brought::Taken);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_all_or_nothing_and_can_be_repeated() {
    on_both(async |bed| {
        let store = bed.open().await;
        for steps in 0..40 {
            let numbers = steps * 50..steps * 50 + 50;
            let (spool, brought) = (format!("s{steps}"), entries(numbers));
            {
                let mut call = std::pin::pin!(store.append(&spool, 0..1, &brought));
                // Polled a few times and dropped, wherever it stands.
                for _ in 0..steps {
                    let tick = tokio::time::sleep(std::time::Duration::from_micros(300));
                    tokio::select! { done = &mut call => { done.unwrap(); break } () = tick => {} }
                }
            }
            let kept = store.entries(&EntriesPage { since_ms: brought[0].at, ..all() }).await.unwrap().len();
            assert!(kept == 0 || kept == 50, "{kept} after {steps} steps");
            store.append(&spool, 0..1, &brought).await.unwrap();
        }
        let page = EntriesPage { limit: 1000, ..all() };
        let newest = store.entries(&page).await.unwrap();
        assert_eq!(newest.len(), 1000);
    })
    .await;
}

#[tokio::test]
async fn a_spool_never_goes_back_and_can_be_forgotten() {
    on_both(async |bed| {
        let store = bed.open().await;
        let advance = async |spool, bytes| store.append::<&str>(spool, bytes, &[]).await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), 0);
        assert_eq!(advance("a", 0..500).await, Brought::Taken);
        assert_eq!(advance("a", 0..300).await, Brought::Elsewhere);
        assert_eq!(advance("a", 700..800).await, Brought::Elsewhere);
        assert_eq!(advance("b", 0..7).await, Brought::Taken);
        assert_eq!(store.drained("a").await.unwrap(), 500);
        store.forget_spool("a").await.unwrap();
        store.forget_spool("a").await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), 0);
        assert_eq!(store.drained("b").await.unwrap(), 7);
    })
    .await;
}

/// Many pages that overlap in time.
async fn scattered(store: &Store, seed: u64) -> Vec<Entry> {
    let mut brought = random_entries(seed, 1500);
    for (number, entry) in brought.iter_mut().enumerate() {
        // Many of the same time: the id tells them apart.
        entry.at -= entry.at % 100_000;
        entry.key = if number < 700 { "key_%".to_owned() } else { entry.key.clone() };
    }
    for (number, batch) in brought.chunks(11).enumerate() {
        let (spool, from) = (format!("s{}", number % 3), number as u64 / 3);
        assert_eq!(store.append(&spool, from..from + 1, batch).await.unwrap(), Brought::Taken);
    }
    brought.sort_by_key(|entry| Reverse((entry.at, entry.id)));
    brought
}

#[tokio::test]
async fn pages_are_what_sorting_all_entries_comes_to() {
    on_both(async |bed| {
        let store = bed.open().await;
        let brought = scattered(&store, 11).await;
        let (middle, quarter) = (brought[750].at, brought[400].at);
        for (tenant, key, since_ms, until_ms, limit) in [
            (None, None, 0, u64::MAX, 97),
            (Some("tn_1"), None, 0, u64::MAX, 40),
            (Some(""), Some("key_2"), 0, u64::MAX, 1000),
            (None, Some("key_%"), middle, u64::MAX, 13),
            (Some("TN_1"), None, 0, u64::MAX, 9),
            (None, Some("key_"), 0, u64::MAX, 9),
            (None, Some("%"), 0, u64::MAX, 9),
            (None, None, middle, quarter, 50),
            (None, None, quarter, middle, 50),
        ] {
            let is_of = |name: Option<&str>, own: &str| name.is_none_or(|name| name == own);
            let wanted: Vec<Entry> = brought
                .iter()
                .filter(|entry| is_of(tenant, &entry.tenant) && is_of(key, &entry.key))
                .filter(|entry| (since_ms..until_ms).contains(&entry.at))
                .cloned()
                .collect();
            let (tenant, key) = (tenant.map(str::to_owned), key.map(str::to_owned));
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = EntriesPage {
                    tenant: tenant.clone(),
                    key: key.clone(),
                    since_ms,
                    until_ms,
                    after,
                    limit,
                };
                let found = store.entries(&page).await.unwrap();
                assert!(found.len() <= limit as usize);
                let Some(last) = found.last() else { break };
                after = Some((last.at, last.id));
                seen.extend(found);
            }
            assert_eq!(seen, wanted, "{tenant:?} {key:?} {since_ms} {until_ms}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_with_more_names_than_are_listed_is_looked_into() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut brought = entries(0..600);
        brought.iter_mut().enumerate().for_each(|(number, entry)| entry.key = format!("key_{}", number / 2));
        store.append("a", 0..1, &brought).await.unwrap();
        let page = EntriesPage { key: Some("key_299".to_owned()), ..all() };
        assert_eq!(store.entries(&page).await.unwrap().len(), 2);
        let account = AccountColumn::Key("key_299".to_owned());
        assert_eq!(store.used(&account, 0, brought[599].at).await.unwrap().requests, 1);
    })
    .await;
}

#[tokio::test]
async fn pages_show_every_entry_once_the_newest_first() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut brought = entries(0..50);
        // Many of the same time: the id tells them apart.
        brought.iter_mut().for_each(|entry| entry.at -= entry.at % 1_000_000);
        store.append("a", 0..1, &brought).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.entries(&EntriesPage { after, limit: 7, ..all() }).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.at, last.id));
            seen.extend(page);
        }
        seen.reverse();
        assert_eq!(seen, brought);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_and_a_key_see_only_their_own_entries() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut brought = entries(0..9);
        for (number, entry) in brought.iter_mut().enumerate() {
            entry.tenant = ["", "tn_1", "tn_2"][number % 3].into();
            entry.key = ["key_1", "key_2"][number % 2].into();
        }
        store.append("a", 0..1, &brought).await.unwrap();
        for (tenant, key, count) in [
            (Some("tn_1"), None, 3),
            (Some(""), None, 3),
            (None, Some("key_2"), 4),
            (Some("tn_2"), Some("key_1"), 2),
            (Some("tn_3"), None, 0),
        ] {
            let page = EntriesPage { tenant: tenant.map(Into::into), key: key.map(Into::into), ..all() };
            let found = store.entries(&page).await.unwrap();
            assert_eq!(found.len(), count, "{tenant:?} {key:?}");
            assert!(tenant.is_none_or(|tenant| found.iter().all(|entry| entry.tenant == tenant)));
            assert!(key.is_none_or(|key| found.iter().all(|entry| entry.key == key)));
        }
        let range = EntriesPage { since_ms: entry(2).at, until_ms: entry(4).at, ..all() };
        let ids: Vec<EntryId> = store.entries(&range).await.unwrap().iter().map(|entry| entry.id).collect();
        assert_eq!(ids, [entry(3).id, entry(2).id]);
    })
    .await;
}
