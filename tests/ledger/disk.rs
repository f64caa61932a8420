//! What may happen to the files of the spool.

use crate::*;
use std::fs;
use std::path::PathBuf;
use support::Home;
use support::client;
use tollgate::store::EntryId;
use tollgate::store::written;

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
    assert_eq!(stage.ask("chat", false).await.status, 200);
    // It has looked for such files at its start.
    stage.entry().await;
    let (whole, torn) = (framed(9), framed(10));
    let foreign = [b"what is this\n{}\n", &*whole, &torn[..torn.len() / 2], &*framed(11), b"\xfe"].concat();
    fs::write(stage.spool().join("0000000000000001-000000.spool"), foreign).unwrap();
    // Files without an owner are looked for every 30 s.
    let mut home = Home::with(&format!(
        "listen: [ {{ address: '{{listen}}' }} ]\nadmin: off\ndata_dir: '{}'\nkeys: [ {{ name: test, key: {KEY} }} ]\n",
        stage.gateway.data_dir().display()
    ).replace("admin: off", "admin: { listen: off }"));
    let mut second = home.serve(&[]).await;
    let entries = stage.books.entries(3).await;
    assert_eq!(entries.iter().filter(|entry| [9, 11].contains(&entry.id.0)).count(), 2, "{entries:?}");
    let (second_place, third_place) = (16 + whole.len(), 16 + 2 * whole.len() + torn.len() / 2);
    for at in [0, second_place, third_place] {
        second.logged(&format!("\"at\":{at},"), 1).await;
    }
    assert_eq!(second.logged("something in the spool is no entry", 3).await.len(), 3);
    second.signal("TERM");
    second.ended().await;
    assert_eq!(stage.ask("chat", false).await.status, 200);
    stage.books.entries(4).await;
    assert_eq!(client().get(stage.gateway.url("/health")).send().await.unwrap().status(), 200);
}

/// As it stands in a file: mark, length and checksum, then the entry.
fn framed(id: u128) -> Vec<u8> {
    let entry = Entry { id: EntryId(id), request_id: "of the dead", ..Entry::default() };
    let mut bytes = Vec::new();
    written::write(&entry, &mut bytes);
    let head = [&[0xfe, written::FORMAT][..], &(bytes.len() as u16).to_le_bytes()].concat();
    [head, crc32fast::hash(&bytes).to_le_bytes().to_vec(), bytes].concat()
}
