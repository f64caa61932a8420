//! What the ledger costs: processor time of an entry in a request, and how fast the spool is drained into SQLite.
//!
//! `cargo run --release --example ledger [folder]`

#![allow(clippy::unwrap_used)]

use http::Method;
use http::Uri;
use std::borrow::Cow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tollgate::clock;
use tollgate::config::LogFormat;
use tollgate::config::StoreUrl;
use tollgate::dialect::operation::Operation as Asked;
use tollgate::dialect::usage::Usage;
use tollgate::gateway::entry;
use tollgate::gateway::record::Arrival;
use tollgate::gateway::record::Ledger;
use tollgate::gateway::record::Record;
use tollgate::gateway::vendor::Lane;
use tollgate::id;
use tollgate::server::ledger::drain::Step;
use tollgate::server::ledger::drain::step;
use tollgate::state::Claim;
use tollgate::state::State;
use tollgate::state::Whose;
use tollgate::store::Counted;
use tollgate::store::Entry;
use tollgate::store::Store;
use tollgate::telemetry::metrics::Metrics;
use tollgate::telemetry::metrics::Operation;
use tollgate::telemetry::sink::Sink;
use tollgate::tenants::credential::Credential;
use tollgate::tenants::credential::Rights;
use tollgate::usage::pricing::Price;
use tollgate::usage::pricing::Rates;
use tollgate::usage::spool::Spool;

const ENTRIES: u32 = 400_000;
/// Applications that ask by turns: each has a row of the hour and one of the day.
const KEYS: usize = 32;

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("tollgate-ledger-{}", std::process::id()));
    let metrics = Arc::new(Metrics::new());
    let spool = Spool::open(folder.join("spool"), 7, metrics.ledger()).unwrap();
    let ledger = Ledger { metrics, sink: Sink::start(), spool, format: LogFormat::Json, access: false };
    let ledger = Arc::new(ledger);
    write(&ledger);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(drain(&ledger, &folder));
    std::fs::remove_dir_all(folder).unwrap();
}

/// In slices, for files are changed between them as they are in the gateway.
fn write(ledger: &Arc<Ledger>) {
    let record = record(ledger);
    let (mut made, mut written) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ENTRIES / 1000 {
        let begun = Instant::now();
        let entries: Vec<_> = (0..1000)
            .map(|_| entry::of_request(&record, ledger.spool.next_id(), clock::now()).unwrap())
            .collect();
        made += begun.elapsed();
        let entries: Vec<_> = entries.into_iter().zip(0..).map(told_apart).collect();
        let begun = Instant::now();
        entries.iter().for_each(|entry| ledger.spool.append(entry));
        written += begun.elapsed();
        ledger.spool.tend();
    }
    let bytes = ledger.spool.backlog() / u64::from(ENTRIES);
    println!("an entry of {bytes} bytes: {:?} made, {:?} written", made / ENTRIES, written / ENTRIES);
}

/// As no two requests are alike: a page of like ones would be packed too small, and too fast.
fn told_apart((entry, number): (Entry<Cow<'_, str>>, usize)) -> Entry<Cow<'_, str>> {
    Entry {
        request_id: id::random("req_").into(),
        key: format!("key_0123456789abcdefghijkl{:02}", number % KEYS).into(),
        input: rand::random_range(100..5_000),
        output: rand::random_range(10..1_000),
        cost: rand::random_range(1_000..50_000_000),
        latency_us: rand::random_range(500_000..10_000_000),
        ttft_us: Some(rand::random_range(100_000..500_000)),
        ..entry
    }
}

async fn drain(ledger: &Ledger, folder: &Path) {
    let store = Store::open(&StoreUrl::Sqlite(folder.join("tollgate.db"))).await.unwrap();
    let (begun, used) = (Instant::now(), cpu_time());
    while step(&ledger.spool, &store, clock::now()).await.unwrap() == Step::Taken {}
    let speed = f64::from(ENTRIES) / begun.elapsed().as_secs_f64();
    let cpu = (cpu_time() - used) / ENTRIES;
    println!("{ENTRIES} entries drained into SQLite: {cpu:?} of CPU time each, {speed:.0} a second");
    assert_eq!(ledger.spool.backlog(), 0);
    store.close().await;
    let size = std::fs::metadata(folder.join("tollgate.db")).unwrap().len();
    println!("{} bytes each in SQLite", size / u64::from(ENTRIES));
}

/// Of all threads so far, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    Duration::from_millis(10) * ticks.sum::<u32>()
}

fn record(ledger: &Arc<Ledger>) -> Record {
    let arrival = Arrival {
        at: Instant::now(),
        wall: clock::since_epoch(),
        request_id: "req_0123456789abcdefghijklmn".to_owned(),
        client: None,
        method: Method::POST,
        uri: Uri::from_static("/v1/chat/completions"),
        on_behalf: None,
    };
    let mut record = Record::new(ledger.clone(), arrival);
    record.subject.operation = Operation::Asked(Asked::ChatCompletions);
    let own = Claim { whose: Whose::Key, account: State::memory().account("k"), bounds: Arc::default() };
    let key = Credential::new("key_0123456789abcdefghijklmn", "app", None, Rights::default(), own);
    record.subject.payer = Some(Arc::new(key));
    record.subject.model = Some("openai/gpt-4o".to_owned());
    record.service.provider = Some("openai".into());
    record.service.model = Some("gpt-4o".into());
    let rates = Rates { input: 2_500_000_000, output: 10_000_000_000, cached: 1, cache_write: 1 };
    let series = ledger.metrics.series("openai", "gpt-4o");
    record.service.lane = Some(Arc::new(Lane { series, price: Price::Known(rates) }));
    record.bill(Usage { input: 1_200, output: 350, ..Usage::default() }, Counted::Told);
    record.outcome.status = 200;
    record.first_byte();
    record
}
