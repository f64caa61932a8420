//! Parts that are neither calls nor results: text, thoughts, pictures, sound, documents.

use crate::dialect::gemini::body::Part;
use crate::dialect::hub;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Media;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use std::borrow::Cow;

/// Where the vendor keeps files that were uploaded to it.
const HOST: &str = "https://generativelanguage.googleapis.com/";
/// In the name of each of them, and behind the version in its URL.
const FILES: &str = "files/";

/// `part` on the wire; `None` where there is nothing to be said.
pub(super) fn part<'a>(
    part: &'a hub::Part<'_>,
    target: &Target<'a>,
    dropped: &mut Dropped,
) -> Result<Option<Part<'a>>, Unsayable> {
    Ok(match part {
        hub::Part::Text(text) => {
            let sealed = Part { thought_signature: text.signature.as_deref(), ..Part::text(&*text.text) };
            // An empty text is refused unless it carries a seal.
            Some(sealed).filter(|part| !text.text.is_empty() || part.thought_signature.is_some())
        }
        hub::Part::Refusal(text) => Some(Part::text(&**text)).filter(|_| !text.is_empty()),
        hub::Part::Thinking(thinking) => thinking.signature.as_deref().map(|seal| Part {
            thought: true,
            thought_signature: Some(seal),
            ..Part::text(&*thinking.text)
        }),
        hub::Part::Image(image) => {
            dropped.note_if(image.detail.as_deref().is_some_and(|detail| detail != "auto"), "detail");
            Some(medium(&image.media, target)?)
        }
        hub::Part::Document(document) => Some(medium(&document.media, target)?),
        hub::Part::Audio(audio) => Some(Part::inline(format!("audio/{}", audio.format), &audio.data)),
        // They have their own places.
        hub::Part::ToolCall(_) | hub::Part::ToolResult(_) => None,
    })
}

fn medium<'a>(media: &'a Media<'_>, target: &Target<'a>) -> Result<Part<'a>, Unsayable> {
    match media {
        Media::Inline { kind, data } => Ok(Part::inline(&**kind, data)),
        Media::Plain(text) => Ok(Part::text(&**text)),
        Media::Url(url) => from_url(url, target),
        Media::FileId(id) if id.starts_with(HOST) => Ok(Part::file(&**id)),
        Media::FileId(id) if id.starts_with(FILES) => {
            Ok(Part::file(Cow::Owned(format!("{HOST}v1beta/{id}"))))
        }
        Media::FileId(_) => {
            Err(unsayable("this model's provider keeps no file of that id; send it as base64"))
        }
    }
}

fn from_url<'a>(url: &'a str, target: &Target<'a>) -> Result<Part<'a>, Unsayable> {
    if let Some(file) = target.fetched.get(url) {
        return Ok(Part::inline(file.kind.as_str(), &file.data));
    }
    if is_kept(url) || target.traits.image_urls {
        return Ok(Part::file(url));
    }
    Err(unsayable("this model takes no files from URLs, and it could not be fetched; send it as base64"))
}

/// Whether the vendor itself keeps the file.
pub fn is_kept(url: &str) -> bool {
    url.strip_prefix(HOST)
        .and_then(|path| path.split_once('/'))
        .is_some_and(|(_, name)| name.starts_with(FILES))
}

fn unsayable(message: &str) -> Unsayable {
    Unsayable { message: message.to_owned(), param: "messages" }
}
