//! The drain beside another one, and before a store that refuses some files and takes others.

use crate::books::Books;
use sqlx::AssertSqlSafe;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;
use tempfile::TempDir;
use tollgate::config::StoreUrl;
use tollgate::server::ledger::drain::Step;
use tollgate::server::ledger::drain::step;
use tollgate::store::Entry;
use tollgate::store::Store;
use tollgate::telemetry::metrics::Metrics;
use tollgate::usage::spool::Spool;

struct Bed {
    folder: TempDir,
    store: Store,
    books: Books,
}

impl Bed {
    async fn new() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tollgate.db");
        let store = Store::open(&StoreUrl::Sqlite(file.clone())).await.unwrap();
        Bed { books: Books::open(&file).await, folder, store }
    }

    fn spool(&self, boot: u64) -> Spool {
        Spool::open(self.folder.path().join("spool"), boot, Metrics::new().ledger()).unwrap()
    }

    /// Makes the store refuse the pages of which this is true.
    async fn refuse(&self, pages: &str) {
        let refusal = "BEGIN SELECT RAISE(ABORT, 'not this one'); END";
        self.sql(format!("CREATE TRIGGER refuses BEFORE INSERT ON pages WHEN {pages} {refusal}")).await;
    }

    /// Runs a statement behind the store's back.
    async fn sql(&self, text: String) {
        let address = format!("sqlite://{}", self.folder.path().join("tollgate.db").display());
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&address).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    }

    fn files(&self, ending: &str) -> usize {
        let files = std::fs::read_dir(self.folder.path().join("spool")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().unwrap() == ending).count()
    }
}

fn write(spool: &Spool, count: usize) {
    (0..count).for_each(|_| spool.append(&Entry { id: spool.next_id(), key: "k", ..Entry::default() }));
}

#[tokio::test]
async fn two_that_drain_one_spool_take_each_entry_once() {
    let bed = Bed::new().await;
    write(&bed.spool(1), 5000);
    let spool = bed.spool(2);
    spool.adopt().unwrap();
    let drain = async || {
        for _ in 0..50 {
            write(&spool, 40);
            step(&spool, &bed.store, Instant::now()).await.unwrap();
        }
        while step(&spool, &bed.store, Instant::now()).await.unwrap() != Step::Idle {}
    };
    tokio::join!(drain(), drain(), drain());
    let entries = bed.books.all().await;
    assert_eq!((entries.len(), bed.files("spool")), (11_000, 1));
    assert!(entries.windows(2).all(|two| two[0].id != two[1].id));
}

#[tokio::test]
async fn a_file_that_is_refused_does_not_keep_others_out_and_is_set_aside() {
    let bed = Bed::new().await;
    bed.refuse("NEW.spool LIKE '%0001-%'").await;
    write(&bed.spool(1), 5);
    let spool = bed.spool(2);
    spool.adopt().unwrap();
    let mut now = Instant::now();
    for round in 1..=9 {
        write(&spool, 1);
        assert_eq!(step(&spool, &bed.store, now).await.unwrap(), Step::Last);
        // It rests in between.
        assert_eq!(step(&spool, &bed.store, now).await.unwrap(), Step::Idle);
        assert_eq!((bed.books.all().await.len(), bed.files("refused")), (round, 0));
        now += Duration::from_secs(5);
    }
    write(&spool, 1);
    step(&spool, &bed.store, now).await.unwrap();
    assert_eq!((bed.books.all().await.len(), bed.files("refused"), bed.files("spool")), (10, 1, 1));
}

#[tokio::test]
async fn a_store_that_refuses_everything_costs_nothing() {
    let bed = Bed::new().await;
    bed.refuse("TRUE").await;
    write(&bed.spool(1), 5);
    let spool = bed.spool(2);
    spool.adopt().unwrap();
    write(&spool, 5);
    let mut now = Instant::now();
    for _ in 0..100 {
        assert!(!step(&spool, &bed.store, now).await.unwrap_err().is_away());
        now += Duration::from_secs(5);
    }
    assert_eq!((bed.files("refused"), bed.files("spool")), (0, 2));
    bed.sql("DROP TRIGGER refuses".to_owned()).await;
    while step(&spool, &bed.store, now).await.unwrap() != Step::Idle {}
    assert_eq!(bed.books.all().await.len(), 10);
}

#[tokio::test]
async fn the_only_file_is_closed_when_it_is_refused_so_that_another_can_be_taken() {
    let bed = Bed::new().await;
    bed.refuse("NEW.spool LIKE '%-000000%'").await;
    let (spool, mut now) = (bed.spool(1), Instant::now());
    write(&spool, 5);
    for _ in 0..10 {
        step(&spool, &bed.store, now).await.unwrap_err();
        now += Duration::from_secs(5);
    }
    write(&spool, 5);
    step(&spool, &bed.store, now).await.unwrap();
    assert_eq!(bed.books.all().await.len(), 5);
}

#[tokio::test]
async fn a_drained_file_that_cannot_be_removed_stays_ours_and_is_not_drained_again() {
    let bed = Bed::new().await;
    write(&bed.spool(1), 5);
    let spool = bed.spool(2);
    spool.adopt().unwrap();
    let path = spool.files().0[0].path().to_owned();
    std::fs::remove_file(&path).unwrap();
    // No file can be removed there.
    std::fs::create_dir_all(path.join(Path::new("full"))).unwrap();
    while step(&spool, &bed.store, Instant::now()).await.unwrap() != Step::Idle {}
    spool.adopt().unwrap();
    assert_eq!(step(&spool, &bed.store, Instant::now()).await.unwrap(), Step::Idle);
    assert_eq!((spool.files().0.len(), bed.books.all().await.len()), (1, 5));
    std::fs::remove_dir_all(&path).unwrap();
    step(&spool, &bed.store, Instant::now()).await.unwrap();
    assert_eq!(spool.files().0.len(), 0);
}
