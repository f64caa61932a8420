//! A provider that comes and goes: left alone while it is away, tried now and then, back as soon as it is well.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use support::Answer;
use support::Gateway;
use support::MODEL;
use support::Reply;
use support::Request;
use support::Step;
use support::Vendor;
use support::ask;
use support::chat_body;
use support::client;

const UNHEALTHY_FOR: Duration = Duration::from_secs(1);
/// A busy machine may need this much longer for anything.
const SLACK: Duration = Duration::from_secs(5);

/// Two providers, of which the first can be switched off.
struct Stage {
    gateway: Gateway,
    flapping: Vendor,
    steady: Vendor,
    down: Arc<AtomicBool>,
}

impl Stage {
    /// While it is down it does to every request, those of checks included, what `outage` says.
    fn set(failover: &str, outage: fn() -> Reply) -> Stage {
        let down = Arc::new(AtomicBool::new(false));
        let switch = down.clone();
        let flapping = Vendor::start(move |_, request| match switch.load(Ordering::SeqCst) {
            true => outage(),
            false => healthy(request, "flapping"),
        });
        let steady = Vendor::start(|_, request| healthy(request, "steady"));
        let (first, second) = (flapping.base_url(), steady.base_url());
        let gateway = Gateway::start(&format!(
            "cache: {{ exact: {{ ttl: 0 }} }}\nlog: {{ format: text }}\nfailover: {{ unhealthy_for: 1s, {failover} }}\n\
             providers:\n  flapping: {{ kind: openai_compatible, base_url: '{first}/v1', models: [ {MODEL} ] }}\n  \
             steady: {{ kind: openai_compatible, base_url: '{second}/v1', models: [ {MODEL} ] }}\n"
        ));
        Stage { gateway, flapping, steady, down }
    }

