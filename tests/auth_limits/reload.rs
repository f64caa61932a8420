//! A reload changes the rules; what was used stays used.

use crate::*;

const LINES: &str = "limits: { per_ip: 8/day, bad_keys_per_ip: 1/day }";

#[tokio::test]
async fn limits_survive_a_reload() {
    let stage = Stage::set(LINES, "requests: 3/day, tokens: 1000/day");
    for _ in 0..2 {
        assert_eq!(stage.ask(KEY, "hello").await.status, 200);
    }
    assert_eq!(stage.ask("tg-wrong", "hello").await.status, 401);
    stage.reload(&format!("{LINES}\nlog: {{ level: debug }}"), "requests: 3/day, tokens: 1000/day").await;
    let third = stage.ask(KEY, "hello").await;
    assert_eq!(number(&third, "x-ratelimit-remaining-requests"), 0);
    assert!(number(&third, "x-ratelimit-remaining-tokens") < 1000 - 24, "used tokens came back");
    limited(&stage.ask(KEY, "hello").await);
    let wrong = stage.ask("tg-wrong-2", "hello").await;
    assert!(wrong.text().contains("wrong keys"), "guesses were forgotten: {}", wrong.text());
    for _ in 0..2 {
        assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 200);
    }
    let ninth = stage.ask(OTHER_KEY, "hello").await;
    assert!(ninth.text().contains("from your address"), "{}", ninth.text());
}

#[tokio::test]
async fn a_new_limit_holds_at_once_and_a_place_taken_before_counts() {
    let stage = Stage::set("", "");
    let mut holding = stage.connect().await;
    holding.send(chat_request(KEY, &body("hang"))).await;
    stage.vendor.wait_for_requests(1).await;
    stage.reload("", "concurrent: 1").await;
    limited(&stage.ask(KEY, "hello").await);
    stage.reload("", "concurrent: 2").await;
    assert_eq!(stage.ask(KEY, "hello").await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_taken_away_is_refused_at_once() {
    let stage = Stage::set("", "");
    assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 200);
    let config = Stage::config(&stage.vendor, "", "");
    let line = format!("  - {{ name: other, key: {OTHER_KEY} }}\n");
    assert!(config.contains(&line));
    stage.gateway.reconfigure(&config.replace(&line, "")).await;
    assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 401);
    assert_eq!(stage.ask(KEY, "hello").await.status, 200);
}
