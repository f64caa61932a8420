//! Streams.

use crate::dialect::frame::Framer;
use crate::dialect::gemini::PROVIDER;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Part;
use crate::dialect::hub::assemble::Assembly;
use crate::dialect::side::ProviderSide;
use bytes::Bytes;

const STREAM: &str = include_str!("../fixtures/stream.sse");
const CHUNKS: &str = include_str!("../fixtures/stream.txt");

/// Feeds pieces of a stream, and hands out what they say. Garbage is said as such.
fn hear(pieces: &[&[u8]], sink: &mut dyn FnMut(Chunk<'_>)) -> usize {
    let mut reader = PROVIDER.reader();
    let mut framer = Framer::new(PROVIDER.framing(), 1 << 20);
    let (mut frames, mut garbage) = (Vec::new(), 0);
    for piece in pieces {
        framer.push(Bytes::copy_from_slice(piece), &mut frames).unwrap();
    }
    frames.extend(framer.finish());
    for raw in &frames {
        let Some(frame) = framer.read(raw) else { continue };
        garbage += usize::from(reader.read(&frame, sink).is_err());
    }
    reader.finish(sink);
    garbage
}

fn heard(pieces: &[&[u8]]) -> Vec<String> {
    let mut chunks = Vec::new();
    hear(pieces, &mut |chunk| chunks.push(format!("{chunk:?}")));
    chunks
}

fn events(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()
}

#[test]
fn a_rich_stream_is_read_in_order() {
    let expected: Vec<&str> = CHUNKS.lines().collect();
    assert_eq!(heard(&[STREAM.as_bytes()]), expected);
}

#[test]
fn every_cut_gives_the_same_chunks() {
    let stream = STREAM.as_bytes();
    let whole = heard(&[stream]);
    for at in 0..=stream.len() {
        assert_eq!(heard(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
}

#[test]
fn a_stream_that_breaks_off_does_not_end() {
    // The reason stands in an early event as well, where only what follows makes it too early: cut before that.
    let early = STREAM.find("finishReason").unwrap();
    for at in 0..early {
        let chunks = heard(&[&STREAM.as_bytes()[..at]]);
        assert!(!chunks.iter().any(|chunk| chunk.starts_with("Finish") || chunk == "End"), "cut at {at}");
    }
}

#[test]
fn a_stream_comes_to_the_same_as_its_answer() {
    let mut assembly = Assembly::default();
    hear(&[STREAM.as_bytes()], &mut |chunk| assembly.add(&chunk));
    let response = assembly.finish().unwrap();
    let Part::Text(text) = &response.choices[0].parts[1] else { panic!("{response:?}") };
    assert_eq!((&*text.text, text.signature.as_deref()), ("Über Bern\n", Some("seal-1")));
    assert_eq!(response.usage.map(|usage| usage.output), Some(7));
}

#[test]
fn an_error_in_a_stream_is_handed_on_and_nothing_ends() {
    let said = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#;
    let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    for error in [error.to_owned(), format!("[{error}]")] {
        let chunks = heard(&[events(&[said, &error]).as_bytes()]);
        let expected = format!("{:?}", Chunk::Error(error.as_bytes().into()));
        assert_eq!(chunks.last(), Some(&expected));
    }
}

#[test]
fn a_blocked_question_ends_its_stream() {
    let stream = events(&[r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"responseId":"r"}"#]);
    let expected = [
        r#"Start { id: "r", model: "" }"#,
        "Finish { choice: 0, finish: ContentFilter, stop_sequence: None }",
        "End",
    ];
    assert_eq!(heard(&[stream.as_bytes()]), expected);
}

#[test]
fn choices_are_told_apart_and_all_must_end() {
    let piece = |index: u32, text: &str, rest: &str| {
        format!(r#"{{"candidates":[{{"index":{index},"content":{{"parts":[{{"text":"{text}"}}]}}{rest}}}]}}"#)
    };
    let stop = r#","finishReason":"MAX_TOKENS""#;
    let pieces = [piece(0, "a", ""), piece(1, "b", stop), piece(0, "c", stop)];
    let all = heard(&[events(&[&pieces[0], &pieces[1], &pieces[2]]).as_bytes()]);
    assert_eq!(all.iter().filter(|chunk| chunk.contains("finish: Length")).count(), 2);
    assert_eq!(all.last().map(String::as_str), Some("End"));
    let one = heard(&[events(&[&pieces[0], &pieces[1]]).as_bytes()]);
    assert_ne!(one.last().map(String::as_str), Some("End"));
}

#[test]
fn garbage_is_passed_over() {
    let fine = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#;
    let bad = ["nonsense", "7", "[]", "[1,2]", r#"{"candidates":[{"content":7}]}"#, r#"{"candidates":"#];
    let mut stream = events(&bad);
    stream.push_str(&events(&[fine]));
    let mut last = String::new();
    assert_eq!(hear(&[stream.as_bytes()], &mut |chunk| last = format!("{chunk:?}")), bad.len());
    assert_eq!(last, "End");
}

#[test]
fn endless_choices_are_not_stored() {
    let candidate = |index: usize| format!(r#"{{"index":{index},"finishReason":"STOP"}}"#);
    let many: Vec<String> = (0..1000).map(candidate).collect();
    let stream = events(&[&format!(r#"{{"candidates":[{}]}}"#, many.join(","))]);
    let mut ends = 0;
    let garbage = hear(&[stream.as_bytes()], &mut |chunk| {
        ends += usize::from(matches!(chunk, Chunk::Finish { .. }));
    });
    assert_eq!((garbage, ends), (1, 128));
}
