//! Server-sent events: bytes, cut anywhere, become whole events without being copied where that can be helped.
//!
//! Source: WHATWG HTML §9.2.6. Lines end in LF, CRLF or CR; an empty line ends an event.

use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use memchr::memchr2;
use std::borrow::Cow;

/// One event as it came, with its terminator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub raw: Bytes,
}

/// An event grew past [`Splitter`]'s bound before it ended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {limit} bytes")]
pub struct EventTooLong {
    pub limit: usize,
}

/// Cuts a stream of bytes into events. What is not yet a whole event waits inside.
pub struct Splitter {
    limit: usize,
    carry: BytesMut,
    line: Line,
    /// No event has been handed out yet: a mark of byte order may stand in front of the first.
    first: bool,
}

/// The first line that has not been seen to end: it is looked at once, however many pieces it comes in.
#[derive(Clone, Copy, Default)]
struct Line {
    /// Where it begins.
    start: usize,
    /// Up to where it has been looked at.
    seen: usize,
}

/// U+FEFF in UTF-8; one at the start of a stream means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Splitter {
    /// `limit` bounds one event, in bytes.
    pub fn new(limit: usize) -> Splitter {
        Splitter { limit, carry: BytesMut::new(), line: Line::default(), first: true }
    }

    /// Takes the next bytes and hands out every event they complete, in order.
    ///
    /// # Errors
    /// [`EventTooLong`] when an unfinished event grows past the bound; the stream is lost then.
    pub fn push(&mut self, mut chunk: Bytes, events: &mut Vec<Event>) -> Result<(), EventTooLong> {
        if self.carry.is_empty() {
            while let Some(end) = event_end(&chunk, &mut self.line) {
                events.push(self.event(chunk.split_to(end)));
            }
            self.carry.extend_from_slice(&chunk);
        } else {
            self.carry.extend_from_slice(&chunk);
            while let Some(end) = event_end(&self.carry, &mut self.line) {
                let raw = self.carry.split_to(end).freeze();
                events.push(self.event(raw));
            }
        }
        match self.carry.len() > self.limit {
            true => Err(EventTooLong { limit: self.limit }),
            false => Ok(()),
        }
    }

    /// What is left when the stream has ended: an event whose last empty line is missing.
    pub fn finish(&mut self) -> Option<Event> {
        self.line = Line::default();
        let raw = self.carry.split().freeze();
        (!raw.is_empty()).then(|| self.event(raw))
    }

    fn event(&mut self, mut raw: Bytes) -> Event {
        if std::mem::take(&mut self.first) && raw.starts_with(BYTE_ORDER_MARK) {
            raw.advance(BYTE_ORDER_MARK.len());
        }
        Event { raw }
    }
}

/// Where the first event of `bytes` ends, terminator included. `line` remembers how far they have been read.
fn event_end(bytes: &[u8], line: &mut Line) -> Option<usize> {
    loop {
        let rest = bytes.get(line.seen..)?;
        let Some(length) = memchr2(b'\n', b'\r', rest) else {
            line.seen = bytes.len();
            return None;
        };
        let end = line.seen + length;
        let after = match bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            // The LF that belongs to this CR may be in the next piece.
            [b'\r'] => {
                line.seen = end;
                return None;
            }
            _ => end + 1,
        };
        let is_empty = end == line.start;
        *line = Line { start: after, seen: after };
        if is_empty {
            *line = Line::default();
            return Some(after);
        }
    }
}

impl Event {
    /// Whether it opens by calling itself `error`.
    pub fn is_error(&self) -> bool {
        self.raw.starts_with(b"event:") && lines(&self.raw).find_map(name_of) == Some(b"error")
    }

    /// With the empty line that a stream broken off has left out.
    pub fn ended(&self) -> Event {
        Event { raw: [&self.raw[..], b"\n\n"].concat().into() }
    }

    /// The `data` of the event, its lines joined by LF; `None` for comments and other fields alone.
    pub fn data(&self) -> Option<Cow<'_, [u8]>> {
        fields(&self.raw).1
    }
}

/// The type that an event gives itself, and its `data`, lines joined by LF; `None` for comments and other fields alone.
pub fn fields(raw: &[u8]) -> (Option<&[u8]>, Option<Cow<'_, [u8]>>) {
    let (mut name, mut data) = (None, None);
    for line in lines(raw) {
        if let Some(value) = data_of(line) {
            join(&mut data, value);
        } else if name.is_none() {
            name = name_of(line);
        }
    }
    (name, data)
}

