//! Event streams written in every way the standard allows, and in some it does not.

use crate::*;
use support::chunk;
use support::finish_chunk;
use support::sse_events;

fn pieces() -> [String; 3] {
    [chunk("one"), chunk("two"), finish_chunk()]
}

/// The text that a client of ours reads out of a stream.
fn said(answer: &WireAnswer, case: &str) -> String {
    assert_eq!(answer.status, 200, "{case}: {}", answer.text());
    let events = sse_events(&answer.text().replace("\r\n", "\n").replace('\r', "\n"));
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"), "{case}: {}", answer.text());
    let read = |event: &String| serde_json::from_str::<serde_json::Value>(event).ok();
    let content =
        |chunk: serde_json::Value| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned());
    events.iter().filter_map(read).filter_map(content).collect()
}

#[tokio::test]
async fn every_spelling_of_a_stream_is_understood() {
    let [one, two, stop] = pieces();
    let all = [one.as_str(), &two, &stop, "[DONE]"];
    let written =
        |start: &str, end: &str| all.iter().map(|data| format!("{start}{data}{end}")).collect::<String>();
    let cases = [
        ("LF", written("data: ", "\n\n")),
        ("CRLF", written("data: ", "\r\n\r\n")),
        ("CR", written("data: ", "\r\r")),
        ("no space", written("data:", "\n\n")),
        ("names and ids", written("event: message\nid: 7\nretry: 10\ndata: ", "\n\n")),
        ("comments", written(": hello\n\n:\n\ndata: ", "\n: in it\n\n")),
        ("many empty lines", written("\n\n\ndata: ", "\n\n\n\n")),
        ("a mark of byte order", format!("\u{feff}{}", written("data: ", "\n\n"))),
        ("data in two lines", written("data: ", "\n\n").replace("\"choices\":", "\ndata: \"choices\":")),
        ("no empty line at the end", written("data: ", "\n\n").trim_end().to_owned()),
        ("no [DONE]", written("data: ", "\n\n").replace("data: [DONE]\n\n", "")),
    ];
    for (case, text) in cases {
        let framings = [
            Reply::sse_head().chunk(&text).end(),
            text.bytes().fold(Reply::sse_head(), |reply, byte| reply.chunk([byte])).end(),
            Reply::raw(format!(
                "HTTP/1.0 200 OK\r\nContent-Type: Text/Event-Stream; charset=UTF-8\r\n\r\n{text}"
            )),
            Reply::head(
                200,
                &[("content-type", "text/event-stream"), ("content-length", &text.len().to_string())],
            )
            .bytes(&text)
            .then(support::Step::KeepAlive),
        ];
        for (framing, reply) in framings.into_iter().enumerate() {
            let stage = Stage::set(reply);
            let answer = stage.ask(STREAM).await;
            assert_eq!(said(&answer, case), "onetwo", "{case}, framing {framing}: {}", answer.text());
            stage.goes_on(case).await;
        }
    }
}

#[tokio::test]
async fn what_comes_after_the_end_of_a_stream_is_dropped() {
    let [one, two, stop] = pieces();
    let start = || Reply::sse_head().event(&one).event(&two).event(&stop).event("[DONE]");
    for (case, reply) in [
        ("another event", start().event(&chunk("three")).end()),
        ("a second end", start().event("[DONE]").end()),
        ("noise", start().bytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").then(support::Step::Close)),
        ("silence", start().then(support::Step::Hang)),
        ("a reset", start().then(support::Step::Reset)),
    ] {
        let stage = Stage::set(reply);
        assert_eq!(said(&stage.ask(STREAM).await, case), "onetwo", "{case}");
        stage.goes_on(case).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_no_stream_is_refused() {
    for (case, reply) in [
        ("a page", Reply::sse_head().chunk("<html><body>busy</body></html>").end()),
        ("JSON without data:", Reply::sse_head().chunk(format!("{}\n\n", chunk("one"))).end()),
        ("only [DONE]", Reply::sse_head().event("[DONE]").end()),
        ("nothing", Reply::sse_head().end()),
        ("noise", Reply::sse_head().chunk([0xff, 0xfe, 0, 1, 2, b'\n', b'\n']).end()),
    ] {
        let stage = Stage::set(reply);
        is_refused(&stage.ask(STREAM).await, case);
        stage.goes_on(case).await;
    }
}
