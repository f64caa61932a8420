//! A file of SQLite's: who may read it, and that several processes may write to it.

use crate::bed::Bed;
use crate::bed::all;
use crate::bed::entries;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use tollgate::config::StoreUrl;
use tollgate::store::Brought;
use tollgate::store::By;
use tollgate::store::EntriesPage;
use tollgate::store::NewTenant;
use tollgate::store::Store;
use tollgate::store::StoreError;

/// What tells the other process where to write.
const FILE: &str = "TOLLGATE_TEST_STORE";
const WRITERS: u64 = 3;
const BATCHES: u64 = 40;

#[tokio::test]
async fn only_its_owner_may_read_it_and_what_lies_beside_it() {
    let bed = Bed::sqlite();
    let store = bed.open().await;
    store.append("a", 0..1, &entries(0..3)).await.unwrap();
    let folder = bed.file().parent().unwrap().to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        assert_eq!(mode(&name), 0o600, "{name:?}");
    }
}

#[tokio::test]
async fn its_name_may_hold_any_sign() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b.db", "50%41.db", "q?mode=memory.db", "ü#1.db", "sub/dir/x.db"] {
        let path = folder.path().join(name);
        let store = Store::open(&StoreUrl::Sqlite(path.clone())).await.unwrap();
        store.append::<&str>("a", 0..3, &[]).await.unwrap();
        assert!(path.exists(), "{name}");
        store.close().await;
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_or_is_something_else_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, "this is no database, and it is long enough to be looked at as one".repeat(20)).unwrap();
    for path in [file.join("below.db"), folder.path().to_owned(), file] {
        let error = Store::open(&StoreUrl::Sqlite(path.clone())).await.unwrap_err();
        assert!(matches!(error, StoreError::Broken { .. }), "{path:?}: {error:?}");
    }
}

#[tokio::test]
async fn several_processes_and_pools_write_to_one_file_at_once() {
    let bed = Bed::sqlite();
    bed.open().await.close().await;
    let others: Vec<_> = (1..WRITERS)
        .map(|writer| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "file::another_process_that_writes", "--ignored", "--quiet"])
                .env(FILE, format!("{writer}:{}", bed.file().display()))
                .spawn()
                .unwrap()
        })
        .collect();
    let (one, two) = (bed.open().await, bed.open().await);
    tokio::join!(write(&one, 0), write(&two, WRITERS));
    for mut other in others {
        assert!(other.wait().unwrap().success(), "the other process failed");
    }
    assert_eq!(one.edition().await.unwrap(), (WRITERS + 1) * BATCHES);
    let (mut count, mut after) = (0, None);
    loop {
        let page = one.entries(&EntriesPage { after, ..all() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.at, last.id));
        count += page.len() as u64;
    }
    assert_eq!(count, (WRITERS + 1) * BATCHES * 20);
}

#[tokio::test]
#[ignore = "started by another test, in a process of its own"]
async fn another_process_that_writes() {
    let Ok(told) = std::env::var(FILE) else { return };
    let (writer, path) = told.split_once(':').unwrap();
    let store = Store::open(&StoreUrl::Sqlite(path.into())).await.unwrap();
    write(&store, writer.parse().unwrap()).await;
}

/// The ledger and changes by turns, and something read in between.
async fn write(store: &Store, writer: u64) {
    for batch in 0..BATCHES {
        let begin = (writer * BATCHES + batch) * 20;
        let spool = format!("spool{writer}");
        let brought = store.append(&spool, batch..batch + 1, &entries(begin..begin + 20)).await.unwrap();
        assert_eq!(brought, Brought::Taken);
        let new = NewTenant { name: format!("tenant{begin}"), settings: "{}".to_owned() };
        store.add_tenant(&new, &By { who: "test".to_owned(), at_ms: 1 }).await.unwrap();
        assert_eq!(store.drained(&spool).await.unwrap(), batch + 1);
    }
}
