//! How an entry stands in a file: behind a mark, its length and a checksum, so that whatever else is there is known
//! for what it is.

use crate::store::Entry;
use crate::store::written;
use crate::store::written::FORMAT;

/// What every frame begins with; no text holds the first byte.
const MARK: [u8; 2] = [0xfe, FORMAT];
/// Mark, length and checksum.
pub(super) const HEAD: usize = 8;
/// A frame is never longer: each word of an entry is cut.
pub(super) const LONGEST: usize = 4096;

/// Why no entry stands at the begin of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// It may be one when there is more.
    Begun,
    Garbage,
}

/// Appends an entry.
pub(super) fn write<T: AsRef<str>>(entry: &Entry<T>, to: &mut Vec<u8>) {
    let begin = to.len();
    to.extend_from_slice(&[0; HEAD]);
    written::write(entry, to);
    if let Some((head, payload)) = to[begin..].split_first_chunk_mut::<HEAD>() {
        let length = payload.len() as u16;
        let sum = crc32fast::hash(payload);
        head[..2].copy_from_slice(&MARK);
        head[2..4].copy_from_slice(&length.to_le_bytes());
        head[4..].copy_from_slice(&sum.to_le_bytes());
    }
}

/// The first entry, and the length of its frame.
pub(super) fn read(bytes: &[u8]) -> Result<(Entry<&str>, usize), NoEntry> {
    let seen = bytes.len().min(MARK.len());
    if bytes[..seen] != MARK[..seen] {
        return Err(NoEntry::Garbage);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return Err(NoEntry::Begun) };
    let length = length(head);
    if length > LONGEST {
        return Err(NoEntry::Garbage);
    }
    let Some(payload) = rest.get(..length - HEAD) else { return Err(NoEntry::Begun) };
    let [.., a, b, c, d] = *head;
    if crc32fast::hash(payload) != u32::from_le_bytes([a, b, c, d]) {
        return Err(NoEntry::Garbage);
    }
    match written::read(payload) {
        Some((entry, [])) => Ok((entry, length)),
        Some(_) | None => Err(NoEntry::Garbage),
    }
}

/// How many of the first `most` bytes are whole frames, where all of them are frames.
pub(super) fn whole(frames: &[u8], most: usize) -> usize {
    let mut end = 0;
    while let Some((head, _)) = frames[end..].split_first_chunk::<HEAD>() {
        let next = end + length(head);
        if next > most {
            break;
        }
        end = next;
    }
    end
}

/// Where the next frame may begin, if there is one behind the first byte.
pub(super) fn next(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(MARK[0], bytes.get(1..)?).map(|at| at + 1)
}

/// Of a whole frame.
fn length(head: &[u8; HEAD]) -> usize {
    let [_, _, low, high, ..] = *head;
    HEAD + usize::from(u16::from_le_bytes([low, high]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(request_id: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&Entry { request_id, ..Entry::default() }, &mut bytes);
        bytes
    }

    #[test]
    fn an_entry_is_read_as_soon_as_it_is_there_whole() {
        let bytes = framed("r1");
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]).unwrap_err(), NoEntry::Begun, "{end}");
        }
        let more = [bytes.clone(), vec![7]].concat();
        let (entry, length) = read(&more).unwrap();
        assert_eq!((entry.request_id, length), ("r1", bytes.len()));
    }

    #[test]
    fn no_byte_may_be_another_one() {
        let bytes = framed("r1");
        for at in 0..bytes.len() {
            let mut torn = bytes.clone();
            torn[at] ^= 1;
            assert!(read(&torn).is_err(), "{at}");
        }
    }

    #[test]
    fn whole_frames_are_told_from_a_part_of_one() {
        let (one, two) = (framed("1"), framed("22"));
        let both = [one.clone(), two.clone()].concat();
        for (most, end) in [(0, 0), (one.len() - 1, 0), (one.len(), one.len()), (both.len(), both.len())] {
            assert_eq!(whole(&both, most), end, "{most}");
        }
    }
}
