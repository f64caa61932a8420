//! An event of a stream found in its text: one pass, and strings that borrow from it.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;
use std::borrow::Cow;

/// Every field that an event of any type may have.
#[derive(Default)]
pub(super) struct Event<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) index: Option<u64>,
    pub(super) delta: Option<Piece<'a>>,
    pub(super) content_block: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) usage: Option<&'a str>,
    pub(super) error: Option<&'a str>,
}

/// The `delta` of a block or of the message.
#[derive(Default)]
pub(super) struct Piece<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) partial_json: Option<Cow<'a, str>>,
    pub(super) thinking: Option<Cow<'a, str>>,
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) citation: Option<&'a str>,
    pub(super) stop_reason: Option<Cow<'a, str>>,
    pub(super) stop_sequence: Option<Cow<'a, str>>,
    pub(super) stop_details: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// `None` where it is none.
    pub(super) fn read(data: &'a [u8]) -> Option<Event<'a>> {
        let mut json = Reader::new(std::str::from_utf8(data).ok()?);
        let mut event = None;
        json.fill_object(&mut event, Event::member).ok()?;
        json.end().ok()?;
        event
    }

    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "type" => json.fill_text(&mut self.kind),
            "index" => json.fill_plain(&mut self.index),
            "delta" => json.fill_object(&mut self.delta, Piece::member),
            "content_block" => json.fill_raw(&mut self.content_block),
            "message" => json.fill_raw(&mut self.message),
            "usage" => json.fill_raw(&mut self.usage),
            "error" => json.fill_raw(&mut self.error),
            _ => json.skip(),
        }
    }
}

impl<'a> Piece<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "type" => json.fill_text(&mut self.kind),
            "text" => json.fill_text(&mut self.text),
            "partial_json" => json.fill_text(&mut self.partial_json),
            "thinking" => json.fill_text(&mut self.thinking),
            "signature" => json.fill_text(&mut self.signature),
            "citation" => json.fill_raw(&mut self.citation),
            "stop_reason" => json.fill_text(&mut self.stop_reason),
            "stop_sequence" => json.fill_text(&mut self.stop_sequence),
            "stop_details" => json.fill_raw(&mut self.stop_details),
            _ => json.skip(),
        }
    }
}
