//! What providers allow their keys: counted here and read from what they say, so that nobody waits for a refusal.

use crate::support::Answer;
use crate::support::Gateway;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::chat_body;
use crate::support::completion;
use crate::support::config;
use crate::support::provider_of;
use crate::support::refused_port;
use std::time::Duration;
use std::time::Instant;

const DEADLINE: Duration = Duration::from_secs(20);
const OTHER: &str = "other";

fn vendor(name: &'static str) -> Vendor {
    Vendor::start(move |_, request| Reply::answer(request, name))
}

/// A provider of two models with these settings, and one that takes what the first may not.
struct Stage {
    gateway: Gateway,
    first: Vendor,
    next: Vendor,
}

impl Stage {
    fn set(settings: &str) -> Stage {
        Stage::with(vendor("first"), settings)
    }

    fn with(first: Vendor, settings: &str) -> Stage {
        let next = vendor("next");
        let gateway = Gateway::start_with(
            &config(
                "",
                &[of_both("first", first.base_url(), settings), of_both("next", next.base_url(), "")],
            ),
            &[("GATEWAY_LOG_LEVEL", "debug")],
        );
        Stage { gateway, first, next }
    }

    async fn ask(&self, model: &str) -> Answer {
        ask(&self.gateway, &chat_body(model, false)).await
    }

    /// Asks until the first provider has been asked twice, and the log says that it is back.
    async fn asked_twice(&self) {
        let begun = Instant::now();
        while self.first.count() < 2 {
            assert_eq!(self.ask(MODEL).await.status, 200);
            assert!(begun.elapsed() < DEADLINE, "it is not asked again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.gateway.wait_for_log(|line| line.contains("\"status\":\"back\"")).await;
    }

    /// Who answers so many requests, one after the other.
    async fn who(&self, requests: usize) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..requests {
            let answer = self.ask(MODEL).await;
            assert_eq!((answer.status, answer.attempts()), (200, 1), "nobody is asked in vain: {answer:?}");
            all.push(answer.provider().unwrap().to_owned());
        }
        all
    }
}

fn of_both(name: &str, origin: &str, settings: &str) -> String {
    provider_of(name, origin, &format!("{MODEL}, {OTHER}"), settings)
}

fn remaining(limit: &str, model: &str) -> String {
    let labels = format!("key=\"1\",limit=\"{limit}\",model=\"{model}\",provider=\"first\"");
    format!("tollgate_provider_allowance_remaining{{{labels}}}")
}

#[tokio::test]
async fn the_request_beyond_the_allowance_goes_to_the_next_provider_unasked() {
    for quota in ["30/h", "[ 1000/h, 30/day rolling ]"] {
        let stage = Stage::set(&format!("quota: {{ requests: {quota} }}"));
        let who = stage.who(33).await;
        assert!(who[..30].iter().all(|name| name == "first") && who[30..].iter().all(|name| name == "next"));
        assert_eq!((stage.first.count(), stage.next.count()), (30, 3), "{quota}");
        let line = stage.gateway.wait_for_log(|line| line.contains("exhausted")).await;
        assert!(line.contains("\"provider\":\"first\"") && line.contains("\"until\":\"20"), "{line}");
        assert_eq!(stage.gateway.logs().iter().filter(|line| line.contains("exhausted")).count(), 1);
    }
}

#[tokio::test]
async fn of_many_at_once_exactly_as_many_pass_as_are_allowed() {
    let stage = Stage::set("quota: { requests: 30/day rolling }");
    let all = futures_util::future::join_all((0..80).map(|_| stage.ask(MODEL))).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!((stage.first.count(), stage.next.count()), (30, 50));
    assert_eq!(stage.gateway.metric(&remaining("requests_day", "all")), 0.0);
    assert_eq!(stage.gateway.metric("tollgate_provider_healthy{provider=\"first\"}"), 0.0);
}

#[tokio::test]
async fn each_key_has_an_allowance_of_its_own() {
    let stage = Stage::set("api_keys: [ secret-one, secret-two ], quota: { requests: 2/day rolling }");
    assert_eq!(stage.who(6).await, ["first", "first", "first", "first", "next", "next"]);
    let requests = stage.first.requests();
    let with = |key| requests.iter().filter(|r| r.header("authorization") == Some(key)).count();
    assert_eq!((with("Bearer secret-one"), with("Bearer secret-two")), (2, 2));
    assert!(!stage.gateway.logs().iter().any(|line| line.contains("secret-")), "a key is shown");
}

#[tokio::test]
async fn a_model_that_is_used_up_leaves_the_others_of_its_provider() {
    let stage =
        Stage::set(&format!("quota: {{ requests: 3/h, models: {{ {MODEL}: {{ requests: 1/h }} }} }}"));
    assert_eq!(stage.who(2).await, ["first", "next"]);
    for expected in ["first", "first", "next"] {
        assert_eq!(stage.ask(OTHER).await.provider(), Some(expected), "the third is the last of all models");
    }
    assert_eq!(stage.gateway.metric(&remaining("requests_hour", MODEL)), 0.0);
}

