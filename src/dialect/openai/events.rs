//! A stored stream of server-sent events, cut into its events.

use memchr::memchr2;
use std::borrow::Cow;

/// One event: the lines up to and with the empty one that ends it.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The bytes as stored.
    pub raw: &'a [u8],
    /// What follows `event:`, if anything.
    pub name: &'a [u8],
    /// The `data:` lines, joined by line feeds; `None` if there are none, as in a comment.
    pub data: Option<Cow<'a, [u8]>>,
}

/// What closes every stream of this dialect.
pub const DONE: &[u8] = b"[DONE]";

/// The events in order. Lines may end in any way SSE allows; the last event may lack its empty line.
pub fn events(stored: &[u8]) -> impl Iterator<Item = Event<'_>> {
    let mut rest = stored.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stored);
    std::iter::from_fn(move || (!rest.is_empty()).then(|| next_event(&mut rest)))
}

impl Event<'_> {
    pub fn is_done(&self) -> bool {
        self.data.as_ref().is_some_and(|data| data.starts_with(DONE))
    }
}

fn next_event<'a>(rest: &mut &'a [u8]) -> Event<'a> {
    let start = *rest;
    let mut event = Event { raw: start, name: b"", data: None };
    while !rest.is_empty() {
        let line = next_line(rest);
        if line.is_empty() {
            break;
        }
        if let Some(value) = field(line, b"data") {
            event.data = Some(joined(event.data.take(), value));
        } else if let Some(value) = field(line, b"event") {
            event.name = value;
        }
    }
    event.raw = &start[..start.len() - rest.len()];
    event
}

fn next_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let (line, after) = rest.split_at(end);
    *rest = after.strip_prefix(b"\r\n").unwrap_or(after.get(1..).unwrap_or_default());
    line
}

/// The value of a `name: value` line; one space after the colon belongs to neither.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

fn joined<'a>(before: Option<Cow<'a, [u8]>>, line: &'a [u8]) -> Cow<'a, [u8]> {
    match before {
        None => Cow::Borrowed(line),
        Some(data) => {
            let mut data = data.into_owned();
            data.push(b'\n');
            data.extend_from_slice(line);
            Cow::Owned(data)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(stored: &str) -> Vec<Option<String>> {
        let text = |data: Cow<'_, [u8]>| String::from_utf8(data.into_owned()).expect("text");
        events(stored.as_bytes()).map(|event| event.data.map(text)).collect()
    }

    #[test]
    fn every_way_to_end_a_line_is_understood() {
        let expected = vec![Some("a".to_owned()), Some("b\nc".to_owned()), Some("d".to_owned())];
        for end in ["\n", "\r\n", "\r"] {
            let stored = ["data: a", "", "data:b", ": a comment", "data: c", "", "data: d"].join(end);
            assert_eq!(data(&stored), expected, "lines end in {end:?}");
        }
    }

    #[test]
    fn a_comment_is_an_event_without_data() {
        assert_eq!(data(": wait\n\nretry: 5\n\ndata\n\n"), [None, None, None]);
        assert!(events(b"\xef\xbb\xbfdata: [DONE]").all(|event| event.is_done()));
    }

    #[test]
    fn the_raw_bytes_of_all_events_are_the_stream() {
        let stored = b"event: x\r\ndata: 1\r\n\r\n\n: c\n\ndata: 2";
        let raw: Vec<&[u8]> = events(stored).map(|event| event.raw).collect();
        assert_eq!(raw.concat(), stored);
        assert_eq!(events(stored).next().map(|event| event.name), Some(b"x".as_slice()));
    }
}
