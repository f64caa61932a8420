//! What a hit is to client, limits, metrics and log; and how to go without one.

use crate::*;

#[tokio::test]
async fn a_hit_says_so_and_is_the_same_answer() {
    let stage = Stage::set("ttl: 60", number);
    let miss = stage.ask(BODY).await;
    let hit = stage.ask(BODY).await;
    assert_eq!((said(&miss), said(&hit)), ("MISS", "HIT"));
    assert_eq!(miss.body, hit.body, "usage included");
    for header in ["content-type", "x-provider", "x-model"] {
        assert_eq!(miss.header(header), hit.header(header), "{header}");
        assert!(hit.header(header).is_some(), "{header}");
    }
    let ttl: u64 = hit.header("x-cache-ttl").expect("no X-Cache-TTL").parse().unwrap();
    assert!((1..=60).contains(&ttl), "{ttl}");
    assert!(hit.header("x-attempts").is_none(), "nobody was asked");
    assert_ne!(miss.header("x-request-id"), hit.header("x-request-id"));
}

#[tokio::test]
async fn a_hit_uses_and_costs_nothing() {
    let stage = Stage::set("ttl: 60", number);
    stage.ask(BODY).await;
    stage.gateway.wait_for_logs(1, |line| line.contains("\"cache\":\"miss\"")).await;
    let tokens = stage.gateway.metric("tollgate_tokens_total");
    assert_eq!(tokens, 12.0);
    for turn in 1..=3 {
        let hit = stage.ask(BODY).await;
        assert_eq!(said(&hit), "HIT");
        assert_eq!(
            hit.header("x-ratelimit-remaining-requests"),
            Some(&*format!("{}", 999 - turn)),
            "a request is one"
        );
        assert!(hit.header("x-response-cost-usd").is_none_or(|cost| cost == "0"), "{hit:?}");
    }
    let lines = stage.gateway.wait_for_logs(3, |line| line.contains("\"cache\":\"hit\"")).await;
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert!(line["tokens"].is_null() || line["tokens"] == 0, "{line}");
        assert_eq!((&line["provider"], &line["model_served"]), (&"vendor".into(), &"small".into()), "{line}");
    }
    assert_eq!(stage.gateway.metric("tollgate_tokens_total"), tokens);
    assert_eq!(stage.gateway.metric("tollgate_cache_total{result=\"hit\"}"), 3.0);
    assert_eq!(stage.gateway.metric("tollgate_cache_total{result=\"miss\"}"), 1.0);
    let next = stage.ask(&BODY.replace("hello", "another")).await;
    let held = BODY.len().div_ceil(4) as u64 + 1 + 512;
    let left: u64 = next.header("x-ratelimit-remaining-tokens").unwrap().parse().unwrap();
    assert!(left >= 100_000 - 12 - held, "hits took tokens: {left} are left");
}

#[tokio::test]
async fn hits_are_served_while_every_provider_is_down() {
    let Stage { gateway, vendor } = Stage::set("ttl: 60", number);
    let mut client = Wire::to(gateway.address()).await;
    let ask = |body: &str| request("POST", "/v1/chat/completions", KEY, &[], body);
    assert_eq!(said(&client.ask(ask(BODY)).await), "MISS");
    drop(vendor);
    for turn in 0..5 {
        let other = client.ask(ask(&BODY.replace("hello", &format!("other {turn}")))).await;
        assert_eq!(other.status, 503, "{}", other.text());
        assert_eq!(said(&client.ask(ask(BODY)).await), "HIT");
        assert_eq!(chunks(&client.ask(ask(&with(BODY, r#""stream":true"#))).await).len(), 3);
    }
}

#[tokio::test]
async fn a_client_may_ask_for_a_fresh_answer_or_for_none_to_be_kept() {
    let stage = Stage::set("ttl: 60", number);
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (&[("cache-control", "no-store")], "BYPASS", "answer 0"),
        (&[], "MISS", "answer 1"),
        (&[("cache-control", "no-store")], "BYPASS", "answer 2"),
        (&[], "HIT", "answer 1"),
        (&[("Cache-Control", "max-age=0, No-Cache")], "MISS", "answer 3"),
        (&[], "HIT", "answer 3"),
        (&[("cache-control", "max-age=60")], "HIT", "answer 3"),
    ];
    for (headers, expected, text) in cases {
        let answer = stage.ask_with(headers, BODY).await;
        assert_eq!((said(&answer), content(&answer).as_str()), (*expected, *text), "{headers:?}");
    }
}

#[tokio::test]
async fn a_ttl_of_zero_turns_the_cache_off() {
    let stage = Stage::set("ttl: 0", number);
    for expected in ["answer 0", "answer 1"] {
        let answer = stage.ask(BODY).await;
        assert_eq!((said(&answer), content(&answer).as_str()), ("", expected));
    }
}

#[tokio::test]
async fn an_answer_lives_no_longer_than_its_ttl() {
    let stage = Stage::set("ttl: 1s", number);
    assert_eq!(said(&stage.ask(BODY).await), "MISS");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let answer = stage.ask(BODY).await;
    assert_eq!((said(&answer), content(&answer).as_str()), ("MISS", "answer 1"));
}

#[tokio::test]
async fn where_only_repeatable_requests_are_kept_the_others_are_not() {
    let stage = Stage::set("ttl: 60, deterministic_only: true", number);
    for (field, expected) in [
        (r#""x":1"#, ["BYPASS", "BYPASS"]),
        (r#""temperature":0.1"#, ["BYPASS", "BYPASS"]),
        (r#""temperature":null"#, ["BYPASS", "BYPASS"]),
        (r#""temperature":0"#, ["MISS", "HIT"]),
        (r#""temperature":0.0"#, ["MISS", "HIT"]),
        (r#""temperature":1,"seed":7"#, ["MISS", "HIT"]),
        (r#""seed":null"#, ["BYPASS", "BYPASS"]),
    ] {
        for expected in expected {
            assert_eq!(said(&stage.ask(&with(BODY, field)).await), expected, "{field}");
        }
    }
}
