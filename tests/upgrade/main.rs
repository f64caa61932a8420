//! Processes and configurations that come and go under load: no request fails, no stream is cut.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crowd;
mod generations;
mod refused;
mod supervised;
#[path = "../support/mod.rs"]
mod support;

use crowd::Crowd;
use generations::Generations;
use generations::ended;
use generations::runs;
use generations::serving;
use support::DONE;
use support::Hand;
use support::Home;
use support::Program;
use support::Vendor;
use support::chat_body;
use support::chunk;
use support::client;
use support::finish_chunk;
use support::read_until;

const KEY: &str = "tg-upgrade-0001";

/// Long streams and a crowd live with any grace period these tests could need.
fn yaml(vendor: &Vendor, more: &str) -> String {
    let origin = vendor.base_url();
    format!(
        "
listen: [ {{ address: '{{listen}}' }} ]
admin: {{ listen: '{{admin}}' }}
keys: [ {{ name: app, key: {KEY} }} ]
cache: {{ exact: {{ ttl: 0 }} }}
failover: {{ check_interval: off }}
providers:
  only: {{ kind: openai_compatible, base_url: '{origin}/v1', check: false }}
models: {{ always: only/m }}
routes: [ {{ path: /page/, cluster: pages }} ]
clusters: {{ pages: {{ servers: [ '{}' ] }} }}
{more}",
        origin.trim_start_matches("http://")
    )
}

fn origin(home: &Home) -> String {
    home.url("")
}

async fn reload(home: &Home, program: &Program, text: &str, count: usize) {
    home.replace(text);
    program.signal("HUP");
    program.logged("configuration reloaded", count).await;
}

/// Rows of the ledger, once all processes are gone.
fn in_ledger(home: &Home) -> u64 {
    let told = home.run(&["usage", "--json"], &[]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    told["total"]["requests"].as_u64().unwrap_or_else(|| panic!("{told}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_upgrades_under_load() {
    let (vendor, mut hand) = (crowd::vendor(), Hand::start().await);
    let by_hand = format!(
        "  hand: {{ kind: openai_compatible, base_url: '{}', check: false }}\nmodels: {{ by_hand: hand/m, ",
        hand.base_url()
    );
    let text = yaml(&vendor, "server: { grace: 5m }\n").replace("models: { ", &by_hand);
    let mut home = Home::with(&text);
    let first = home.serve(&[]).await;
    let mut generations = Generations::default();
    let live = async {
        let live = hand.opened().await;
        live.send(&chunk("first words "));
        live
    };
    let patient = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = patient.post(home.url("/v1/chat/completions")).bearer_auth(KEY);
    let (stream, live) = tokio::join!(asked.json(&chat_body("by_hand", true)).send(), live);
    let mut stream = stream.unwrap();
    assert!(read_until(&mut stream, "first words").await.contains("first words"));

    let crowd = Crowd::start(vec![origin(&home)]);
    crowd.all_answered().await;
    let mut before = Vec::new();
    for _ in 0..3 {
        before.push(serving(&home));
        generations.upgrade(&home, &[]).await;
        crowd.all_answered().await;
        let metrics = client().get(home.admin_url("/health")).send().await.unwrap();
        assert_eq!(metrics.status(), 200, "the admin listener has not moved");
    }
    // Without a stream of their own they end while the load goes on.
    for pid in &before[1..] {
        ended(*pid).await;
    }
    assert_eq!(before[0], first.pid());
    assert!(runs(first.pid()), "the first process left its stream alone");
    live.send(&chunk("last words"));
    live.send(&finish_chunk());
    live.send(DONE);
    drop(live);
    let rest = read_until(&mut stream, DONE).await;
    assert!(rest.contains("last words") && rest.contains(DONE), "{rest}");
    ended(first.pid()).await;
    crowd.all_answered().await;
    let billed = crowd.ended().await + 1;
    generations.end(&home).await;
    assert_eq!(in_ledger(&home), billed as u64, "entries are lost or there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_reloads_under_load() {
    let vendor = crowd::vendor();
    let text = yaml(&vendor, "");
    let mut home = Home::with(&text);
    let program = home.serve(&[]).await;
    let crowd = Crowd::start(vec![origin(&home)]);
    crowd.all_answered().await;
    for round in 1..=20 {
        let alias = format!("models: {{ round{round}: only/m, ");
        reload(&home, &program, &text.replace("models: { ", &alias), round).await;
    }
    crowd.all_answered().await;
    crowd.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_leaves_beside_another_under_load() {
    let vendor = crowd::vendor();
    // The notice ends with the second signal.
    let mut homes = [1, 2].map(|_| Home::with(&yaml(&vendor, "server: { notice: 5m }\n")));
    let mut leaving = homes[0].serve(&[]).await;
    let _staying = homes[1].serve(&[]).await;
    let crowd = Crowd::start(homes.iter().map(origin).collect());
    crowd.all_answered().await;
    leaving.signal("TERM");
    leaving.logged("shutting down", 1).await;
    let ready = client().get(homes[0].url("/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.headers()["connection"], "close", "a client may use the connection again");
    // What a balancer does that asks for readiness.
    crowd.choose(1);
    crowd.all_answered().await;
    leaving.signal("TERM");
    assert_eq!(leaving.ended().await, Some(0));
    // Whoever still comes to the first is refused, and goes to the second.
    crowd.choose(0);
    crowd.all_answered().await;
    crowd.ended().await;
}
