//! Failures: an error costs nothing, a cut answer what came of it, and another provider's help what that took.

use crate::*;
use support::chunk;
use tollgate::store::Counted;
use tollgate::store::Kind;
use tollgate::store::PriceState;

fn error(status: u16) -> Reply {
    Reply::json(
        status,
        json!({ "error": { "message": "no", "type": "invalid_request_error", "code": null } }),
    )
}

#[tokio::test]
async fn an_error_costs_nothing() {
    let stage = Stage::set(|_, _| error(400)).await;
    let answer = stage.ask("chat", false).await;
    assert_eq!((answer.status, answer.header("x-response-cost-usd")), (400, None));
    let entry = stage.entry().await;
    assert_eq!((entry.status, entry.input, entry.output, entry.cost), (400, 0, 0, 0));
    assert_eq!(
        (entry.price, entry.counted, entry.provider.as_str()),
        (PriceState::Nothing, Counted::None, "first")
    );
    assert!(!entry.error.is_empty(), "{entry:?}");
}

#[tokio::test]
async fn who_answers_is_billed_and_who_failed_is_not() {
    for stream in [false, true] {
        let stage = Stage::set(|_, _| error(503)).await;
        stage.ask("chat", stream).await;
        let entry = stage.entry().await;
        assert_eq!((entry.status, entry.provider.as_str(), entry.price), (200, "second", PriceState::Free));
        assert_eq!((entry.input, entry.output), (5, 7));
        assert!(entry.attempts > 1, "{entry:?}");
    }
}

#[tokio::test]
async fn a_call_that_failed_and_told_what_it_used_has_an_entry_of_its_own() {
    // Usage at the beginning, as Anthropic tells it, and then an error instead of an answer.
    let begun = json!({ "type": "message_start", "message": { "id": "m", "type": "message", "role": "assistant",
        "content": [], "model": "m", "stop_reason": null, "stop_sequence": null,
        "usage": { "input_tokens": 30, "cache_read_input_tokens": 10, "output_tokens": 1 } } });
    let broken = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "busy" } });
    let stage = Stage::with("cache: { exact: { ttl: 0 } }", "anthropic", move |_, _| {
        let event = |reply: Reply, data: &Value| {
            reply.chunk(format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()))
        };
        event(event(Reply::sse_head(), &begun), &broken).end()
    })
    .await;
    assert_eq!(stage.ask("chat", true).await.provider(), Some("second"));
    let calls = stage.first.count();
    let entries = stage.books.entries(calls + 1).await;
    let (request, attempts) = entries.split_last().unwrap();
    assert_eq!((request.kind, request.provider.as_str(), request.input), (Kind::Request, "second", 5));
    for attempt in attempts {
        assert_eq!((attempt.kind, attempt.provider.as_str()), (Kind::Attempt, "first"), "{attempt:?}");
        assert_eq!((attempt.input, attempt.cached, attempt.output), (40, 10, 1), "{attempt:?}");
        assert_eq!(attempt.cost, 30 * INPUT + 10 * 500 + OUTPUT);
        assert_eq!(
            (attempt.request_id.as_str(), attempt.key.as_str()),
            (request.request_id.as_str(), "key:test")
        );
        assert_eq!((attempt.counted, attempt.error.as_str()), (Counted::Told, "error_in_200"));
    }
}

#[tokio::test]
async fn a_refusal_within_an_answer_that_tells_what_it_used_has_an_entry_of_its_own() {
    let stage = Stage::set(|_, _| {
        Reply::json(
            200,
            json!({ "error": { "message": "overloaded", "type": "server_error" }, "usage": usage(30, 4) }),
        )
    })
    .await;
    assert_eq!(stage.ask("chat", false).await.provider(), Some("second"));
    let entries = stage.books.entries(stage.first.count() + 1).await;
    assert_eq!((entries[0].kind, entries[0].input, entries[0].output), (Kind::Attempt, 30, 4));
    assert_eq!(entries[0].cost, 30 * INPUT + 4 * OUTPUT);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_billed_what_came() {
    for (reply, error) in [
        (Reply::stream_cut(&[&chunk("one"), &chunk("two")]), "cut"),
        (Reply::sse_head().event(&chunk("one")).event(&chunk("two")).then(support::Step::Hang), "stall"),
    ] {
        let stage = Stage::set(move |_, _| reply.clone()).await;
        stage.ask("chat", true).await;
        let entry = stage.entry().await;
        assert_eq!((entry.error.as_str(), entry.status, entry.provider.as_str()), (error, 200, "first"));
        assert_eq!((entry.input, entry.output), (estimated(&body("chat", true)), 2), "{error}");
        assert_eq!((entry.counted, entry.attempts), (Counted::Guessed, 1));
    }
}

#[tokio::test]
async fn what_a_cut_stream_told_before_is_believed() {
    let told = |count: u64| {
        let mut chunk: Value = serde_json::from_str(&chunk("word")).unwrap();
        chunk["usage"] = usage(30, count);
        chunk.to_string()
    };
    let stage = Stage::set(move |_, _| Reply::stream_cut(&[&told(4), &told(9)])).await;
    stage.ask("chat", true).await;
    let entry = stage.entry().await;
    assert_eq!((entry.input, entry.output, entry.counted), (30, 9, Counted::Told));
}

#[tokio::test]
async fn when_nobody_answers_nothing_is_billed() {
    let stage = Stage::set(|_, _| error(500)).await;
    assert_eq!(stage.ask("first/m", false).await.status, 503);
    let entry = stage.entry().await;
    assert_eq!((entry.status, entry.cost, entry.price), (503, 0, PriceState::Nothing));
    assert!(entry.attempts >= 1, "{entry:?}");
}
