//! How far a string is plain: up to a quote, a backslash or a control sign.

use memchr::memchr2;

/// Where the next quote, backslash or control sign stands, from `at` on.
#[inline]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    // Names and most values end here; a search takes time to begin.
    for _ in 0..2 {
        match word(bytes, at).map(special) {
            Some(0) => at += WORD,
            Some(marks) => return at + first(marks),
            None => break,
        }
    }
    further(bytes, at)
}

#[inline(never)]
fn further(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..2 {
        match word(bytes, at).map(special) {
            Some(0) => at += WORD,
            Some(marks) => return at + first(marks),
            None => return at + bytes.iter().skip(at).take_while(|byte| !is_special(**byte)).count(),
        }
    }
    at + bytes.get(at..).map_or(0, long)
}

fn long(rest: &[u8]) -> usize {
    let end = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    let within = &rest[..end];
    // Without a way out, so that many bytes are looked at in a step.
    let holds_control = within.iter().fold(false, |found, byte| found | (*byte < b' '));
    match holds_control {
        true => within.iter().position(|byte| *byte < b' ').unwrap_or(end),
        false => end,
    }
}

#[inline]
fn word(bytes: &[u8], at: usize) -> Option<[u8; WORD]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[inline]
fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

const WORD: usize = 8;

fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// The highest bit of each quote, backslash and control sign; bytes behind the first may be marked in vain, as the
/// subtraction borrows from them.
#[inline]
fn special(word: [u8; WORD]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (control | quote | backslash) & !word & (ONES << 7)
}
