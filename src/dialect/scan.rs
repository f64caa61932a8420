//! JSON read where it lies: the members of an object and the elements of a list as the text they are written in.
//!
//! One pass finds where each value ends and checks on the way that it is JSON (RFC 8259); nothing is built, and the
//! depth of nesting costs a bit a level. What a value says is for the reader to find out, from its text.

mod fill;
mod nesting;
mod plain;
mod reader;
mod scalar;
mod skip;
#[cfg(test)]
mod tests;

pub use crate::dialect::scan::reader::Reader;

use memchr::memchr;
use std::borrow::Cow;

/// The text is not JSON, or not the kind of value that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at byte {at}")]
pub struct BadJson {
    /// Where it was noticed, from the start of the text.
    pub at: usize,
}

/// The members of one object, in the order they are written: name and value. The name is what it says, the value
/// the text it is written in, without space around it. Nothing comes behind the first error.
pub struct Members<'a>(Items<'a>);

/// The elements of one list, each as the text it is written in. Nothing comes behind the first error.
pub struct Elements<'a>(Items<'a>);

struct Items<'a> {
    reader: Reader<'a>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Within,
    Over,
}

/// `text` as an object; nothing but space may stand around it. A name may come twice.
pub fn members(text: &str) -> Members<'_> {
    Members(Items { reader: Reader::new(text), stage: Stage::Before })
}

/// `text` as a list; nothing but space may stand around it.
pub fn elements(text: &str) -> Elements<'_> {
    Elements(Items { reader: Reader::new(text), stage: Stage::Before })
}

/// What a string says, of which `written` is the JSON; borrowed where it holds no escapes. `None` is another value,
/// or holds half a surrogate pair.
pub fn said_in(written: &str) -> Option<Cow<'_, str>> {
    let within = written.strip_prefix('"')?.strip_suffix('"')?;
    match memchr(b'\\', within.as_bytes()) {
        None => Some(Cow::Borrowed(within)),
        Some(_) => serde_json::from_str(written).ok(),
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Cow<'a, str>, &'a str), BadJson>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(Reader::object, |reader| match reader.member()? {
            Some(name) => Ok(Some((name, reader.value()?))),
            None => Ok(None),
        })
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<&'a str, BadJson>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(Reader::list, |reader| match reader.element()? {
            true => reader.value().map(Some),
            false => Ok(None),
        })
    }
}

impl<'a> Items<'a> {
    fn next<T>(
        &mut self,
        open: impl FnOnce(&mut Reader<'a>) -> Result<(), BadJson>,
        read: impl FnOnce(&mut Reader<'a>) -> Result<Option<T>, BadJson>,
    ) -> Option<Result<T, BadJson>> {
        let opened = match self.stage {
            Stage::Before => open(&mut self.reader),
            Stage::Within => Ok(()),
            Stage::Over => return None,
        };
        let item = opened.and_then(|()| read(&mut self.reader));
        let item = item.and_then(|item| match item {
            Some(item) => Ok(Some(item)),
            None => self.reader.end().map(|()| None),
        });
        self.stage = if matches!(item, Ok(Some(_))) { Stage::Within } else { Stage::Over };
        item.transpose()
    }
}
