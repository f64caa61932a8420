//! A content block as it comes, from a provider or from a client (vendors.md §4.2, §4.5).

use crate::dialect::anthropic::json::said;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Citation;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Every field that a block of any kind may have.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    /// A list in a text, a setting in a document.
    #[serde(borrow)]
    pub(super) citations: Option<&'a RawValue>,
    /// A string in a search result, an object elsewhere.
    #[serde(borrow)]
    pub(super) source: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) tool_use_id: Option<Str<'a>>,
    /// A string or a list of blocks, but other things in the results of the vendor's own tools.
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    pub(super) is_error: Option<bool>,
    #[serde(borrow)]
    cache_control: Option<CacheControl<'a>>,
}

#[derive(Debug, Deserialize)]
struct CacheControl<'a> {
    #[serde(borrow)]
    ttl: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    url: Option<Str<'a>>,
    #[serde(borrow)]
    title: Option<Str<'a>>,
    #[serde(borrow)]
    cited_text: Option<Str<'a>>,
}

impl<'a> Block<'a> {
    pub(super) fn kind(&self) -> &str {
        self.kind.as_ref().map_or("", |kind| &kind.0)
    }

    pub(super) fn cache(&self) -> Option<CacheMark> {
        self.cache_control.as_ref().map(CacheControl::mark)
    }

    /// The citations of a text that lead somewhere.
    pub(super) fn cited(&self) -> Vec<Citation<'a>> {
        let raws: Option<Vec<&RawValue>> =
            self.citations.and_then(|raw| serde_json::from_str(raw.get()).ok());
        raws.into_iter().flatten().filter_map(|raw| citation(raw.get())).collect()
    }
}

impl CacheControl<'_> {
    fn mark(&self) -> CacheMark {
        CacheMark { long: self.ttl.as_ref().is_some_and(|ttl| ttl.0 == "1h") }
    }
}

/// A mark that stands outside of blocks.
pub(super) fn mark(raw: &RawValue) -> Option<CacheMark> {
    serde_json::from_str::<CacheControl<'_>>(raw.get()).ok().map(|control| control.mark())
}

/// A citation; `None` where it points into a document of the request: only that request has a name for it.
pub(super) fn citation(raw: &str) -> Option<Citation<'_>> {
    let source: Source<'_> = serde_json::from_str(raw).ok()?;
    let url = source.url?.0;
    let title = said(source.title);
    Some(Citation { url, title, cited: source.cited_text.map(|text| text.0), start: 0, end: 0 })
}

/// What is said: a string, or blocks.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Content<'a>, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of content blocks")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content<'de>, A::Error> {
                let mut blocks = Vec::new();
                while let Some(block) = list.next_element()? {
                    blocks.push(block);
                }
                Ok(Content::Blocks(blocks))
            }
        }
        reader.deserialize_any(Either)
    }
}
