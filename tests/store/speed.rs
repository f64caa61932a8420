//! How many entries a second the ledger takes in:
//! `cargo test --release --test store speed -- --ignored --nocapture`.

use crate::bed::Bed;
use crate::bed::random_entries;
use std::time::Instant;
use tollgate::store::Entry;
use tollgate::store::EntryId;

const BATCH: usize = 1000;
const BATCHES: u64 = 100;

#[tokio::test]
#[ignore = "a measurement"]
async fn entries_a_second() {
    for (name, bed) in [("SQLite", Bed::sqlite()), ("PostgreSQL", Bed::postgres().await)] {
        let store = bed.open().await;
        let batches: Vec<Vec<Entry>> = (0..BATCHES).map(batch).collect();
        let begin = Instant::now();
        for (number, batch) in batches.iter().enumerate() {
            store.append("speed", number as u64..number as u64 + 1, batch).await.unwrap();
        }
        let took = begin.elapsed();
        let count = batches.len() * BATCH;
        println!("{name}: {count} entries in {took:?}, {:.0} a second", count as f64 / took.as_secs_f64());
    }
}

/// Entries as they come: one process, one minute a batch, a few hundred combinations of key and model.
fn batch(number: u64) -> Vec<Entry> {
    let mut entries = random_entries(1, BATCH as u64);
    for (index, entry) in entries.iter_mut().enumerate() {
        entry.id = EntryId::new(1, number * BATCH as u64 + index as u64);
        entry.at = crate::bed::BEGIN + number * 60_000 + index as u64 * 60;
        entry.request_id = format!("req_{:024}", entry.id.0);
        entry.operation = "chat.completions".to_owned();
    }
    entries
}
