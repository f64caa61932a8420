//! The store is away: nobody notices but the log and the metrics, and nothing is lost.

use crate::books::Books;
use crate::kills::are_all_there;
use crate::load::Load;
use crate::support::Gateway;
use crate::support::Postgres;
use crate::support::Reply;
use crate::support::Vendor;
use std::time::Duration;
use std::time::Instant;
use tollgate::config::StoreUrl;
use tollgate::secret::Secret;

fn gateway(vendor: &Vendor, url: &str) -> Gateway {
    Gateway::start(&format!(
        "store: '{url}'\ncache: {{ exact: {{ ttl: 0 }} }}\nfailover: {{ check_interval: off }}\n\
         providers: {{ only: {{ kind: openai_compatible, base_url: '{}/v1', check: false, models: [ m ] }} }}\n\
         models: {{ m: only/m }}\n",
        vendor.base_url()
    ))
}

/// Under load the server is stopped for so long, and for so many answers.
async fn outage(length: Duration, answers: usize) {
    let mut server = Postgres::start();
    let url = server.database().await;
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let gateway = gateway(&vendor, &url);
    let load = Load::begin(&gateway.url("/v1/chat/completions"), 0);
    until(|| load.ended() >= 100).await;
    server.stop();
    let (stopped, before) = (Instant::now(), load.ended());
    until(|| stopped.elapsed() >= length && load.ended() >= before + answers).await;
    gateway.metric_becomes("tollgate_ledger_store_away", 1.0).await;
    server.start_again();
    let before = load.ended();
    until(|| load.ended() >= before + 100).await;
    let asked = load.ends().await;
    assert!(asked.broken.is_empty(), "{} requests failed", asked.broken.len());
    let deadline = Instant::now() + Duration::from_secs(30);
    while gateway.metric("tollgate_ledger_spool_bytes") > 0.0
        || gateway.metric("tollgate_ledger_store_away") > 0.0
    {
        assert!(Instant::now() < deadline, "it is not drained:\n{}", gateway.logs().join("\n"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let entries = Books::at(&StoreUrl::Postgres(Secret::new(url.as_str()))).await.all().await;
    println!("{} answers, {} entries", asked.ended.len(), entries.len());
    are_all_there(&asked, &entries);
    assert_eq!(gateway.metric("tollgate_ledger_lost_total"), 0.0);
    gateway.wait_for_log(|line| line.contains("store is back")).await;
    for words in ["store away;", "store is back"] {
        let said: Vec<_> = gateway.logs().into_iter().filter(|line| line.contains(words)).collect();
        assert_eq!(said.len(), 1, "{said:#?}");
    }
    assert!(!gateway.logs().iter().any(|line| line.contains(crate::support::PASSWORD)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_the_store_costs_no_request_and_no_entry() {
    outage(Duration::from_secs(2), 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn a_long_outage_of_the_store_costs_no_request_and_no_entry() {
    outage(Duration::from_secs(30), 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_starts_without_its_server_and_drains_when_it_comes() {
    let mut server = Postgres::start();
    let url = server.database().await;
    server.stop();
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let gateway = gateway(&vendor, &url);
    let load = Load::begin(&gateway.url("/v1/chat/completions"), 0);
    until(|| load.ended() >= 50).await;
    let asked = load.ends().await;
    assert!(asked.broken.is_empty(), "{} requests failed", asked.broken.len());
    assert!(gateway.metric("tollgate_ledger_spool_bytes") > 0.0);
    server.start_again();
    let deadline = Instant::now() + Duration::from_secs(20);
    while gateway.metric("tollgate_ledger_spool_bytes") > 0.0 {
        assert!(Instant::now() < deadline, "it is not drained:\n{}", gateway.logs().join("\n"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    are_all_there(&asked, &Books::at(&StoreUrl::Postgres(Secret::new(url.as_str()))).await.all().await);
}

async fn until(reached: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !reached() {
        assert!(Instant::now() < deadline, "it takes too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
