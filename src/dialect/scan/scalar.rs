//! Numbers, words and strings: where they end, and whether they are written as they must be.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::reader::Reader;

impl<'a> Reader<'a> {
    /// Any value but a list or an object; `first` is its first sign, if there is one.
    #[inline]
    pub(super) fn simple(&mut self, first: Option<u8>) -> Result<(), BadJson> {
        match first {
            Some(b'"') => {
                self.at += 1;
                self.string().map(|_| ())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.bad(),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), BadJson> {
        if !self.rest().starts_with(word.as_bytes()) {
            return self.bad();
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), BadJson> {
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { self.bad() }
    }

    /// The rest of a string and the quote at its end; whether it holds escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<bool, BadJson> {
        self.at = plain(self.text.as_bytes(), self.at);
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(false)
            }
            _ => self.string_with_escapes(),
        }
    }

    #[inline(never)]
    fn string_with_escapes(&mut self) -> Result<bool, BadJson> {
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                _ => return self.bad(),
            }
            self.at = plain(self.text.as_bytes(), self.at);
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// What follows a backslash. Half a surrogate pair passes: it is no matter of form (RFC 8259 §8.2).
    fn escape(&mut self) -> Result<(), BadJson> {
        let length = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.bad();
                }
                5
            }
            _ => return self.bad(),
        };
        self.at += length;
        Ok(())
    }
}

/// Where the next quote, backslash or control sign stands, from `at` on.
#[inline]
pub(super) fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at + WORD).and_then(<[u8]>::first_chunk) {
        let marks = special(*word);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / WORD;
        }
        at += WORD;
    }
    while bytes.get(at).is_some_and(|byte| !is_special(*byte)) {
        at += 1;
    }
    at
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

const WORD: usize = 8;

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
