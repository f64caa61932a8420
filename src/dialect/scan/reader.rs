//! Objects, lists and values, one step after the other.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::nesting::Nesting;
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
    pub fn member(&mut self) -> Result<Option<Cow<'a, str>>, BadJson> {
        if !self.is_more(b'}')? {
            return Ok(None);
        }
        self.sign(b'"')?;
        let start = self.at;
        let escaped = self.string()?;
        let end = self.at;
        self.sign(b':')?;
        Ok(Some(match escaped {
            true => unescaped(&self.text[start - 1..end]),
            false => Cow::Borrowed(&self.text[start..end - 1]),
        }))
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
        self.is_more(b']')
    }

    /// One value of whatever kind: the text it is written in.
    ///
    /// # Errors
    /// There is none, or it stops being one.
    pub fn value(&mut self) -> Result<&'a str, BadJson> {
        self.opened = false;
        let first = self.next_sign();
        let start = self.at;
        match first {
            Some(b'{' | b'[') => self.nested()?,
            first => self.simple(first)?,
        }
        Ok(&self.text[start..self.at])
    }

    /// A list or an object, with all it holds.
    fn nested(&mut self) -> Result<(), BadJson> {
        let mut open = Nesting::default();
        loop {
            match self.next_sign() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.is_next(b'}') {
                        open.enter(true);
                        self.skip_name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.is_next(b']') {
                        open.enter(false);
                        continue;
                    }
                }
                first => self.simple(first)?,
            }
            if self.leave(&mut open)? {
                return Ok(());
            }
        }
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
        loop {
            match self.peek() {
                Some(sign) if sign > b' ' => return Some(sign),
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    fn is_more(&mut self, close: u8) -> Result<bool, BadJson> {
        let first = std::mem::replace(&mut self.opened, false);
        match self.next_sign() {
            Some(sign) if sign == close => self.at += 1,
            Some(_) if first => return Ok(true),
            Some(b',') => {
                self.at += 1;
                return Ok(true);
            }
            _ => return self.bad(),
        }
        Ok(false)
    }

    pub(super) fn bad<T>(&self) -> Result<T, BadJson> {
        Err(BadJson { at: self.at })
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
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

    /// Behind a value: closes what ends there, up to the next value. `true`: there is none.
    fn leave(&mut self, open: &mut Nesting) -> Result<bool, BadJson> {
        while let Some(in_object) = open.innermost() {
            match (self.next_sign(), in_object) {
                (Some(b','), _) => {
                    self.at += 1;
                    if in_object {
                        self.skip_name()?;
                    }
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.at += 1,
                _ => return self.bad(),
            }
            open.leave();
        }
        Ok(true)
    }

    fn skip_name(&mut self) -> Result<(), BadJson> {
        self.sign(b'"')?;
        self.string()?;
        self.sign(b':')
    }
}

/// What a name with escapes says. One that says nothing (half a surrogate pair) is no name anybody looks for.
fn unescaped(quoted: &str) -> Cow<'_, str> {
    Cow::Owned(serde_json::from_str(quoted).unwrap_or_default())
}
