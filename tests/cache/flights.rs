//! Identical requests at the same time share one call to the provider, where that is turned on.

use crate::*;
use std::time::Duration;
use support::Step;

const SHARED: &str = "ttl: 60, share_in_flight: true";

/// Answers after a while, so that the others arrive meanwhile.
fn slowly(after: Duration, reply: Reply) -> Reply {
    Reply([vec![Step::Pause(after)], reply.0].concat())
}

async fn together(stage: &Stage, count: usize, body: &str) -> Vec<Answer> {
    futures_util::future::join_all((0..count).map(|_| stage.ask(body))).await
}

#[tokio::test]
async fn twenty_at_once_ask_the_provider_once() {
    let stage = Stage::set(SHARED, |n, request| slowly(Duration::from_millis(500), number(n, request)));
    for body in [BODY.to_owned(), with(BODY, r#""stream":true,"seed":1"#)] {
        let before = stage.vendor.count();
        let answers = together(&stage, 20, &body).await;
        assert_eq!(stage.vendor.count(), before + 1, "{body}");
        assert!(answers.iter().all(|a| a.status == 200 && a.text().contains(&format!("answer {before}"))));
        let hits = answers.iter().filter(|answer| said(answer) == "HIT").count();
        assert_eq!(hits, 19, "{body}");
    }
    // Only the pilots' answers are counted.
    stage.gateway.metric_becomes("tollgate_tokens_total", 24.0).await;
}

#[tokio::test]
async fn without_sharing_each_asks_for_itself() {
    let stage = Stage::set("ttl: 60", |n, request| slowly(Duration::from_millis(300), number(n, request)));
    let answers = together(&stage, 5, BODY).await;
    assert_eq!((stage.vendor.count(), answers.len()), (5, 5));
}

#[tokio::test]
async fn another_form_of_the_same_request_shares_too() {
    let stage = Stage::set(SHARED, |n, request| slowly(Duration::from_millis(500), number(n, request)));
    let streamed = with(BODY, r#""stream":true"#);
    let (whole, stream) = tokio::join!(stage.ask(BODY), async {
        stage.vendor.wait_for_requests(1).await;
        stage.ask(&streamed).await
    });
    assert_eq!(stage.vendor.count(), 1);
    assert_eq!(content(&whole), "answer 0");
    assert_eq!((said(&stream), chunks(&stream).len()), ("HIT", 3));
}

#[tokio::test]
async fn when_the_pilots_client_leaves_the_others_go_on() {
    let stage = Stage::set(SHARED, |n, request| match n {
        0 => Reply::silent(),
        _ => number(n, request),
    });
    let mut pilot = Wire::to(stage.gateway.address()).await;
    pilot.send(request("POST", "/v1/chat/completions", KEY, &[], BODY)).await;
    stage.vendor.wait_for_requests(1).await;
    let others = async {
        let all = together(&stage, 5, BODY);
        tokio::pin!(all);
        // They must be waiting before the pilot leaves.
        tokio::select! {
            _ = &mut all => panic!("they did not wait"),
            () = tokio::time::sleep(Duration::from_millis(300)) => drop(pilot),
        }
        all.await
    };
    for answer in others.await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    stage.gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
}

#[tokio::test]
async fn when_the_pilot_fails_the_others_go_on() {
    let busy = serde_json::json!({ "error": { "message": "busy" } });
    let stage = Stage::set(SHARED, move |n, request| match n {
        0 => slowly(Duration::from_millis(400), Reply::json(503, busy.clone())),
        _ => number(n, request),
    });
    let answers = together(&stage, 6, BODY).await;
    let failed = answers.iter().filter(|answer| answer.status == 503).count();
    assert_eq!(failed, 1, "only the pilot's own call failed");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 503)));
}

#[tokio::test]
async fn a_waiting_client_may_leave_and_nobody_minds() {
    let stage = Stage::set(SHARED, |n, request| slowly(Duration::from_millis(800), number(n, request)));
    let ask = || request("POST", "/v1/chat/completions", KEY, &[], BODY);
    let mut pilot = Wire::to(stage.gateway.address()).await;
    pilot.send(ask()).await;
    stage.vendor.wait_for_requests(1).await;
    let mut waiting = Wire::to(stage.gateway.address()).await;
    waiting.send(ask()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(waiting);
    stage.gateway.wait_for_log(|line| line.contains("\"status\":499")).await;
    assert_eq!(content(&pilot.answer().await), "answer 0");
    assert_eq!(stage.vendor.count(), 1);
}