    fn turn(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    async fn ask(&self) -> Answer {
        ask(&self.gateway, &chat_body(MODEL, false)).await
    }

    /// How often the flapping provider was asked for a chat.
    fn asked(&self) -> usize {
        self.flapping.requests().iter().filter(|request| request.method == "POST").count()
    }

    fn is_healthy(&self) -> bool {
        self.gateway.metric("tollgate_provider_healthy{provider=\"flapping\"}") == 1.0
    }

    async fn wait_until_healthy(&self, healthy: bool) {
        let deadline = Instant::now() + SLACK * 2;
        while self.is_healthy() != healthy {
            assert!(Instant::now() < deadline, "not healthy = {healthy}; {:?}", self.gateway.logs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_for_words(&self, words: &[&str]) {
        self.gateway.wait_for_log(|line| words.iter().all(|word| line.contains(word))).await;
    }
}

fn healthy(request: &Request, name: &str) -> Reply {
    match request.method.as_str() {
        "GET" => Reply::json(200, json!({ "data": [ { "id": MODEL } ] })),
        _ => Reply::answer(request, name),
    }
}

fn unavailable() -> Reply {
    Reply::json(503, json!({ "error": { "message": "maintenance", "type": "server_error" } }))
}

#[tokio::test]
async fn an_outage_is_answered_by_the_next_and_ends_within_one_rest() {
    for (outage, tries) in [(unavailable as fn() -> Reply, 1), (|| Reply::default().then(Step::Reset), 2)] {
        let stage = Stage::set("check_interval: off", outage);
        assert_eq!(stage.ask().await.provider(), Some("flapping"));
        stage.turn(true);
        let (before, begun) = (stage.asked(), Instant::now());
        while begun.elapsed() < UNHEALTHY_FOR * 3 {
            let answer = stage.ask().await;
            assert_eq!((answer.status, answer.provider()), (200, Some("steady")));
        }
        // Three failures end its turn, in whole requests; from then on one probe in every rest. A connection
        // that was kept from before may be found dead first.
        let rests = begun.elapsed().as_secs() as usize + 1;
        let asked = stage.asked() - before;
        let most = 1 + 2 + tries + rests * tries;
        assert!((4..=most).contains(&asked), "asked {asked} times, at most {most}");
        assert!(!stage.is_healthy());
        stage.turn(false);
        let recovered = Instant::now();
        while stage.ask().await.provider() != Some("flapping") {
            assert!(recovered.elapsed() < UNHEALTHY_FOR + SLACK, "still not back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(stage.is_healthy());
        for words in [
            &["status=unhealthy", "provider=flapping"],
            &["failover to=", "steady"],
            &["status=recovered", "provider=flapping"],
        ] {
            stage.wait_for_words(words).await;
        }
        assert_eq!(stage.gateway.metric("tollgate_provider_healthy{provider=\"steady\"}"), 1.0);
    }
}

/// The stream that tries it is far from its end when others find it well again.
#[tokio::test]
async fn the_first_content_of_a_stream_shows_that_it_is_back() {
    let flapping = Vendor::start(|number, request| match number {
        0..3 => unavailable(),
        _ if request.json()["stream"] == true => {
            Reply::sse_head().event(&support::chunk("a")).then(Step::Hang)
        }
        _ => healthy(request, "flapping"),
    });
    let steady = Vendor::start(|_, request| healthy(request, "steady"));
    let lines = [("flapping", &flapping), ("steady", &steady)];
    let lines = lines.map(|(name, vendor)| support::provider(name, vendor.base_url()));
    let gateway = Gateway::start(&support::config("unhealthy_for: 1s, ", &lines));
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.provider(), Some("steady"));
    }
    let begun = Instant::now();
    let _live = loop {
        let url = gateway.url("/v1/chat/completions");
        let asked = client().post(url).bearer_auth(support::KEY).json(&chat_body(MODEL, true)).send();
        let answer = asked.await.unwrap();
        if answer.headers()["x-provider"] == "flapping" {
            break answer;
        }
        assert!(begun.elapsed() < UNHEALTHY_FOR + SLACK, "it is not tried");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(gateway.metric("tollgate_provider_healthy{provider=\"flapping\"}"), 1.0);
    assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.provider(), Some("flapping"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_at_once_see_nothing_of_an_outage() {
    let stage = Arc::new(Stage::set("check_interval: off", unavailable));
    let (failures, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let until = Instant::now() + UNHEALTHY_FOR * 5;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (stage, failures, asked) = (stage.clone(), failures.clone(), asked.clone());
        clients.spawn(async move {
            let client = client();
            while Instant::now() < until {
                let body = chat_body(MODEL, number % 2 == 0).to_string();
                let answer = support::send(client.clone(), &stage.gateway, body, &[]).await;
                let well = answer.status == 200 && ["flapping", "steady"].contains(&answer.text().as_str());
                failures.fetch_add(usize::from(!well), Ordering::Relaxed);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for down in [true, false, true, false] {
        stage.turn(down);
        tokio::time::sleep(UNHEALTHY_FOR).await;
    }
    clients.join_all().await;
    assert_eq!(failures.load(Ordering::Relaxed), 0, "of {} requests", asked.load(Ordering::Relaxed));
    assert!(stage.asked() > 0 && stage.steady.count() > 0, "both have answered");
}

#[tokio::test]
async fn checks_alone_find_an_outage_and_its_end() {
    let stage = Stage::set("check_interval: 200ms", unavailable);
    stage.wait_until_healthy(true).await;
    stage.turn(true);
    stage.wait_until_healthy(false).await;
    stage.wait_for_words(&["status=unhealthy", "provider=flapping"]).await;
    assert_eq!(stage.ask().await.provider(), Some("steady"), "no request had to find out");
    assert_eq!(stage.asked(), 0);
    stage.turn(false);
    stage.wait_until_healthy(true).await;
    stage.wait_for_words(&["status=recovered", "provider=flapping"]).await;
    assert_eq!(stage.ask().await.provider(), Some("flapping"));
}

#[tokio::test]
async fn when_all_rest_each_is_asked_in_its_turn() {
    let bad = Vendor::start(|_, _| unavailable());
    let better = Vendor::start(|number, request| match number {
        0..3 => unavailable(),
        _ => healthy(request, "better"),
    });
    let lines = [("bad", &bad), ("better", &better)].map(|(name, v)| support::provider(name, v.base_url()));
    let gateway = Gateway::start(&support::config("unhealthy_for: 600s, ", &lines));
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.status, 503);
    }
    assert_eq!(gateway.metric("tollgate_provider_healthy"), 0.0);
    let answer = ask(&gateway, &chat_body(MODEL, false)).await;
    assert_eq!((answer.status, answer.provider(), answer.attempts()), (200, Some("better"), 2));
}

#[tokio::test]
async fn a_provider_without_others_is_asked_even_while_it_rests() {
    let down = Arc::new(AtomicBool::new(true));
    let switch = down.clone();
    let vendor = Vendor::start(move |_, request| match switch.load(Ordering::SeqCst) {
        true => unavailable(),
        false => healthy(request, "alone"),
    });
    let line = support::provider("alone", vendor.base_url());
    let gateway = Gateway::start(&support::config("unhealthy_for: 600s, ", &[line]));
    for _ in 0..4 {
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.status, 503);
    }
    assert_eq!(gateway.metric("tollgate_provider_healthy"), 0.0);
    down.store(false, Ordering::SeqCst);
    assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.text(), "alone", "an invented outage");
    assert_eq!(vendor.count(), 5);
}
