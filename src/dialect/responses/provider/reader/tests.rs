//! A provider's stream.

use crate::dialect::frame::Framer;
use crate::dialect::responses::PROVIDER;
use crate::dialect::responses::tests as shown;
use crate::dialect::side::Garbage;
use crate::dialect::side::ProviderSide;
use bytes::Bytes;

const EVENTS: &str = include_str!("../../fixtures/events.sse");

fn chunks(pieces: &[&[u8]]) -> (Vec<String>, usize) {
    let (mut framer, mut frames) = (Framer::new(PROVIDER.framing(), 1 << 20), Vec::new());
    pieces.iter().for_each(|piece| framer.push(Bytes::copy_from_slice(piece), &mut frames).unwrap());
    frames.extend(framer.finish());
    let (mut reader, mut chunks, mut garbage) = (PROVIDER.reader(), Vec::new(), 0);
    for raw in &frames {
        let read = reader.read(&framer.read(raw).unwrap(), &mut |chunk| chunks.push(shown::chunk(&chunk)));
        garbage += usize::from(read == Err(Garbage));
    }
    (chunks, garbage)
}

fn said(events: &[&str]) -> Vec<String> {
    let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    chunks(&[stream.as_bytes()]).0
}

#[test]
fn a_stream_is_read_in_its_order_wherever_it_is_cut() {
    let expected: Vec<String> =
        include_str!("../../fixtures/events.chunks").lines().map(str::to_owned).collect();
    assert_eq!(chunks(&[EVENTS.as_bytes()]), (expected.clone(), 0));
    for at in 0..EVENTS.len() {
        let (head, tail) = EVENTS.as_bytes().split_at(at);
        assert_eq!(chunks(&[head, tail]), (expected.clone(), 0), "cut at {at}");
    }
}

#[test]
fn events_need_no_names_beside_their_types() {
    let nameless: String =
        EVENTS.lines().filter(|line| !line.starts_with("event:")).map(|l| format!("{l}\n")).collect();
    assert_eq!(chunks(&[nameless.as_bytes()]), chunks(&[EVENTS.as_bytes()]));
}

#[test]
fn what_comes_only_whole_is_said_once() {
    let events = [
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c0","name":"f","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c0","name":"f","arguments":"{\"a\":1}"}}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"g","arguments":"{}"}}"#,
        r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"reasoning","id":"rs_2","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":null}}"#,
        r#"{"type":"response.output_text.done","output_index":3,"content_index":0,"text":"hi"}"#,
        r#"{"type":"response.refusal.done","output_index":3,"content_index":1,"refusal":"no"}"#,
    ];
    let expected = [
        "start  ",
        "call 0 c0 f",
        "args 0 \"{\\\"a\\\":1}\"",
        "call 1 c1 g",
        "args 1 \"{}\"",
        "think \"Hm\"",
        "text \"hi\"",
        "refusal \"no\"",
    ];
    assert_eq!(said(&events), expected);
}

#[test]
fn what_is_missing_of_arguments_comes_with_their_end() {
    let events = [
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c0","name":"f"}}"#,
        r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\""}"#,
        r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}"#,
    ];
    assert_eq!(said(&events)[2..], ["args 0 \"{\\\"a\\\"\"", "args 0 \":1}\""]);
}

#[test]
fn calls_may_be_interleaved() {
    let added = |n: u32| {
        format!(
            r#"{{"type":"response.output_item.added","output_index":{n},"item":{{"type":"function_call","call_id":"c{n}","name":"f"}}}}"#
        )
    };
    let delta = |n: u32, text: &str| {
        format!(r#"{{"type":"response.function_call_arguments.delta","output_index":{n},"delta":"{text}"}}"#)
    };
    let events = [added(0), added(1), delta(0, "a"), delta(1, "b"), delta(0, "c")];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    assert_eq!(said(&events)[3..], ["args 0 \"a\"", "args 1 \"b\"", "args 0 \"c\""]);
}

#[test]
fn raw_reasoning_is_thinking_too() {
    let event = r#"{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"Hm"}"#;
    assert_eq!(said(&[event])[1..], ["think \"Hm\""]);
}

#[test]
fn errors_are_told_and_end_the_stream() {
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"broken"}}}"#;
    let late = r#"{"type":"response.output_text.delta","delta":"late"}"#;
    assert_eq!(said(&[failed, late]), [r#"error {"error":{"code":"server_error","message":"broken"}}"#]);
    let flat = r#"{"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null}"#;
    assert_eq!(said(&[flat, late]), [format!("error {flat}")]);
    let nested = r#"{"error":{"message":"no","type":"server_error"}}"#;
    assert_eq!(said(&[nested]), [format!("error {nested}")]);
}

#[test]
fn an_incomplete_answer_says_why() {
    let event = r#"{"type":"response.incomplete","response":{"id":"r","model":"m","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":null}}"#;
    assert_eq!(said(&[event, "[DONE]"]), ["start r m", "finish Length", "end"]);
}

#[test]
fn garbage_is_dropped_and_the_stream_goes_on() {
    let garbage = [
        "nonsense",
        "[1]",
        "{}",
        r#"{"type":"response.output_text.delta"}"#,
        r#"{"type":"response.output_text.delta","delta":7}"#,
        r#"{"type":"response.output_text.delta","delta":"x","output_index":-1}"#,
        r#"{"type":"response.completed"}"#,
        r#"{"type":"response.output_item.done","item":{"type":"reasoning","summary":"x"}}"#,
    ];
    for event in garbage {
        let stream = format!(
            "data: {event}\n\ndata: {{\"type\":\"response.output_text.delta\",\"delta\":\"on\"}}\n\n"
        );
        let (chunks, garbage) = chunks(&[stream.as_bytes()]);
        assert_eq!((&chunks[1..], garbage), (&["text \"on\"".to_owned()][..], 1), "{event}");
    }
    let unknown = r#"{"type":"response.audio.delta","delta":{"strange":1}}"#;
    assert_eq!(chunks(&[format!("data: {unknown}\n\n").as_bytes()]), (vec![], 0));
}

#[test]
fn a_stream_that_is_cut_anywhere_has_no_end() {
    let whole = EVENTS.trim_end();
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let (chunks, _) = chunks(&[&whole.as_bytes()[..end]]);
        assert_ne!(chunks.last().map(String::as_str), Some("end"), "cut at {end}");
    }
}
