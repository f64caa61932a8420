//! A `multipart/form-data` body (RFC 7578), cut into its parts without a copy.

use crate::dialect::bad_request::BadRequest;
use memchr::memmem;
use std::ops::Range;

/// RFC 2046 §5.1.1 allows 70; nobody needs more than this.
const MAX_BOUNDARY: usize = 200;
/// Sixteen images, their masks and every setting are far fewer.
const MAX_PARTS: usize = 256;
/// Longest head of one part, in bytes: three short lines and the name of a file.
const MAX_HEAD: usize = 8 * 1024;

/// The fields and files of one body, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub boundary: String,
    pub parts: Vec<Part>,
}

/// One field or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    /// It has a file name.
    pub is_file: bool,
    /// Where its value stands in the body.
    pub value: Range<usize>,
}

/// Whether a content type is that of a form.
pub fn is_form(content_type: &[u8]) -> bool {
    kind_of(content_type).eq_ignore_ascii_case(b"multipart/form-data")
}

/// A content type without its parameters.
pub fn kind_of(content_type: &[u8]) -> &[u8] {
    content_type.split(|b| *b == b';').next().unwrap_or_default().trim_ascii()
}

impl Form {
    /// Cuts a body at the boundary that its content type names.
    ///
    /// # Errors
    /// [`BadRequest`] says what is wrong. What two readers could take for different forms is refused too: the
    /// provider must see the model that was judged here.
    pub fn read(content_type: &[u8], body: &[u8]) -> Result<Form, BadRequest> {
        let boundary = boundary(content_type)?;
        let mut rest = Cutter { body, at: 0, delimiter: format!("\r\n--{boundary}") };
        rest.open()?;
        let mut parts = Vec::new();
        while !rest.is_closed()? {
            if parts.len() == MAX_PARTS {
                return Err(malformed(&format!("it has more than {MAX_PARTS} parts")));
            }
            parts.push(rest.part()?);
        }
        Ok(Form { boundary, parts })
    }

    /// The content type under which a provider reads it.
    pub fn content_type(boundary: &str) -> String {
        format!("multipart/form-data; boundary=\"{boundary}\"")
    }
}

struct Cutter<'a> {
    body: &'a [u8],
    /// Behind what has been read.
    at: usize,
    /// A line's end, two dashes and the boundary.
    delimiter: String,
}

impl Cutter<'_> {
    /// Passes over what may stand before the first part.
    fn open(&mut self) -> Result<(), BadRequest> {
        let first = &self.delimiter[2..];
        self.at = match self.body.starts_with(first.as_bytes()) {
            true => first.len(),
            false => self.past_delimiter().ok_or_else(|| malformed("its boundary is not in it"))?,
        };
        Ok(())
    }

    /// Whether the delimiter that was passed is the last one; else a line has to end here.
    fn is_closed(&mut self) -> Result<bool, BadRequest> {
        let rest = &self.body[self.at..];
        if rest.starts_with(b"--") {
            return Ok(true);
        }
        let padding = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        match rest[padding..].starts_with(b"\r\n") {
            true => self.at += padding,
            false => return Err(malformed("something stands behind a boundary on its line")),
        }
        Ok(false)
    }

    /// Reads a part up to and with the delimiter behind it.
    fn part(&mut self) -> Result<Part, BadRequest> {
        let start = self.at + 2;
        let rest = &self.body[start..];
        let window = &rest[..rest.len().min(MAX_HEAD)];
        let head = memmem::find(window, b"\r\n\r\n");
        let head = head.ok_or_else(|| malformed("the head of a part does not end"))?;
        let Disposition { name, is_file } = disposition(&rest[..head])?;
        self.at = start + head + 2;
        let from = start + head + 4;
        // The line's end before the delimiter may be the one that ends the head: the value is empty then.
        let behind = self.past_delimiter().ok_or_else(|| malformed("it ends before its closing boundary"))?;
        let until = (behind - self.delimiter.len()).max(from);
        self.at = behind;
        Ok(Part { name, is_file, value: from..until })
    }

    fn past_delimiter(&self) -> Option<usize> {
        let found = memmem::find(&self.body[self.at..], self.delimiter.as_bytes())?;
        Some(self.at + found + self.delimiter.len())
    }
}

struct Disposition {
    name: String,
    is_file: bool,
}

/// The name in the one `Content-Disposition` of a part's head.
fn disposition(head: &[u8]) -> Result<Disposition, BadRequest> {
    const NAMELESS: &str = "a part has no `Content-Disposition: form-data` with a `name`";
    let head = std::str::from_utf8(head).map_err(|_| malformed("the head of a part is not UTF-8"))?;
    let mut told = None;
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        let (field, value) = line.split_once(':').ok_or_else(|| malformed("a part has a broken head"))?;
        if field.eq_ignore_ascii_case("content-disposition") && told.replace(value).is_some() {
            return Err(malformed("a part has two dispositions"));
        }
    }
    let value = told.ok_or_else(|| malformed(NAMELESS))?;
    let (kind, parameters) = value.split_once(';').ok_or_else(|| malformed(NAMELESS))?;
    let mut found = Disposition { name: String::new(), is_file: false };
    let mut named = false;
    for (name, value) in parameters_of(parameters)? {
        match name.to_ascii_lowercase().as_str() {
            "name" if !std::mem::replace(&mut named, true) => found.name = value,
            "name" | "name*" => return Err(malformed("a part has more than one name")),
            "filename" | "filename*" => found.is_file = true,
            _ => {}
        }
    }
    match kind.trim().eq_ignore_ascii_case("form-data") && named {
        true => Ok(found),
        false => Err(malformed(NAMELESS)),
    }
}

/// `name=value` pairs behind semicolons; values may be quoted, with backslashes before signs that need one.
fn parameters_of(text: &str) -> Result<Vec<(&str, String)>, BadRequest> {
    let broken = || malformed("a parameter of a head is broken");
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=').ok_or_else(broken)?;
        let behind = behind.trim_start();
        let (value, after) = match behind.strip_prefix('"') {
            Some(quoted) => unquoted(quoted).ok_or_else(broken)?,
            None => {
                let (value, after) = behind.split_at(behind.find(';').unwrap_or(behind.len()));
                (value.trim_end().to_owned(), after)
            }
        };
        found.push((name.trim(), value));
        let after = after.trim_start();
        match after.strip_prefix(';') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => break,
            None => return Err(broken()),
        }
    }
    Ok(found)
}

/// A quoted value up to its closing quote, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(signs.next()?.1),
            _ => value.push(sign),
        }
    }
    None
}

fn boundary(content_type: &[u8]) -> Result<String, BadRequest> {
    let lacking = || malformed("its Content-Type names no boundary");
    let text = std::str::from_utf8(content_type).map_err(|_| lacking())?;
    let (_, parameters) = text.split_once(';').ok_or_else(lacking)?;
    let parameters = parameters_of(parameters)?;
    let mut found = parameters.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let (_, boundary) = found.next().ok_or_else(lacking)?;
    let sound = (1..=MAX_BOUNDARY).contains(&boundary.len())
        && boundary.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
        && !boundary.ends_with(' ');
    match sound && found.next().is_none() {
        true => Ok(boundary),
        false => Err(malformed("its boundary is not one (RFC 2046 §5.1.1)")),
    }
}

fn malformed(why: &str) -> BadRequest {
    BadRequest { message: format!("the request body is not a valid form: {why}"), param: None, code: None }
}

#[cfg(test)]
mod tests;
