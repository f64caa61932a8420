//! Images and documents, wherever their bytes are.

use crate::dialect::anthropic::block::Block;
use crate::dialect::anthropic::block::Content;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::question::fields::read;
use crate::dialect::anthropic::question::fields::wrong;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    media_type: Option<Str<'a>>,
    #[serde(borrow)]
    data: Option<Str<'a>>,
    #[serde(borrow)]
    url: Option<Str<'a>>,
    #[serde(borrow)]
    file_id: Option<Str<'a>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

pub(super) fn image<'a>(block: &Block<'a>) -> Option<Image<'a>> {
    Some(Image { media: media(block.source?)?, detail: None, cache: block.cache() })
}

pub(super) fn document(block: Block<'_>) -> Option<Document<'_>> {
    let cache = block.cache();
    Some(Document { media: media(block.source?)?, name: block.title.map(|title| title.0), cache })
}

pub(super) fn unclear(field: &'static str) -> BadRequest {
    wrong(
        field,
        "given with images and documents whose `source` is `base64`, `url`, `file`, `text` or `content`",
    )
}

fn media(raw: &RawValue) -> Option<Media<'_>> {
    let source: Source<'_> = read(raw)?;
    match said(source.kind).as_ref() {
        "base64" => Some(Media::Inline { kind: source.media_type?.0, data: source.data?.0 }),
        "url" => Some(Media::Url(source.url?.0)),
        "file" => Some(Media::FileId(source.file_id?.0)),
        "text" => Some(Media::Plain(source.data?.0)),
        "content" => Some(Media::Plain(words(source.content?))),
        _ => None,
    }
}

/// The words of a string or of blocks.
pub(super) fn words(raw: &RawValue) -> Cow<'_, str> {
    match read(raw) {
        Some(Content::Text(text)) => text,
        Some(Content::Blocks(blocks)) => {
            let texts: Vec<Cow<'_, str>> = blocks.into_iter().map(|block| said(block.text)).collect();
            Cow::Owned(texts.join("\n"))
        }
        None => Cow::Borrowed(""),
    }
}
