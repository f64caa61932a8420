//! What is not kept: errors, broken streams, answers that are too large, and more than there is room for.

use crate::*;
use serde_json::json;
use support::Step;

#[tokio::test]
async fn errors_are_not_kept() {
    let error = json!({ "error": { "message": "no", "type": "invalid_request_error" } });
    for (status, seen) in [(400, 400), (500, 503), (200, 503)] {
        let error = error.clone();
        let stage = Stage::set("ttl: 60", move |n, request| match n {
            0 => Reply::json(status, error.clone()),
            _ => number(n, request),
        });
        let first = stage.ask(BODY).await;
        assert!(first.status == seen || first.status == 400, "{status}: {}", first.text());
        let second = stage.ask(BODY).await;
        assert_eq!((said(&second), content(&second).as_str()), ("MISS", "answer 1"), "after a {status}");
        assert_eq!(said(&stage.ask(BODY).await), "HIT");
    }
}

#[tokio::test]
async fn streams_that_broke_off_are_not_kept() {
    let error = json!({ "error": { "message": "overloaded" } }).to_string();
    let start = Reply::sse_head().event(&chunk("half"));
    let broken = [
        ("cut", start.clone().then(Step::Close)),
        ("reset", start.clone().then(Step::Reset)),
        ("no end", start.clone().bytes("0\r\n\r\n").then(Step::KeepAlive)),
        ("error", start.clone().event(&error).end()),
    ];
    for (case, reply) in broken {
        let stage = Stage::set("ttl: 60", move |n, request| match n {
            0 => reply.clone(),
            _ => number(n, request),
        });
        let stream = with(BODY, r#""stream":true"#);
        let first = stage.ask(&stream).await.text();
        assert!(first.contains("half") && !first.contains("[DONE]"), "{case}: {first}");
        let second = stage.ask(&stream).await;
        assert_eq!((said(&second), chunks(&second).len()), ("MISS", 2), "{case}");
    }
}

#[tokio::test]
async fn a_stream_whose_client_left_is_not_kept() {
    let stage = Stage::set("ttl: 60", |n, request| match n {
        0 => Reply::sse_head().event(&chunk("half")).then(Step::Hang),
        _ => number(n, request),
    });
    let stream = with(BODY, r#""stream":true"#);
    let mut client = Wire::to(stage.gateway.address()).await;
    client.send(request("POST", "/v1/chat/completions", KEY, &[], &stream)).await;
    client.read_until("half").await;
    drop(client);
    stage.gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    assert_eq!(said(&stage.ask(&stream).await), "MISS");
}

#[tokio::test]
async fn an_answer_over_its_bound_is_passed_on_and_not_kept() {
    let large = "w".repeat(5000);
    let stage = Stage::set("ttl: 60, max_answer: 4KiB", move |_, request| match is_stream(request) {
        false => Reply::chat(&large),
        true => {
            let part = &large[..1000];
            (0..5)
                .fold(Reply::sse_head(), |r, _| r.event(&chunk(part)))
                .event(&finish_chunk())
                .event("[DONE]")
                .end()
        }
    });
    let streamed = with(BODY, r#""stream":true"#);
    for _ in 0..2 {
        let whole = stage.ask(BODY).await;
        assert_eq!((said(&whole), content(&whole).len()), ("MISS", 5000));
        let stream = stage.ask(&streamed).await;
        assert_eq!((said(&stream), chunks(&stream).len()), ("MISS", 6));
    }
    assert_eq!(stage.vendor.count(), 4);
}

/// The named provider has a bad moment; its next answer is what is kept.
#[tokio::test]
async fn what_a_stand_in_answered_is_not_kept() {
    for body in [BODY.to_owned(), with(BODY, r#""stream":true"#)] {
        let busy = json!({ "error": { "message": "busy" } });
        let named = Vendor::start(move |n, request| match n {
            0 => Reply::json(503, busy.clone()),
            _ => number(n, request),
        });
        let other = Vendor::start(|_, request| Reply::answer(request, "stand-in"));
        let fallback = "fallback_models: { small: s, large: s }";
        let providers = [
            support::provider("named", named.base_url()),
            support::provider_of("other", other.base_url(), "s", fallback),
        ];
        let gateway = Gateway::start(&format!(
            "failover: {{ check_interval: off }}\nproviders:\n{}models: {{ chat: named/small }}\n\
             keys: [ {{ name: app, key: {KEY} }} ]\n",
            providers.concat()
        ));
        for (provider, cache) in [("other", "MISS"), ("named", "MISS"), ("named", "HIT")] {
            let mut client = Wire::to(gateway.address()).await;
            let answer = client.ask(request("POST", "/v1/chat/completions", KEY, &[], &body)).await;
            assert_eq!((answer.header("x-provider"), said(&answer)), (Some(provider), cache), "{body}");
        }
    }
}

#[tokio::test]
async fn only_so_many_answers_are_kept() {
    let stage = Stage::set("ttl: 60, max_entries: 4", number);
    let question = |n: usize| BODY.replace("hello", &format!("question {n}"));
    for n in 0..300 {
        assert_eq!(said(&stage.ask(&question(n)).await), "MISS");
    }
    let mut hits = 0;
    for n in 0..300 {
        hits += usize::from(said(&stage.ask(&question(n)).await) == "HIT");
    }
    // Room is made now and then, not for every answer.
    assert!(hits <= 100, "{hits} of 300 answers were kept where 4 have room");
}

#[tokio::test]
async fn a_reload_that_changes_something_forgets_the_answers() {
    let stage = Stage::set("ttl: 60", number);
    assert_eq!(said(&stage.ask(BODY).await), "MISS");
    let base = stage.vendor.base_url();
    let config = format!(
        "failover: {{ check_interval: off }}\nproviders: {{ vendor: {{ kind: openai_compatible, base_url: '{base}/v1', check: false }} }}\nmodels: {{ chat: vendor/large }}\nkeys: [ {{ name: app, key: {KEY} }} ]"
    );
    stage.gateway.reconfigure(&config).await;
    let answer = stage.ask(BODY).await;
    assert_eq!((said(&answer), answer.header("x-model")), ("MISS", Some("large")));
}
