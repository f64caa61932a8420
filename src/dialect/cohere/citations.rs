//! Where the words of an answer come from (vendors.md §8.1).

use crate::dialect::cohere::loose::Loose;
use crate::dialect::hub::Citation;
use crate::dialect::text::Str;
use crate::dialect::text::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One passage of an answer and its sources.
#[derive(Deserialize)]
pub struct Cited<'a> {
    start: Option<f64>,
    end: Option<f64>,
    #[serde(borrow)]
    sources: Option<Vec<Source<'a>>>,
    /// Of the block that it stands in.
    pub content_index: Option<usize>,
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
}

/// What a passage is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Content,
    Plan,
    Thinking,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow, default)]
    document: Loose<Origin<'a>>,
    #[serde(borrow, default)]
    tool_output: Loose<Origin<'a>>,
}

/// What a document or a tool tells of itself. Its fields are the caller's own and may be anything.
#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow)]
    url: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
}

impl<'a> Cited<'a> {
    pub fn place(&self) -> Place {
        match self.kind.as_ref().map(|kind| &*kind.0) {
            Some("PLAN") => Place::Plan,
            Some("THINKING_CONTENT") => Place::Thinking,
            _ => Place::Content,
        }
    }

    /// One citation for each source. What Cohere quotes is the answer, not the source.
    pub fn citations(self) -> impl Iterator<Item = Citation<'a>> {
        // A cast ends at the bounds of the type.
        let place = |told: Option<f64>| told.unwrap_or(0.0) as u64;
        let (start, end) = (place(self.start), place(self.end));
        self.sources.into_iter().flatten().map(move |source| {
            let (url, title) = source.names();
            Citation { url, title, cited: None, start, end }
        })
    }
}

impl<'a> Source<'a> {
    /// Its URL, which most have none of, and its title, for which its id stands in.
    fn names(self) -> (Cow<'a, str>, Cow<'a, str>) {
        let id = self.id.unwrap_or_default().0;
        match self.document.this().or(self.tool_output.this()) {
            Some(origin) => {
                (origin.url.and_then(text).unwrap_or_default(), origin.title.and_then(text).unwrap_or(id))
            }
            None => (Cow::Borrowed(""), id),
        }
    }
}
