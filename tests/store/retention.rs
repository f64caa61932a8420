//! What is old goes; what is not stays.

use crate::bed::all;
use crate::bed::entries;
use crate::bed::entry;
use crate::bed::on_both;
use tollgate::store::Group;
use tollgate::store::Removed;
use tollgate::store::ReportQuery;
use tollgate::store::Store;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;

async fn rows(store: &Store, group: Group) -> Vec<(Option<u64>, u64)> {
    let until_ms = entry(0).at / DAY * DAY + 90 * DAY;
    let query =
        ReportQuery { since_ms: 0, until_ms, groups: vec![group], limit: 1000, ..ReportQuery::default() };
    let rows = store.report(&query).await.unwrap();
    rows.into_iter().map(|row| (row.at, row.sums.requests)).collect()
}

#[tokio::test]
async fn old_entries_and_hours_are_removed_and_days_stay() {
    on_both(async |bed| {
        let store = bed.open().await;
        // More than two slices of pages, a minute from entry to entry.
        for begin in (0..2500).step_by(20) {
            store.append("a", begin..begin + 20, &entries(begin..begin + 20)).await.unwrap();
        }
        let (hours, days) = (rows(&store, Group::Hour).await, rows(&store, Group::Day).await);
        let limit = entry(2100).at / HOUR * HOUR;
        // In the middle of a page, which stays whole.
        let removed = store.retain(entry(2210).at, limit).await.unwrap();
        let young: Vec<_> = hours.iter().copied().filter(|(at, _)| at.unwrap() >= limit).collect();
        assert_eq!(removed, Removed { entries: 2200, hours: (hours.len() - young.len()) as u64 });
        assert_eq!(rows(&store, Group::Hour).await, young);
        assert_eq!(rows(&store, Group::Day).await, days);
        let mut left = store.entries(&all()).await.unwrap();
        left.reverse();
        assert_eq!(left, entries(2200..2500));
        assert_eq!(store.retain(entry(2210).at, limit).await.unwrap(), Removed::default());
    })
    .await;
}
