//! Numbers, words and strings: where they end, and whether they are written as they must be.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::plain::plain;

/// The byte at a place; behind the end it is 0, with which nothing in JSON begins.
#[inline]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The next place, from `at` on, where no space is.
// Most often there is none to pass, and a call would cost more than the look.
#[inline(always)]
pub(super) fn past_space(bytes: &[u8], mut at: usize) -> usize {
    if byte(bytes, at) > b' ' {
        return at;
    }
    // Most writers put no more than one there.
    at += usize::from(byte(bytes, at) == b' ');
    if byte(bytes, at) > b' ' { at } else { past_much_space(bytes, at) }
}

#[inline(never)]
fn past_much_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match byte(bytes, at) {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\n' => {
                at += 1;
                while bytes.get(at..).is_some_and(|rest| rest.starts_with(b"    ")) {
                    at += 4;
                }
            }
            _ => return at,
        }
    }
}

/// Where the value begins whose name ends at `at`.
#[inline]
pub(super) fn past_colon(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    let at = past_space(bytes, at);
    match byte(bytes, at) {
        b':' => Ok(past_space(bytes, at + 1)),
        _ => Err(BadJson { at }),
    }
}

/// Behind any value but a list or an object, which begins at `at`.
// As in `past_space`: most of them are short.
#[inline(always)]
pub(super) fn simple(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    match byte(bytes, at) {
        b'"' => string(bytes, at + 1),
        b'-' | b'0'..=b'9' => number(bytes, at),
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        _ => Err(BadJson { at }),
    }
}

#[inline]
fn word<const N: usize>(bytes: &[u8], at: usize, word: &[u8; N]) -> Result<usize, BadJson> {
    match bytes.get(at..).is_some_and(|rest| rest.starts_with(word)) {
        true => Ok(at + N),
        false => Err(BadJson { at }),
    }
}

#[inline]
fn number(bytes: &[u8], mut at: usize) -> Result<usize, BadJson> {
    at += usize::from(byte(bytes, at) == b'-');
    at = match byte(bytes, at) {
        b'0' => at + 1,
        _ => digits(bytes, at)?,
    };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if let b'e' | b'E' = byte(bytes, at) {
        at += 1;
        at += usize::from(matches!(byte(bytes, at), b'+' | b'-'));
        at = digits(bytes, at)?;
    }
    Ok(at)
}

#[inline]
fn digits(bytes: &[u8], start: usize) -> Result<usize, BadJson> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at > start { Ok(at) } else { Err(BadJson { at }) }
}

/// Behind the quote that ends a string, of which `at` is the first place within.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    let at = plain(bytes, at);
    match byte(bytes, at) {
        b'"' => Ok(at + 1),
        _ => string_with_escapes(bytes, at),
    }
}

/// The same where a string stops being plain.
#[inline(never)]
pub(super) fn string_with_escapes(bytes: &[u8], mut at: usize) -> Result<usize, BadJson> {
    loop {
        match byte(bytes, at) {
            b'"' => return Ok(at + 1),
            b'\\' => at = plain(bytes, escape(bytes, at + 1)?),
            _ => return Err(BadJson { at }),
        }
    }
}

/// Behind what follows a backslash. Half a surrogate pair passes: it is no matter of form (RFC 8259 §8.2).
fn escape(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    match byte(bytes, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' if is_hex(bytes.get(at + 1..at + 5)) => Ok(at + 5),
        _ => Err(BadJson { at }),
    }
}

fn is_hex(digits: Option<&[u8]>) -> bool {
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
