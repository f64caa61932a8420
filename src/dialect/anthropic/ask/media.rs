//! Images and documents as blocks (vendors.md §4.2, §4.4).

use crate::dialect::anthropic::ask::body::Block;
use crate::dialect::anthropic::ask::body::CacheControl;
use crate::dialect::anthropic::ask::body::Source;
use crate::dialect::hub::Document;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

pub(super) fn image<'a>(
    image: &'a Image<'_>,
    target: &'a Target<'_>,
    dropped: &mut Dropped,
) -> Result<Block<'a>, Unsayable> {
    let detail = image.detail.as_deref().is_some_and(|detail| detail != "auto");
    dropped.note_if(detail, "detail");
    let source = match source(&image.media, target)? {
        Bytes::At(source) => source,
        Bytes::Inline { kind, data } => match kind {
            "image/jpg" => Source::Base64 { media_type: "image/jpeg".into(), data },
            _ if kind.starts_with("image/") => Source::Base64 { media_type: kind.into(), data },
            _ => {
                return Err(unsayable(format!("an image cannot be `{kind}`; send a JPEG, PNG, GIF or WebP")));
            }
        },
    };
    Ok(Block::Image { source, cache_control: CacheControl::of(image.cache) })
}

pub(super) fn document<'a>(
    document: &'a Document<'_>,
    target: &'a Target<'_>,
) -> Result<Block<'a>, Unsayable> {
    let source = match source(&document.media, target)? {
        Bytes::At(source) => source,
        Bytes::Inline { kind: "application/pdf", data } => {
            Source::Base64 { media_type: "application/pdf".into(), data }
        }
        Bytes::Inline { kind, data } => plain(decoded(kind, data)?),
    };
    let title = document.name.as_deref().filter(|name| !name.is_empty());
    Ok(Block::Document { source, title, cache_control: CacheControl::of(document.cache) })
}

/// Bytes in the request, or a place where the vendor finds them.
enum Bytes<'a> {
    At(Source<'a>),
    Inline { kind: &'a str, data: &'a str },
}

fn source<'a>(media: &'a Media<'_>, target: &'a Target<'_>) -> Result<Bytes<'a>, Unsayable> {
    match media {
        Media::Inline { kind, data } => Ok(Bytes::Inline { kind, data }),
        Media::FileId(file_id) => Ok(Bytes::At(Source::File { file_id })),
        Media::Plain(text) => Ok(Bytes::At(plain(Cow::Borrowed(text)))),
        Media::Url(url) if target.traits.image_urls => Ok(Bytes::At(Source::Url { url })),
        Media::Url(url) => match target.fetched.get(url.as_ref()) {
            Some(file) => Ok(Bytes::Inline { kind: &file.kind, data: &file.data }),
            None => Err(unsayable("this model does not open URLs; send the bytes in base64".to_owned())),
        },
    }
}

fn plain(data: Cow<'_, str>) -> Source<'_> {
    Source::Text { media_type: "text/plain", data }
}

/// The words of a text file; other files than these and PDF are not taken.
fn decoded(kind: &str, data: &str) -> Result<Cow<'static, str>, Unsayable> {
    let is_text = kind.starts_with("text/") || kind == "application/json";
    let bytes = if is_text { STANDARD.decode(data).ok() } else { None };
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Cow::Owned).ok_or_else(|| {
        unsayable(format!("a file cannot be `{kind}`; send a PDF, or text in base64 of UTF-8"))
    })
}

fn unsayable(message: String) -> Unsayable {
    Unsayable { message, param: "messages" }
}
