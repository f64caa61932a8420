//! What aggregates say is what adding up every entry comes to.

use crate::bed::BEGIN;
use crate::bed::on_both;
use crate::bed::random_entries;
use std::collections::BTreeMap;
use tollgate::store::Brought;
use tollgate::store::Entry;
use tollgate::store::Filter;
use tollgate::store::Group;
use tollgate::store::Order;
use tollgate::store::ReportQuery;
use tollgate::store::ReportRow;
use tollgate::store::Sums;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;

/// What a row is told apart by, in the order of the columns below.
type Place = (Option<u64>, Option<String>, Option<String>, Option<String>, Option<String>);

/// A name that nobody answered to is not told apart.
fn model_of(entry: &Entry) -> &String {
    match entry.model_served.is_empty() && entry.is_hit() {
        true => &entry.model_asked,
        false => &entry.model_served,
    }
}

fn place_of(entry: &Entry, groups: &[Group]) -> Place {
    let has = |group| groups.contains(&group);
    let at = match (has(Group::Hour), has(Group::Day)) {
        (true, _) => Some(entry.at / HOUR * HOUR),
        (false, true) => Some(entry.at / DAY * DAY),
        (false, false) => None,
    };
    let model = model_of(entry);
    let given = |group, text: &String| has(group).then(|| text.clone());
    (
        at,
        given(Group::Tenant, &entry.tenant),
        given(Group::Key, &entry.key),
        given(Group::Provider, &entry.provider),
        given(Group::Model, model),
    )
}

fn place_in(row: &ReportRow) -> Place {
    (row.at, row.tenant.clone(), row.key.clone(), row.provider.clone(), row.model.clone())
}

fn added_up(entries: &[Entry], query: &ReportQuery) -> BTreeMap<Place, Sums> {
    let Filter { tenant, key, provider, model } = &query.filter;
    let fits = |wanted: &Option<String>, text: &String| wanted.as_ref().is_none_or(|wanted| wanted == text);
    let mut sums: BTreeMap<Place, Sums> = BTreeMap::new();
    for entry in entries {
        let served = model_of(entry);
        let named = fits(tenant, &entry.tenant) && fits(key, &entry.key);
        let served = fits(provider, &entry.provider) && fits(model, served);
        if named && served && (query.since_ms..query.until_ms).contains(&entry.at) {
            *sums.entry(place_of(entry, &query.groups)).or_default() += Sums::of(entry);
        }
    }
    sums
}

fn queries() -> Vec<ReportQuery> {
    use Group::*;
    let midnight = BEGIN / DAY * DAY;
    let ranges = [
        (midnight, midnight + 5 * DAY),
        (midnight + DAY, midnight + 2 * DAY),
        (midnight + 25 * HOUR, midnight + 50 * HOUR),
    ];
    let groups: [&[Group]; 9] = [
        &[],
        &[Day],
        &[Hour],
        &[Tenant],
        &[Key, Model],
        &[Provider],
        &[Day, Hour, Key],
        &[Model, Day],
        &[Day, Tenant, Key, Provider, Model],
    ];
    let some = |text: &str| Some(text.to_owned());
    let filters = [
        Filter::default(),
        Filter { tenant: some("tn_1"), ..Filter::default() },
        Filter { tenant: some(""), provider: some("acme"), ..Filter::default() },
        Filter { key: some("key_2"), model: some("fast"), ..Filter::default() },
    ];
    let mut queries = Vec::new();
    for (since_ms, until_ms) in ranges {
        for groups in groups {
            for filter in &filters {
                let (groups, filter) = (groups.to_vec(), filter.clone());
                queries.push(ReportQuery {
                    since_ms,
                    until_ms,
                    groups,
                    filter,
                    order: Order::Groups,
                    limit: 10_000,
                });
            }
        }
    }
    queries
}

#[tokio::test]
async fn reports_are_what_adding_up_every_entry_comes_to() {
    on_both(async |bed| {
        let store = bed.open().await;
        let mut entries = Vec::new();
        for seed in 1..=3 {
            let some = random_entries(seed, 700);
            // Brought in pieces, some of them twice, as after broken connections.
            for piece in some.chunks(90) {
                let from = store.drained("a").await.unwrap();
                let bytes = from..from + piece.len() as u64;
                store.append("a", bytes.clone(), piece).await.unwrap();
                assert_eq!(store.append("a", bytes, piece).await.unwrap(), Brought::Elsewhere);
            }
            entries.extend(some);
            for query in queries() {
                let rows = store.report(&query).await.unwrap();
                let found: BTreeMap<Place, Sums> = rows.iter().map(|row| (place_in(row), row.sums)).collect();
                assert_eq!(found.len(), rows.len(), "a group twice: {query:?}");
                assert_eq!(found, added_up(&entries, &query), "{query:?}");
            }
        }
    })
    .await;
}
