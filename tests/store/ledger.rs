//! Each entry is in the ledger once, however often it is brought.

use crate::bed::all;
use crate::bed::entries;
use crate::bed::entry;
use crate::bed::on_both;
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
        store.append("a", 7, &brought).await.unwrap();
        assert_eq!(ledger(&store).await, brought);
    })
    .await;
}

#[tokio::test]
async fn a_batch_brought_twice_counts_once() {
    on_both(async |bed| {
        let store = bed.open().await;
        for _ in 0..2 {
            store.append("a", 900, &entries(0..100)).await.unwrap();
            assert_eq!(ledger(&store).await, entries(0..100));
            assert_eq!(store.drained("a").await.unwrap(), 900);
        }
    })
    .await;
}

#[tokio::test]
async fn of_batches_that_overlap_every_entry_counts_once() {
    on_both(async |bed| {
        let store = bed.open().await;
        for numbers in [0..60, 30..130, 129..131, 0..131] {
            store.append("a", numbers.end, &entries(numbers)).await.unwrap();
        }
        let twice = [entry(131), entry(131), entry(5)];
        store.append("b", 1, &twice).await.unwrap();
        assert_eq!(ledger(&store).await, entries(0..132));
    })
    .await;
}

#[tokio::test]
async fn brought_by_many_at_once_every_entry_counts_once() {
    on_both(async |bed| {
        let store = bed.open().await;
        let other = bed.open().await;
        let bring = |store, spool, numbers: std::ops::Range<u64>| async move {
            let (upto, mut entries) = (numbers.end, entries(numbers));
            // Whatever the order in which they come, nobody waits for another for ever.
            entries.reverse();
            Store::append(store, spool, upto, &entries).await.unwrap();
        };
        tokio::join!(
            bring(&store, "a", 0..200),
            bring(&other, "a", 0..200),
            bring(&store, "b", 100..300),
            bring(&other, "c", 50..250),
            bring(&store, "a", 0..100),
        );
        assert_eq!(ledger(&store).await, entries(0..300));
        assert_eq!(store.drained("a").await.unwrap(), 200);
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
                let mut call = std::pin::pin!(store.append(&spool, 1, &brought));
                // Polled a few times and dropped, wherever it stands.
                for _ in 0..steps {
                    let tick = tokio::time::sleep(std::time::Duration::from_micros(300));
                    tokio::select! { done = &mut call => { done.unwrap(); break } () = tick => {} }
                }
            }
            let kept = store.entries(&EntriesPage { since_ms: brought[0].at, ..all() }).await.unwrap().len();
            assert!(kept == 0 || kept == 50, "{kept} after {steps} steps");
            store.append(&spool, 1, &brought).await.unwrap();
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
        assert_eq!(store.drained("a").await.unwrap(), 0);
        store.append("a", 500, &[]).await.unwrap();
        store.append("a", 300, &[]).await.unwrap();
        store.append("b", 7, &[]).await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), 500);
        store.forget_spool("a").await.unwrap();
        store.forget_spool("a").await.unwrap();
        assert_eq!(store.drained("a").await.unwrap(), 0);
        assert_eq!(store.drained("b").await.unwrap(), 7);
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
        store.append("a", 1, &brought).await.unwrap();
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
        store.append("a", 1, &brought).await.unwrap();
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
