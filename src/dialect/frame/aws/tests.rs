//! Messages as AWS documents them, cut and damaged in every place.

use super::*;

fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":message-type", "event"), (":event-type", name), (":content-type", "application/json")];
    message(&headers, payload.as_bytes())
}

fn cut(pieces: &[&[u8]]) -> (Vec<Bytes>, Result<(), FrameTooLong>) {
    let (mut messages, mut out) = (Messages::new(1000), Vec::new());
    let mut outcome = Ok(());
    for piece in pieces {
        outcome = outcome.and_then(|()| messages.push(Bytes::copy_from_slice(piece), &mut out));
    }
    (out, outcome)
}

#[test]
fn the_smallest_message_has_the_checksums_that_aws_publishes() {
    // From the test vectors of AWS's own libraries: no headers, no payload.
    let empty = [0, 0, 0, 16, 0, 0, 0, 0, 5, 194, 72, 235, 125, 152, 200, 255];
    assert_eq!(sealed(&[], &[]), empty);
    let (messages, outcome) = cut(&[&empty]);
    assert_eq!((messages.len(), outcome), (1, Ok(())));
    assert_eq!(frame(&messages[0]), Some(Frame { name: None, data: None }));
}

#[test]
fn every_cut_gives_the_same_messages() {
    let stream = [event("a", "{\"é\":1}"), event("b", ""), event("c", "{}")].concat();
    let (whole, outcome) = cut(&[&stream]);
    assert_eq!((whole.len(), outcome), (3, Ok(())));
    for at in 0..=stream.len() {
        assert_eq!(cut(&[&stream[..at], &stream[at..]]), (whole.clone(), Ok(())), "cut at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(cut(&bytes).0, whole);
}

#[test]
fn one_wrong_bit_anywhere_loses_the_stream_and_what_came_before_is_kept() {
    let (first, second) = (event("a", "{}"), event("b", "{\"x\":1}"));
    for at in 0..second.len() {
        let mut damaged = second.clone();
        damaged[at] ^= 1;
        // A damaged length may also leave the message waiting for more than there is; never may it be read.
        let (messages, outcome) = cut(&[&first, &damaged, &second, &second]);
        assert_eq!(messages, [Bytes::from(first.clone())], "bit at {at}");
        assert!(outcome.is_err(), "bit at {at}");
    }
}

#[test]
fn a_message_over_the_limit_is_refused_by_its_prelude() {
    let fits = event("a", &"x".repeat(1000 - 16 - event("a", "").len() + 16));
    assert_eq!(fits.len(), 1000);
    assert_eq!(cut(&[&fits]).1, Ok(()));
    let long = event("a", &"x".repeat(1000));
    assert_eq!(cut(&[&long[..PRELUDE]]).1, Err(FrameTooLong { limit: 1000 }));
}

#[test]
fn events_and_exceptions_are_named_by_their_type() {
    let read = |raw: &[u8]| {
        let frame = frame(raw).unwrap();
        (
            frame.name.map(Cow::into_owned),
            frame.data.map(|data| String::from_utf8(data.into_owned()).unwrap()),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(read(&event("messageStop", "{\"a\":1}")), (some("messageStop"), some("{\"a\":1}")));
    let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let payload = "{\"message\":\"slow\"}";
    assert_eq!(read(&message(&exception, payload.as_bytes())), (some("throttlingException"), some(payload)));
    let error = [(":message-type", "error"), (":error-code", "InternalError"), (":error-message", "a \"b\"")];
    let told = r#"{"__type":"InternalError","message":"a \"b\""}"#;
    assert_eq!(read(&message(&error, b"")), (some("error"), some(told)));
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut head = Vec::new();
    let sizes = [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)];
    for (kind, size) in sizes {
        head.extend_from_slice(&[1, b'x', kind]);
        head.extend(std::iter::repeat_n(0xff, size));
    }
    head.extend_from_slice(&[1, b'x', 6, 0, 2, 0xff, 0xff]);
    head.extend_from_slice(b"\x0b:event-type\x07\x00\x01e");
    assert_eq!(frame(&sealed(&head, b"p")).unwrap().name.as_deref(), Some("e"));
}

#[test]
fn headers_that_end_in_the_middle_make_no_frame_and_no_panic() {
    let whole = event("a", "{}");
    let head = &whole[PRELUDE..whole.len() - 4 - 2];
    for at in 0..head.len() {
        let _ = frame(&sealed(&head[..at], b""));
    }
    assert_eq!(frame(&sealed(&head[..head.len() - 1], b"")), None);
    assert_eq!(frame(&sealed(&[1, b'x', 99], b"")), None);
    (0..whole.len()).for_each(|at| drop(frame(&whole[..at])));
}
