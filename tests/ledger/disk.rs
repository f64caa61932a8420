//! What may happen to the files of the spool.

use crate::*;
use std::fs;
use std::path::PathBuf;
use support::Home;
use support::client;
use tollgate::store::EntryId;

impl Stage {
    fn spool(&self) -> PathBuf {
        self.gateway.data_dir().join("spool")
    }
}

#[tokio::test]
async fn a_folder_that_is_taken_away_costs_no_entry_and_no_request() {
    let stage = Stage::set(|_, _| Reply::chat("hello")).await;
    for _ in 0..3 {
        assert_eq!(stage.ask("chat", false).await.status, 200);
    }
    fs::remove_dir_all(stage.spool()).unwrap();
    for _ in 0..3 {
        assert_eq!(stage.ask("chat", false).await.status, 200);
    }
    stage.books.entries(6).await;
    stage.gateway.wait_for_log(|line| line.contains("spool file is gone")).await;
    assert_eq!(stage.ask("chat", false).await.status, 200);
    stage.books.entries(7).await;
    assert_eq!(stage.gateway.metric("tollgate_ledger_lost_total"), 0.0);
}

#[tokio::test]
async fn garbage_in_a_file_is_passed_over_and_told() {
    let stage = Stage::set(|_, _| Reply::chat("hello")).await;
    let foreign = format!("what is this\n{{}}\n{}\n{{\"id\":\"torn", line(9));
    fs::write(stage.spool().join("0000000000000001-000000.jsonl"), foreign).unwrap();
    assert_eq!(stage.ask("chat", false).await.status, 200);
    stage.entry().await;
    // Files without an owner are looked for every 30 s.
    let mut home = Home::with(&format!(
        "listen: [ {{ address: '{{listen}}' }} ]\nadmin: off\ndata_dir: '{}'\nkeys: [ {{ name: test, key: {KEY} }} ]\n",
        stage.gateway.data_dir().display()
    ).replace("admin: off", "admin: { listen: off }"));
    let mut second = home.serve(&[]).await;
    let entries = stage.books.entries(2).await;
    assert!(entries.iter().any(|entry| entry.id == EntryId(9)), "{entries:?}");
    for at in ["\"at\":0", "\"at\":13"] {
        second.logged(at, 1).await;
    }
    assert_eq!(second.logged("a line of the spool is no entry", 3).await.len(), 3);
    second.signal("TERM");
    second.ended().await;
    assert_eq!(stage.ask("chat", false).await.status, 200);
    stage.books.entries(3).await;
    assert_eq!(client().get(stage.gateway.url("/health")).send().await.unwrap().status(), 200);
}

fn line(id: u128) -> String {
    let entry = Entry { id: EntryId(id), request_id: "of the dead".to_owned(), ..Entry::default() };
    serde_json::to_string(&entry).unwrap()
}
