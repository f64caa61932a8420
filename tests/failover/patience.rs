//! How long and how often a request is tried, and who may say that it is not to be moved.

use crate::support::Answer;
use crate::support::Gateway;
use crate::support::KEY;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::ask;
use crate::support::ask_with;
use crate::support::chat_body;
use crate::support::config;
use crate::support::deaf_port;
use crate::support::provider;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

fn failing(status: u16) -> Vendor {
    Vendor::start(move |_, _| Reply::json(status, json!({ "error": { "message": "no", "type": "x" } })))
}

fn good() -> Vendor {
    Vendor::start(|_, request| Reply::answer(request, "good"))
}

/// A chain of providers, asked in this order.
fn chain(failover: &str, vendors: &[&Vendor], more: &str) -> Gateway {
    let line = |(index, vendor): (usize, &&Vendor)| provider(&format!("p{index}"), vendor.base_url());
    let providers: Vec<String> = vendors.iter().enumerate().map(line).collect();
    Gateway::start(&format!("{}{more}", config(failover, &providers)))
}

fn counts(vendors: &[&Vendor]) -> Vec<usize> {
    vendors.iter().map(|vendor| vendor.count()).collect()
}

fn assert_nobody_could(answer: &Answer) {
    let found = (answer.status, answer.error_code());
    assert_eq!(found, (503, Some("no_provider_available".to_owned())), "{answer:?}");
}

