//! Far too much of something: passed on where it may be meant, cut off where it cannot, never kept.

use crate::*;
use support::DONE;
use support::chunk;
use support::finish_chunk;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_answer_of_ten_megabytes_is_passed_on() {
    let long = "w".repeat(10 * MIB);
    let whole = String::from_utf8(Reply::chat(&long).0.iter().fold(Vec::new(), |mut all, step| {
        if let support::Step::Bytes(bytes) = step {
            all.extend_from_slice(bytes);
        }
        all
    }));
    let (_, body) = whole.as_ref().unwrap().split_once("\r\n\r\n").unwrap();
    for (case, reply) in [
        ("with a length", Reply::chat(&long)),
        (
            "in chunks",
            body.as_bytes()
                .chunks(50_000)
                .fold(Reply::head(200, &[("transfer-encoding", "chunked")]), |r, c| r.chunk(c))
                .end(),
        ),
        ("in one chunk", Reply::head(200, &[("transfer-encoding", "chunked")]).chunk(body).end()),
        ("until the end", Reply::raw(format!("HTTP/1.0 200 OK\r\n\r\n{body}"))),
    ] {
        let stage = Stage::set(reply);
        let answer = stage.ask(PLAIN).await;
        assert!(answer.status == 200 && answer.text() == body, "{case}: {} bytes", answer.body.len());
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let long = "w".repeat(25 * MIB);
    let body = serde_json::json!({ "choices": [{ "message": { "content": long } }] }).to_string();
    for (case, reply) in [
        ("with a length", Reply::chat(&long)),
        ("in chunks", Reply::head(200, &[("transfer-encoding", "chunked")]).chunk(&body).end()),
    ] {
        let stage = Stage::set(reply);
        is_refused(&stage.ask(PLAIN).await, case);
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn a_line_of_ten_megabytes_is_passed_on() {
    let long = chunk(&"w".repeat(10 * MIB));
    let stop = finish_chunk();
    let line = format!("data: {long}\n\n");
    let pieces = line.as_bytes().chunks(16_000).fold(Reply::sse_head(), |r, c| r.chunk(c));
    for (case, reply) in [
        ("in one piece", Reply::stream(&[&long, &stop, DONE])),
        ("in pieces", pieces.event(&stop).event(DONE).end()),
    ] {
        let stage = Stage::set(reply);
        let answer = stage.ask(STREAM).await;
        assert_eq!(answer.status, 200, "{case}");
        assert!(
            answer.text() == format!("{line}data: {stop}\n\ndata: {DONE}\n\n"),
            "{case}: {}",
            answer.body.len()
        );
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_cut_off() {
    let block = vec![b'w'; MIB];
    let endless = |start: Reply| (0..40).fold(start.chunk("data: {\"a\":\""), |reply, _| reply.chunk(&block));
    let stage = Stage::set(endless(Reply::sse_head()));
    is_refused(&stage.ask(STREAM).await, "from the start");
    stage.goes_on("an endless first line").await;
    let stage = Stage::set(endless(Reply::sse_head().event(&chunk("one"))));
    let answer = stage.ask(STREAM).await;
    let events = support::sse_events(&answer.text());
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[1].contains("stream_interrupted") && !answer.text().contains("[DONE]"), "{}", events[1]);
    stage.goes_on("an endless later line").await;
}

#[tokio::test]
async fn a_head_without_an_end_is_cut_off() {
    let block = "h".repeat(MIB);
    let one_header = (0..40).fold(Reply::raw("HTTP/1.1 200 OK\r\nx-long: "), |reply, _| reply.bytes(&block));
    let lines: String = (0..10_000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let headers = (0..40).fold(Reply::raw("HTTP/1.1 200 OK\r\n"), |reply, _| reply.bytes(&lines));
    let hints = Reply::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000)).then(support::Step::Close);
    for (case, reply) in [("one header", one_header), ("many headers", headers), ("many heads", hints)] {
        let stage = Stage::set(reply);
        is_refused(&stage.ask(PLAIN).await, case);
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn an_error_of_ten_megabytes_is_not_waited_for() {
    let long = "w".repeat(10 * MIB);
    let error = serde_json::json!({ "error": { "message": long, "type": "invalid_request_error" } });
    let stage = Stage::set(Reply::json(400, error));
    let answer = stage.ask(PLAIN).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());
    assert!(answer.json()["error"]["message"].is_string());
    stage.goes_on("a huge error").await;
}

#[tokio::test]
async fn memory_is_given_back_after_huge_answers() {
    let long = "w".repeat(10 * MIB);
    let (plain, event, stop) = (Reply::chat(&long), chunk(&long), finish_chunk());
    let stream = Reply::stream(&[&event, &stop, DONE]);
    let endless = (0..20).fold(Reply::sse_head(), |reply, _| reply.chunk(&long[..MIB]));
    let vendor = Vendor::start(move |number, _| match number % 3 {
        0 => plain.clone(),
        1 => stream.clone(),
        _ => endless.clone(),
    });
    let stage = Stage::before(vendor, "");
    let mut resident = Vec::new();
    for _ in 0..8 {
        for body in [PLAIN, STREAM, STREAM] {
            stage.ask(body).await;
        }
        resident.push(stage.gateway.resident() >> 20);
    }
    println!("resident after each round: {resident:?} MiB");
    // The allocator gives back with a delay; eight rounds have moved 400 MiB.
    assert!(resident.iter().all(|mib| *mib < 256), "{resident:?} MiB");
}
