//! Which rows a report has, and which come first.

use crate::bed::BEGIN;
use crate::bed::entry;
use crate::bed::on_both;
use tollgate::store::Group;
use tollgate::store::Order;
use tollgate::store::ReportQuery;
use tollgate::store::Store;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;

async fn filled(store: &Store) {
    let mut entries = Vec::new();
    for (number, (key, cost)) in
        [("key_b", 5), ("key_a", 7), ("key_B", 9), ("key_ä", 1)].into_iter().enumerate()
    {
        let mut entry = entry(number as u64);
        (entry.key, entry.cost) = (key.to_owned(), cost);
        entry.at = BEGIN + number as u64 * DAY;
        entries.push(entry);
    }
    store.append("a", 0..1, &entries).await.unwrap();
}

fn by(groups: &[Group], order: Order, limit: u32) -> ReportQuery {
    let until_ms = BEGIN + 10 * DAY;
    ReportQuery { since_ms: 0, until_ms, groups: groups.to_vec(), order, limit, ..ReportQuery::default() }
}

async fn keys(store: &Store, query: &ReportQuery) -> Vec<String> {
    store.report(query).await.unwrap().into_iter().map(|row| row.key.unwrap()).collect()
}

#[tokio::test]
async fn rows_come_by_their_groups_or_the_dearest_first() {
    on_both(async |bed| {
        let store = bed.open().await;
        filled(&store).await;
        let order = async |order, limit| keys(&store, &by(&[Group::Key], order, limit)).await;
        assert_eq!(order(Order::Groups, 9).await, ["key_B", "key_a", "key_b", "key_ä"]);
        assert_eq!(order(Order::Cost, 9).await, ["key_B", "key_a", "key_b", "key_ä"]);
        assert_eq!(order(Order::Cost, 2).await, ["key_B", "key_a"]);
        let by_day = keys(&store, &by(&[Group::Day, Group::Key], Order::Groups, 3)).await;
        assert_eq!(by_day, ["key_b", "key_a", "key_B"]);
    })
    .await;
}

#[tokio::test]
async fn where_nothing_was_used_there_is_no_row() {
    on_both(async |bed| {
        let store = bed.open().await;
        for groups in [&[][..], &[Group::Day]] {
            assert_eq!(store.report(&by(groups, Order::Groups, 5)).await.unwrap(), []);
        }
        filled(&store).await;
        let rows = store.report(&by(&[], Order::Cost, 5)).await.unwrap();
        assert_eq!((rows.len(), rows[0].sums.requests, rows[0].sums.cost), (1, 4, 22));
        assert_eq!(store.report(&by(&[], Order::Cost, 0)).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_range_is_widened_to_whole_hours() {
    on_both(async |bed| {
        let store = bed.open().await;
        filled(&store).await;
        let hour = BEGIN / HOUR * HOUR;
        for (since_ms, until_ms, rows) in [
            (BEGIN, BEGIN + 1, 1),
            (hour + HOUR - 1, hour + HOUR, 1),
            (hour + HOUR, hour + 2 * HOUR, 0),
            (hour, hour, 0),
            (u64::MAX, u64::MAX, 0),
            (0, u64::MAX, 4),
        ] {
            let query = ReportQuery { since_ms, until_ms, ..by(&[Group::Hour], Order::Groups, 9) };
            assert_eq!(store.report(&query).await.unwrap().len(), rows, "{since_ms}..{until_ms}");
        }
    })
    .await;
}