#[tokio::test]
async fn the_deadline_ends_the_search() {
    for stream in [false, true] {
        let silent = [(); 3].map(|()| Vendor::start(|_, _| Reply::silent()));
        let gateway = chain("deadline: 1s, first_byte: 600ms, answer: 600ms, ", &silent.each_ref(), "");
        let begun = Instant::now();
        let id = [("x-request-id", "late")];
        assert_nobody_could(&ask_with(&gateway, &chat_body(MODEL, stream), &id).await);
        assert!(begun.elapsed() >= Duration::from_millis(900), "given up after {:?}", begun.elapsed());
        assert_eq!(counts(&silent.each_ref()), [1, 1, 0], "the third could only be asked after the deadline");
        assert_eq!(gateway.access_line("late").await["error"], "deadline");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_even_connect_is_left_in_time() {
    let good = good();
    for (failover, status) in [("connect: 500ms, ", 200), ("connect: 600s, deadline: 1s, ", 503)] {
        let deaf = deaf_port();
        let origin = format!("http://127.0.0.1:{}", deaf.port());
        let providers = [provider("deaf", &origin), provider("good", good.base_url())];
        let gateway = Gateway::start(&config(failover, &providers));
        assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.status, status, "{failover}");
    }
}

#[tokio::test]
async fn retry_max_counts_extra_attempts_over_the_whole_plan() {
    let table: [(u32, u16, &[usize]); 5] = [
        (0, 503, &[1, 0, 0, 0, 0]),
        (1, 503, &[1, 1, 0, 0, 0]),
        (2, 503, &[1, 1, 1, 0, 0]),
        (3, 503, &[1, 1, 1, 1, 0]),
        (4, 200, &[1, 1, 1, 1, 1]),
    ];
    for (retry_max, status, asked) in table {
        let (bad, good) = ([(); 4].map(|()| failing(503)), good());
        let vendors = [&bad[0], &bad[1], &bad[2], &bad[3], &good];
        let gateway = chain(&format!("retry_max: {retry_max}, "), &vendors, "");
        let answer = ask(&gateway, &chat_body(MODEL, false)).await;
        assert_eq!((answer.status, counts(&vendors)), (status, asked.to_vec()), "retry_max {retry_max}");
        assert_eq!(answer.attempts(), asked.iter().sum::<usize>());
    }
}

#[tokio::test]
async fn the_last_attempt_is_for_another_provider_if_there_is_one() {
    let (bad, good) = (failing(500), good());
    let gateway = chain("retry_max: 1, ", &[&bad, &good], "");
    assert_eq!(ask(&gateway, &chat_body(MODEL, false)).await.text(), "good");
    assert_eq!(bad.count(), 1);
    let alone = failing(500);
    let gateway = chain("retry_max: 1, ", &[&alone], "");
    assert_nobody_could(&ask(&gateway, &chat_body(MODEL, false)).await);
    assert_eq!(alone.count(), 2);
}

#[tokio::test]
async fn a_caller_hears_that_its_prompt_is_too_long_when_no_attempt_is_left() {
    let too_long = Vendor::start(|_, _| {
        let error = json!({ "message": "too long", "type": "x", "code": "context_length_exceeded" });
        Reply::json(400, json!({ "error": error }))
    });
    let good = good();
    let gateway = chain("retry_max: 0, ", &[&too_long, &good], "");
    let answer = ask(&gateway, &chat_body(MODEL, false)).await;
    assert_eq!((answer.status, answer.error_code().as_deref()), (400, Some("context_length_exceeded")));
}

#[tokio::test]
async fn whoever_turns_failover_off_stays_where_the_request_was_sent() {
    let off: &[(&str, &str)] = &[("x-failover", "off")];
    let key_off = format!("keys: [ {{ name: stays, key: {KEY}, failover: off }} ]\n");
    let group = "groups: { g: { failover: off, members: [ p0/m, p1/m ] } }\n";
    let table = [("", MODEL, off), (&key_off, MODEL, &[]), (group, "g", &[]), (group, "g", off)];
    for (more, model, headers) in table {
        let (bad, good) = (failing(503), good());
        let gateway = chain("", &[&bad, &good], more);
        assert_nobody_could(&ask_with(&gateway, &chat_body(model, false), headers).await);
        assert_eq!(counts(&[&bad, &good]), [1, 0], "{more} {headers:?}");
    }
}

/// What another provider of the same model answered is kept for those who take any.
#[tokio::test]
async fn with_failover_off_no_answer_of_another_provider_comes_from_the_cache() {
    let named = Vendor::start(|number, request| match number {
        0 => Reply::json(503, json!({ "error": { "message": "busy" } })),
        _ => Reply::answer(request, "named"),
    });
    let other = Vendor::start(|_, request| Reply::answer(request, "other"));
    let providers = [provider("p0", named.base_url()), provider("p1", other.base_url())].concat();
    let gateway = Gateway::start(&format!("failover: {{ check_interval: off }}\nproviders:\n{providers}"));
    let body = chat_body("p0/m", false);
    assert_eq!(ask(&gateway, &body).await.text(), "other");
    let stays = ask_with(&gateway, &body, &[("x-failover", "off")]).await;
    assert_eq!((stays.text().as_str(), stays.header("x-cache")), ("named", Some("MISS")));
    assert_eq!(ask(&gateway, &body).await.header("x-cache"), Some("HIT"));
}

#[tokio::test]
async fn with_failover_off_a_hiccup_is_still_survived() {
    let hiccup = Vendor::start(|number, request| match number {
        0 => Reply::json(500, json!({})),
        _ => Reply::answer(request, "better"),
    });
    let gateway = chain("", &[&hiccup, &good()], "");
    let answer = ask_with(&gateway, &chat_body(MODEL, true), &[("x-failover", "off")]).await;
    assert_eq!((answer.text().as_str(), answer.attempts()), ("better", 2));
}

#[tokio::test]
async fn a_short_retry_after_is_waited_out_and_a_long_one_is_not() {
    for (seconds, stream, asked) in
        [(1, false, [2, 0]), (1, true, [2, 0]), (5, false, [1, 1]), (5, true, [1, 1])]
    {
        let limited = Vendor::start(move |number, request| match number {
            0 => Reply::json_with(429, &[("retry-after", &seconds.to_string())], json!({})),
            _ => Reply::answer(request, "waited"),
        });
        let good = good();
        let gateway = chain("wait_for: 2s, ", &[&limited, &good], "");
        let answer = ask(&gateway, &chat_body(MODEL, stream)).await;
        assert_eq!((answer.status, answer.attempts()), (200, 2), "{answer:?}");
        assert_eq!(counts(&[&limited, &good]), asked, "Retry-After: {seconds}");
        if let [first, second] = &limited.requests()[..] {
            assert!(second.at - first.at >= Duration::from_secs(seconds), "not waited out");
        }
    }
}
