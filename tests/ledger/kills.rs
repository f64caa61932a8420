//! The gateway is killed in the middle of its work: what has been answered is in the ledger, once.

use crate::books::Books;
use crate::load::Asked;
use crate::load::Load;
use crate::support::Home;
use crate::support::KEY;
use crate::support::Reply;
use crate::support::Vendor;
use std::collections::HashMap;
use std::time::Duration;
use tollgate::store::Entry;

const KILLS: usize = 20;
/// Answers of each life before it ends.
const ANSWERS: usize = 150;

fn home(vendor: &Vendor) -> Home {
    Home::with(&format!(
        "listen: [ {{ address: '{{listen}}' }} ]\nadmin: {{ listen: '{{admin}}' }}\n\
         cache: {{ exact: {{ ttl: 0 }} }}\nfailover: {{ check_interval: off }}\n\
         providers: {{ only: {{ kind: openai_compatible, base_url: '{}/v1', check: false, models: [ m ] }} }}\n\
         models: {{ m: only/m }}\nkeys: [ {{ name: test, key: {KEY} }} ]\n",
        vendor.base_url()
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_gateway_has_written_down_every_answer_once() {
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let mut home = home(&vendor);
    let mut all = Asked::default();
    for round in 0..KILLS {
        let mut gateway = home.serve(&[]).await;
        let load = Load::begin(&home.url("/v1/chat/completions"), round);
        while load.ended() < ANSWERS {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        gateway.signal("KILL");
        gateway.ended().await;
        let asked = load.ends().await;
        all.ended.extend(asked.ended);
        all.broken.extend(asked.broken);
    }
    let mut gateway = home.serve(&[]).await;
    let spool = home.data_dir().join("spool");
    // Its own file is the only one that stays.
    while std::fs::read_dir(&spool).unwrap().count() > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.signal("TERM");
    assert_eq!(gateway.ended().await, Some(0), "{}", gateway.stderr());
    let entries = Books::open(&home.data_dir().join("tollgate.db")).await.all().await;
    println!("{} answers, {} entries", all.ended.len(), entries.len());
    are_all_there(&all, &entries);
}

/// Each answer once; what broke off once or not at all.
pub fn are_all_there(asked: &Asked, entries: &[Entry]) {
    let mut times: HashMap<&str, usize> = HashMap::new();
    entries.iter().for_each(|entry| *times.entry(&entry.request_id).or_default() += 1);
    let lost: Vec<_> = asked.ended.iter().filter(|id| !times.contains_key(id.as_str())).collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(
        lost.is_empty() && twice.is_empty(),
        "{} lost: {lost:?}; {} twice: {twice:?}",
        lost.len(),
        twice.len()
    );
    let told = asked.ended.len() + asked.broken.len();
    assert!(entries.len() <= told, "{} entries of {told} requests", entries.len());
}
