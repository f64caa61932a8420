//! Clients that leave: whoever had the work done pays for it.

use crate::*;
use support::Step;
use support::Wire;
use support::chat_request;
use support::chunk;
use tollgate::store::Counted;

/// Asks, waits for the text, and leaves.
async fn leave_after(stage: &Stage, stream: bool, seen: Option<&str>) {
    let mut client = Wire::to(stage.gateway.address()).await;
    client.send(chat_request(KEY, &body("chat", stream).to_string())).await;
    stage.first.wait_for_requests(1).await;
    match seen {
        Some(text) => drop(client.read_until(text).await),
        // Nothing tells from outside when the head is there; any moment after the request will do.
        None => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
    }
}

#[tokio::test]
async fn in_the_middle_of_a_stream_the_prompt_and_what_came_are_estimated() {
    let stage =
        Stage::set(|_, _| Reply::sse_head().event(&chunk("one")).event(&chunk("two")).then(Step::Hang)).await;
    leave_after(&stage, true, Some("two")).await;
    let entry = stage.entry().await;
    assert_eq!((entry.status, entry.error.as_str()), (499, "client_left"));
    assert_eq!((entry.input, entry.output), (estimated(&body("chat", true)), 2));
    assert_eq!((entry.counted, entry.cost), (Counted::Guessed, entry.input * INPUT + 2 * OUTPUT));
}

#[tokio::test]
async fn in_the_middle_of_a_stream_that_counts_its_count_is_taken() {
    let stage = Stage::set(|_, _| {
        let mut told: Value = serde_json::from_str(&chunk("word")).unwrap();
        told["usage"] = usage(30, 9);
        Reply::sse_head().event(&told.to_string()).then(Step::Hang)
    })
    .await;
    leave_after(&stage, true, Some("word")).await;
    let entry = stage.entry().await;
    assert_eq!((entry.input, entry.output, entry.counted), (30, 9, Counted::Told));
    assert_eq!(entry.status, 499);
}

#[tokio::test]
async fn before_the_first_content_the_prompt_is_billed() {
    let plain = [("content-type", "application/json"), ("content-length", "1000")];
    for (stream, reply) in [
        (true, Reply::sse_head().chunk(": ping\n\n").then(Step::Hang)),
        (false, Reply::head(200, &plain).bytes("{").then(Step::Hang)),
        (false, Reply::silent()),
    ] {
        let stage = Stage::set(move |_, _| reply.clone()).await;
        leave_after(&stage, stream, None).await;
        let entry = stage.entry().await;
        let prompt = estimated(&body("chat", stream));
        assert_eq!((entry.input, entry.output, entry.counted), (prompt, 0, Counted::Guessed), "{entry:?}");
        assert_eq!((entry.status, entry.cost, entry.provider.as_str()), (499, prompt * INPUT, "first"));
    }
}

#[tokio::test]
async fn what_was_told_before_the_first_content_is_believed() {
    let role = json!({ "choices": [{ "index": 0, "delta": { "role": "assistant" }, "finish_reason": null }],
        "usage": usage(30, 0) });
    let stage = Stage::set(move |_, _| Reply::sse_head().event(&role.to_string()).then(Step::Hang)).await;
    leave_after(&stage, true, None).await;
    let entry = stage.entry().await;
    assert_eq!((entry.input, entry.output, entry.counted), (30, 0, Counted::Told));
}
