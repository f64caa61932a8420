//! Numbers, words and strings: where they end, and whether they are written as they must be.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::reader::Reader;

impl<'a> Reader<'a> {
    /// Any value but a string, a list or an object; `sign` is its first.
    pub(super) fn scalar(&mut self, sign: u8) -> Result<(), BadJson> {
        match sign {
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
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
        // Most are names and short words, which end within eight bytes.
        if let Some(word) = self.rest().first_chunk() {
            let length = first_special(*word);
            if word.get(length) == Some(&b'"') {
                self.at += length + 1;
                return Ok(false);
            }
        }
        self.long_string()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(never)]
    fn long_string(&mut self) -> Result<bool, BadJson> {
        let mut escaped = false;
        loop {
            self.at += plain(self.rest());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                _ => return self.bad(),
            }
        }
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

/// How many bytes stand before the next quote, backslash or control sign.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk() {
        let length = first_special(*word);
        at += length;
        if length < WORD {
            return at;
        }
        if at >= SHORT {
            break;
        }
    }
    at + plain_of_long(&bytes[at..])
}

const WORD: usize = 8;

/// From here on the widest registers are quicker.
const SHORT: usize = 3 * WORD;

fn plain_of_long(bytes: &[u8]) -> usize {
    let run = &bytes[..memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len())];
    // The least of all bytes is found without a branch for each.
    match run.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < b' ' {
        true => run.iter().take_while(|byte| **byte >= b' ').count(),
        false => run.len(),
    }
}

/// Where the first quote, backslash or control sign stands; 8 if nowhere. All bytes are looked at in one number.
#[inline]
pub(super) fn first_special(word: [u8; WORD]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    // Bytes behind the first may be marked in vain: the subtraction borrows from them.
    let marks = (control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c))) & (ONES << 7);
    marks.trailing_zeros() as usize / WORD
}
