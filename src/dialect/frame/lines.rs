//! Lines of JSON: each ends in LF, and the last may do without.

use crate::dialect::frame::FrameTooLong;
use bytes::Bytes;
use bytes::BytesMut;
use memchr::memchr;

/// Cuts a stream into lines.
pub struct Lines {
    limit: usize,
    carry: BytesMut,
}

impl Lines {
    pub fn new(limit: usize) -> Lines {
        Lines { limit, carry: BytesMut::new() }
    }

    pub fn push(&mut self, mut chunk: Bytes, lines: &mut Vec<Bytes>) -> Result<(), FrameTooLong> {
        while let Some(end) = memchr(b'\n', &chunk) {
            let line = chunk.split_to(end + 1);
            match self.carry.is_empty() {
                true => lines.push(line),
                false => {
                    self.carry.extend_from_slice(&line);
                    lines.push(self.carry.split().freeze());
                }
            }
        }
        self.carry.extend_from_slice(&chunk);
        match self.carry.len() > self.limit {
            true => Err(FrameTooLong { limit: self.limit }),
            false => Ok(()),
        }
    }

    /// The last line, where its end is missing.
    pub fn finish(&mut self) -> Option<Bytes> {
        let last = self.carry.split().freeze();
        (!last.is_empty()).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Bytes> {
        let (mut lines, mut out) = (Lines::new(100), Vec::new());
        for piece in pieces {
            lines.push(Bytes::copy_from_slice(piece), &mut out).unwrap();
        }
        out.extend(lines.finish());
        out
    }

    #[test]
    fn every_cut_gives_the_same_lines() {
        let stream = "{\"a\":\"é\"}\r\n\n{\"b\":2}\n{\"c\":3}".as_bytes();
        let whole = cut(&[stream]);
        assert_eq!(whole.len(), 4);
        for at in 0..=stream.len() {
            assert_eq!(cut(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_not_stored() {
        let (mut lines, mut out) = (Lines::new(100), Vec::new());
        assert_eq!(lines.push(Bytes::from(vec![b'x'; 100]), &mut out), Ok(()));
        assert_eq!(lines.push(Bytes::from_static(b"x"), &mut out), Err(FrameTooLong { limit: 100 }));
    }
}