fn join<'a>(data: &mut Option<Cow<'a, [u8]>>, line: &'a [u8]) {
    match data {
        None => *data = Some(Cow::Borrowed(line)),
        Some(before) => {
            let joined = before.to_mut();
            joined.push(b'\n');
            joined.extend_from_slice(line);
        }
    }
}

fn name_of(line: &[u8]) -> Option<&[u8]> {
    Some(line.strip_prefix(b"event:")?.trim_ascii())
}

fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, behind) = match memchr2(b'\n', b'\r', text) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        rest = behind;
        Some(line)
    })
}

fn data_of(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data")?;
    match value {
        [] => Some(value),
        [b':', b' ', rest @ ..] | [b':', rest @ ..] => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(pieces: &[&[u8]]) -> Vec<Bytes> {
        let mut splitter = Splitter::new(1 << 20);
        let mut events = Vec::new();
        for piece in pieces {
            splitter.push(Bytes::copy_from_slice(piece), &mut events).unwrap();
        }
        events.extend(splitter.finish());
        events.into_iter().map(|e| e.raw).collect()
    }

    #[test]
    fn a_mark_of_byte_order_at_the_start_means_nothing() {
        let stream = "\u{feff}data: a\n\ndata: \u{feff}b\n\n".as_bytes();
        for at in 0..stream.len() {
            let (mut splitter, mut events) = (Splitter::new(100), Vec::new());
            for piece in [&stream[..at], &stream[at..]] {
                splitter.push(Bytes::copy_from_slice(piece), &mut events).unwrap();
            }
            let data: Vec<_> = events.iter().filter_map(|e| e.data()).collect();
            assert_eq!(data, [&b"a"[..], "\u{feff}b".as_bytes()], "cut at {at}");
        }
    }

    #[test]
    fn every_cut_gives_the_same_events() {
        for stream in [
            "data: {\"a\":\"é\"}\n\n: ping\n\ndata: [DONE]\n\n",
            "data: 1\r\n\r\nevent: x\r\ndata: 2\r\n\r\n",
            "data: 1\n\ndata: 2\r\n\r\ndata: 3\n\ntail",
        ] {
            let whole = split(&[stream.as_bytes()]);
            for at in 0..=stream.len() {
                let (left, right) = stream.as_bytes().split_at(at);
                assert_eq!(split(&[left, right]), whole, "cut at {at}");
            }
            let single: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
            assert_eq!(split(&single), whole);
        }
    }

    #[test]
    fn data_is_read_with_and_without_a_space_and_over_several_lines() {
        let data = |raw: &'static str| {
            Event { raw: Bytes::from_static(raw.as_bytes()) }.data().map(|d| d.into_owned())
        };
        assert_eq!(data("data:{}\n\n"), Some(b"{}".to_vec()));
        assert_eq!(data("data: {}\r\n\r\n"), Some(b"{}".to_vec()));
        assert_eq!(data("event: e\ndata: a\ndata: b\n\n"), Some(b"a\nb".to_vec()));
        assert_eq!(data(": data: no\n\n"), None);
        assert_eq!(data("database: no\n\n"), None);
    }

    #[test]
    fn an_endless_line_is_refused_not_stored() {
        let mut splitter = Splitter::new(1000);
        let mut events = Vec::new();
        assert_eq!(splitter.push(Bytes::from(vec![b'x'; 1000]), &mut events), Ok(()));
        assert_eq!(splitter.push(Bytes::from_static(b"x"), &mut events), Err(EventTooLong { limit: 1000 }));
    }

    #[test]
    fn a_long_line_in_pieces_is_looked_at_once() {
        let (mut splitter, mut events) = (Splitter::new(1000), Vec::new());
        for piece in ["data: 1\ndata: ", "xxx", "xxx"] {
            splitter.push(Bytes::from_static(piece.as_bytes()), &mut events).unwrap();
            assert_eq!(splitter.line.seen, splitter.carry.len(), "after {piece:?}");
        }
        splitter.push(Bytes::from_static(b"\n\n"), &mut events).unwrap();
        assert_eq!(events[0].data().as_deref(), Some(&b"1\nxxxxxx"[..]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_invented(
            stream in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd')], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let mut at: Vec<usize> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
            at.sort_unstable();
            at.insert(0, 0);
            at.push(stream.len());
            let pieces: Vec<&[u8]> = at.windows(2).map(|w| &stream[w[0]..w[1]]).collect();
            let cut = split(&pieces);
            prop_assert_eq!(cut.concat(), stream.clone());
            prop_assert_eq!(cut, split(&[&stream]));
        }
    }
}
