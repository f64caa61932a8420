//! Requests and tokens of a key: exactly as many as the limit says, and what was not used given back.

use crate::*;

#[tokio::test]
async fn of_two_hundred_at_once_exactly_as_many_pass_as_may() {
    let stage = Stage::set("", "requests: 50/day");
    let all = (0..200).map(|_| stage.ask(KEY, "hello"));
    let answers = futures_util::future::join_all(all).await;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((passed.len(), refused.len()), (50, 150));
    refused.into_iter().for_each(|answer| assert!(limited(answer) > 0));
    let mut left: Vec<u64> = passed.iter().map(|a| number(a, "x-ratelimit-remaining-requests")).collect();
    left.sort_unstable();
    assert_eq!(left, (0..50).collect::<Vec<_>>(), "each one was told what it left");
    assert_eq!(stage.vendor.count(), 50);
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"requests\"}"), 150.0);
    assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 200, "another key is not concerned");
}

#[tokio::test]
async fn an_answer_says_what_is_left_of_each_limit() {
    let stage = Stage::set("", "requests: 3/day, tokens: 10000/day");
    let tokens = body("hello").len().div_ceil(4) as u64 + 100;
    for turn in 0..3 {
        let answer = stage.ask(KEY, "hello").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(number(&answer, "x-ratelimit-limit-requests"), 3);
        assert_eq!(number(&answer, "x-ratelimit-remaining-requests"), 2 - turn);
        assert_eq!(number(&answer, "x-ratelimit-limit-tokens"), 10_000);
        // Each answer before this one took 12 in the end; this one holds what it may need.
        assert_eq!(number(&answer, "x-ratelimit-remaining-tokens"), 10_000 - 12 * turn - tokens);
        for kind in ["requests", "tokens"] {
            let reset = answer.header(&format!("x-ratelimit-reset-{kind}")).expect("no reset").to_owned();
            assert!(reset.strip_suffix("ms").is_some_and(|ms| ms.parse::<u64>().is_ok()), "{reset}");
        }
    }
    let refused = stage.ask(KEY, "hello").await;
    limited(&refused);
    assert_eq!(number(&refused, "x-ratelimit-limit-requests"), 3);
    assert_eq!(number(&refused, "x-ratelimit-remaining-requests"), 0);
    assert!(refused.header("x-ratelimit-reset-requests").is_some());
    let free = stage.ask(OTHER_KEY, "hello").await;
    assert!(free.header("x-ratelimit-limit-requests").is_none(), "a key without limits has none to tell");
}

#[tokio::test]
async fn a_small_answer_gives_back_the_room_its_estimate_took() {
    let stage = Stage::set("", "tokens: 300/day");
    // Each may need over 120 and uses 12: at once there is room for two, one after the other for many.
    for turn in 0..10 {
        let answer = stage.ask(KEY, "hello").await;
        assert_eq!(answer.status, 200, "turn {turn}: {}", answer.text());
    }
    for prompt in ["refuse", "fail"] {
        let before = number(&stage.ask(KEY, "hello").await, "x-ratelimit-remaining-tokens");
        stage.ask(KEY, prompt).await;
        let after = number(&stage.ask(KEY, "hello").await, "x-ratelimit-remaining-tokens");
        assert_eq!(before - after, 12, "`{prompt}` used nothing");
    }
    let line = stage.gateway.wait_for_log(|line| line.contains("\"tokens\":12")).await;
    assert!(line.contains("\"tokens_input\":5") && line.contains("\"tokens_output\":7"), "{line}");
}

#[tokio::test]
async fn what_may_need_more_than_is_left_is_refused_before_anyone_is_asked() {
    let stage = Stage::set("", "tokens: 300/day");
    assert_eq!(stage.ask(KEY, "hello").await.status, 200);
    let greedy = body("hello").replace("100", "290");
    let refused = stage.connect().await.ask(chat_request(KEY, &greedy)).await;
    limited(&refused);
    assert_eq!(number(&refused, "x-ratelimit-limit-tokens"), 300);
    assert_eq!(number(&refused, "x-ratelimit-remaining-tokens"), 288);
    assert_eq!(stage.vendor.count(), 1, "the refused one was not passed on");
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"tokens\"}"), 1.0);
    assert_eq!(stage.ask(KEY, "hello").await.status, 200, "the refused one took nothing");
}

#[tokio::test]
async fn a_refused_request_says_when_one_fits_and_then_it_does() {
    let stage = Stage::set("", "requests: 1/s");
    assert_eq!(stage.ask(KEY, "hello").await.status, 200);
    let mut answer = stage.ask(KEY, "hello").await;
    // A slow machine may have needed a second for the two.
    while answer.status == 200 {
        answer = stage.ask(KEY, "hello").await;
    }
    let wait = limited(&answer);
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    assert_eq!(stage.ask(KEY, "hello").await.status, 200, "after the {wait} s it was told to wait");
}

#[tokio::test]
async fn a_quota_that_is_used_up_says_so_and_when_it_resets() {
    let stage = Stage::set("", "}, quota: { requests: 2/day }, budget: { hard: 5/month");
    for left in [1, 0] {
        let answer = stage.ask(KEY, "hello").await;
        assert_eq!((answer.status, number(&answer, "x-ratelimit-remaining-requests")), (200, left));
    }
    let refused = stage.ask(KEY, "hello").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert!(refused.text().contains("insufficient_quota"), "{}", refused.text());
    assert!(
        refused.text().contains("this key has used 2 of 2 requests of its quota per day"),
        "{}",
        refused.text()
    );
    assert_eq!(stage.vendor.count(), 2, "the refused one was not passed on");
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"quota\"}"), 1.0);
    assert_eq!(stage.ask(OTHER_KEY, "hello").await.status, 200, "another key is not concerned");
}
