//! Objects, lists and values, one step after the other.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::plain::plain;
use crate::dialect::scan::scalar::byte;
use crate::dialect::scan::scalar::past_colon;
use crate::dialect::scan::scalar::past_space;
use crate::dialect::scan::scalar::string_with_escapes;
use crate::dialect::scan::skip;
use std::borrow::Cow;

/// A text that is read from its start to its end. The caller says what it expects next; every step checks that it is
/// there. After an error the reader is of no more use.
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// A list or an object has just been opened.
    opened: bool,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0, opened: false }
    }

    /// Enters an object.
    ///
    /// # Errors
    /// Something else is next.
    pub fn object(&mut self) -> Result<(), BadJson> {
        self.opened = true;
        self.sign(b'{')
    }

    /// The name of the next member of the object that was entered last; its value must be read next.
    /// `None` leaves the object.
    ///
    /// # Errors
    /// What is next is no member, or a comma or a colon is missing.
    // A name is nearly always compared at once; only a copy in place spares building what it is compared with.
    #[inline(always)]
    pub fn member(&mut self) -> Result<Option<Cow<'a, str>>, BadJson> {
        let bytes = self.text.as_bytes();
        let Some(quote) = self.next_item(b'}')? else {
            return Ok(None);
        };
        if byte(bytes, quote) != b'"' {
            return Err(BadJson { at: quote });
        }
        let end = plain(bytes, quote + 1);
        if byte(bytes, end) != b'"' {
            return self.escaped_name(quote, end).map(Some);
        }
        self.at = past_colon(bytes, end + 1)?;
        Ok(Some(Cow::Borrowed(&self.text[quote + 1..end])))
    }

    /// The name that opens at `quote` and is plain up to `at`.
    #[cold]
    fn escaped_name(&mut self, quote: usize, at: usize) -> Result<Cow<'a, str>, BadJson> {
        let bytes = self.text.as_bytes();
        let end = string_with_escapes(bytes, at)?;
        self.at = past_colon(bytes, end)?;
        Ok(unescaped(&self.text[quote..end]))
    }

    /// Enters a list.
    ///
    /// # Errors
    /// Something else is next.
    pub fn list(&mut self) -> Result<(), BadJson> {
        self.opened = true;
        self.sign(b'[')
    }

    /// Whether the list that was entered last has another element, which must be read next. `false` leaves the list.
    ///
    /// # Errors
    /// A comma is missing. An element that is missing behind a comma is noticed when it is read.
    pub fn element(&mut self) -> Result<bool, BadJson> {
        let next = self.next_item(b']')?;
        self.at = next.unwrap_or(self.at);
        Ok(next.is_some())
    }

    /// One value of whatever kind: the text it is written in.
    ///
    /// # Errors
    /// There is none, or it stops being one.
    pub fn value(&mut self) -> Result<&'a str, BadJson> {
        let start = past_space(self.text.as_bytes(), self.at);
        self.opened = false;
        self.at = skip::value(self.text.as_bytes(), start)?;
        Ok(&self.text[start..self.at])
    }

    /// A value that nobody looks for.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn skip(&mut self) -> Result<(), BadJson> {
        self.opened = false;
        let bytes = self.text.as_bytes();
        self.at = skip::value(bytes, past_space(bytes, self.at))?;
        Ok(())
    }

    /// The text ends here.
    ///
    /// # Errors
    /// It does not.
    pub fn end(&mut self) -> Result<(), BadJson> {
        if self.next_sign().is_none() { Ok(()) } else { self.bad() }
    }

    /// The next byte that is no space, which stays where it is.
    #[inline]
    pub fn next_sign(&mut self) -> Option<u8> {
        self.at = past_space(self.text.as_bytes(), self.at);
        self.text.as_bytes().get(self.at).copied()
    }

    /// Where the next member or element of what was entered last begins. `None` leaves it.
    #[inline]
    fn next_item(&mut self, close: u8) -> Result<Option<usize>, BadJson> {
        let bytes = self.text.as_bytes();
        let at = past_space(bytes, self.at);
        let first = std::mem::replace(&mut self.opened, false);
        match byte(bytes, at) {
            sign if sign == close => {
                self.at = at + 1;
                Ok(None)
            }
            b',' if !first => Ok(Some(past_space(bytes, at + 1))),
            0 => Err(BadJson { at }),
            _ if first => Ok(Some(at)),
            _ => Err(BadJson { at }),
        }
    }

    pub(super) fn bad<T>(&self) -> Result<T, BadJson> {
        Err(BadJson { at: self.at })
    }

    /// Takes `sign` if it is next.
    #[inline]
    fn is_next(&mut self, sign: u8) -> bool {
        let is_next = self.next_sign() == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline]
    fn sign(&mut self, sign: u8) -> Result<(), BadJson> {
        if self.is_next(sign) { Ok(()) } else { self.bad() }
    }
}

/// What a name with escapes says. One that says nothing (half a surrogate pair) is no name anybody looks for.
fn unescaped(quoted: &str) -> Cow<'_, str> {
    Cow::Owned(serde_json::from_str(quoted).unwrap_or_default())
}