#[tokio::test]
async fn tokens_are_counted_when_they_have_been_used() {
    for stream in [false, true] {
        let stage = Stage::set("quota: { tokens: 13/day rolling }");
        let mut who = Vec::new();
        for _ in 0..3 {
            let answer = ask(&stage.gateway, &chat_body(MODEL, stream)).await;
            who.push(answer.provider().unwrap().to_owned());
        }
        assert_eq!(who, ["first", "first", "next"], "12 and 24 of 13 are used");
    }
}

#[tokio::test]
async fn what_a_provider_never_got_is_not_counted_and_what_it_failed_at_is() {
    let nobody = format!("http://127.0.0.1:{}", refused_port());
    let next = vendor("next");
    let quota = "quota: { requests: 10/day rolling }";
    let gateway = Gateway::start(&config(
        "",
        &[of_both("first", &nobody, quota), of_both("next", next.base_url(), "")],
    ));
    assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.provider(), Some("next"));
    assert_eq!(gateway.metric(&remaining("requests_day", "all")), 10.0);

    let ill = Vendor::start(|_, _| Reply::json(500, serde_json::json!({})));
    let stage = Stage::with(ill, quota);
    let answer = stage.ask(MODEL).await;
    assert_eq!((answer.provider(), answer.attempts()), (Some("next"), 3), "it is asked twice");
    assert_eq!(stage.gateway.metric(&remaining("requests_day", "all")), 8.0);
}

#[tokio::test]
async fn the_second_try_on_one_target_needs_room_too() {
    let ill = Vendor::start(|_, _| Reply::json(500, serde_json::json!({})));
    let stage = Stage::with(ill, "quota: { requests: 1/day rolling }");
    let answer = stage.ask(MODEL).await;
    assert_eq!((answer.provider(), answer.attempts(), stage.first.count()), (Some("next"), 2, 1));
}

#[tokio::test]
async fn a_good_answer_with_nothing_remaining_is_the_last_until_the_reset() {
    let spoken: [&[(&str, &str)]; 4] = [
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1h2m")],
        &[("x-ratelimit-remaining-tokens-day", "0"), ("x-ratelimit-reset-tokens-day", "3600.5")],
        &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "32503680000000")],
        &[
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2999-12-31T23:59:59Z"),
        ],
    ];
    for headers in spoken {
        let first = Vendor::start(move |_, _| Reply::json_with(200, headers, completion("first")));
        let stage = Stage::with(first, "");
        assert_eq!(stage.who(3).await, ["first", "next", "next"], "{headers:?}");
        let line = stage.gateway.wait_for_log(|line| line.contains("exhausted")).await;
        assert!(line.contains(&format!("\"model\":\"{MODEL}\"")), "{line}");
        assert_eq!(stage.ask(OTHER).await.provider(), Some("first"), "another model has limits of its own");
    }
}

#[tokio::test]
async fn an_answer_that_leaves_something_or_names_no_reset_changes_nothing() {
    let spoken: [&[(&str, &str)]; 4] = [
        &[("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "1h")],
        &[("x-ratelimit-remaining-requests", "0")],
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "soon")],
        &[("x-ratelimit-limit-requests", "0"), ("x-ratelimit-reset-requests", "1h")],
    ];
    for headers in spoken {
        let first = Vendor::start(move |_, _| Reply::json_with(200, headers, completion("first")));
        let stage = Stage::with(first, "");
        assert_eq!(stage.who(2).await, ["first", "first"], "{headers:?}");
    }
}

#[tokio::test]
async fn after_the_reset_it_is_asked_again() {
    let said = Vendor::start(|number, request| match number {
        0 => {
            let spent = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1s")];
            Reply::json_with(200, &spent, completion("first"))
        }
        _ => Reply::answer(request, "first"),
    });
    let said = Stage::with(said, "");
    said.asked_twice().await;
    let requests = said.first.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1), "asked while it was used up");
    Stage::set("quota: { requests: 1/s }").asked_twice().await;
}

#[tokio::test]
async fn without_another_provider_the_caller_hears_when_to_come_back() {
    let only = vendor("only");
    let settings = "quota: { requests: 1/h }";
    let gateway = Gateway::start(&config("", &[of_both("only", only.base_url(), settings)]));
    let body = chat_body(MODEL, false);
    assert_eq!(ask(&gateway, &body).await.status, 200);
    let answer = ask(&gateway, &body).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (503, Some("no_provider_available")));
    assert_eq!(answer.retry_after(), Some(60), "the longest that is told");
    assert_eq!(only.count(), 1);
}

#[tokio::test]
async fn a_reload_gives_nothing_back() {
    let (first, next) = (vendor("first"), vendor("next"));
    let yaml = |quota: &str| {
        config("", &[of_both("first", first.base_url(), quota), of_both("next", next.base_url(), "")])
    };
    let gateway = Gateway::start(&yaml("quota: { requests: 2/day rolling }"));
    ask(&gateway, &chat_body(MODEL, false)).await;
    gateway.reconfigure(&yaml("quota: { requests: 3/day rolling }")).await;
    let mut who = Vec::new();
    for _ in 0..3 {
        who.push(ask(&gateway, &chat_body(MODEL, false)).await.provider().unwrap().to_owned());
    }
    assert_eq!(who, ["first", "first", "next"]);
}
