//! Reads the contents of a client's items: texts, pictures, files and sound (vendors.md §11.1).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::Audio;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text as Said;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<Text<'a>>,
    #[serde(borrow)]
    file_id: Option<Text<'a>>,
    #[serde(borrow)]
    file_data: Option<Text<'a>>,
    #[serde(borrow)]
    file_url: Option<Text<'a>>,
    #[serde(borrow)]
    filename: Option<Text<'a>>,
    #[serde(borrow)]
    input_audio: Option<Sound<'a>>,
    #[serde(borrow)]
    prompt_cache_breakpoint: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_control: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Sound<'a> {
    #[serde(borrow)]
    data: Text<'a>,
    #[serde(borrow)]
    format: Text<'a>,
}

const FIELD: &str = "input";

/// Reads a content: a text, or a list of parts.
pub fn read(content: &RawValue) -> Result<Vec<Part<'_>>, BadRequest> {
    if let Some(text) = json::text(content) {
        return Ok(vec![Part::text(text)]);
    }
    let parts = json::elements(content).ok_or_else(|| wrong(FIELD, "of strings and arrays of parts"))?;
    parts.into_iter().map(part).collect()
}

/// The texts of a summary or of bare reasoning; `None` where there are none.
pub fn thought(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let pieces = raw.and_then(json::elements)?;
    let mut texts: Vec<Cow<'_, str>> =
        pieces.into_iter().filter_map(|raw| json::object::<Members<'_>>(raw)?.text("text")).collect();
    match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(texts.join("\n\n").into()),
    }
}

fn part(raw: &RawValue) -> Result<Part<'_>, BadRequest> {
    let unreadable = || wrong(FIELD, "made of parts that are objects with a known `type`");
    let piece: Piece<'_> = json::object(raw).ok_or_else(unreadable)?;
    let cache = piece.cache();
    match &*piece.kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            let text = piece.text.ok_or_else(|| wrong(FIELD, "made of texts with a `text` each"))?.0;
            Ok(Part::Text(Said { text, cache, ..Said::default() }))
        }
        "refusal" => Ok(Part::Refusal(piece.refusal.unwrap_or_default().0)),
        "input_image" | "computer_screenshot" | "image_url" => piece.image(cache),
        "input_file" => piece.document(cache),
        "input_audio" => {
            let sound =
                piece.input_audio.ok_or_else(|| wrong(FIELD, "made of sounds with `input_audio` each"))?;
            Ok(Part::Audio(Audio { format: sound.format.0, data: sound.data.0, transcript: None }))
        }
        _ => Err(unreadable()),
    }
}

impl<'a> Piece<'a> {
    fn image(self, cache: Option<CacheMark>) -> Result<Part<'a>, BadRequest> {
        // Some clients still nest it as chat completions do.
        let nested =
            |raw: &'a RawValue| json::object::<Members<'a>>(raw).and_then(|object| object.text("url"));
        let url = self.image_url.and_then(|raw| json::text(raw).or_else(|| nested(raw)));
        let media = match (url, self.file_id) {
            (Some(url), _) => media(url),
            (None, Some(id)) => Media::FileId(id.0),
            (None, None) => return Err(wrong(FIELD, "made of images with an `image_url` or a `file_id`")),
        };
        Ok(Part::Image(Image { media, detail: self.detail.map(|word| word.0), cache }))
    }

    fn document(self, cache: Option<CacheMark>) -> Result<Part<'a>, BadRequest> {
        let media = match (self.file_data, self.file_url, self.file_id) {
            (Some(data), _, _) => match media(data.0) {
                Media::Url(data) => Media::Inline { kind: Cow::Borrowed("application/pdf"), data },
                media => media,
            },
            (None, Some(url), _) => media(url.0),
            (None, None, Some(id)) => Media::FileId(id.0),
            (None, None, None) => {
                return Err(wrong(FIELD, "made of files with `file_data`, a `file_url` or a `file_id`"));
            }
        };
        Ok(Part::Document(Document { media, name: self.filename.map(|name| name.0), cache }))
    }

    fn cache(&self) -> Option<CacheMark> {
        let mark = self.prompt_cache_breakpoint.or(self.cache_control)?;
        let ttl = json::object::<Members<'_>>(mark).and_then(|mark| mark.text("ttl"));
        Some(CacheMark { long: matches!(ttl.as_deref(), Some("12h" | "1h")) })
    }
}

/// What a URL points to, or holds itself.
fn media(url: Cow<'_, str>) -> Media<'_> {
    match url {
        Cow::Borrowed(url) => match inline(url) {
            Some((kind, data)) => Media::Inline { kind: Cow::Borrowed(kind), data: Cow::Borrowed(data) },
            None => Media::Url(Cow::Borrowed(url)),
        },
        Cow::Owned(url) => match inline(&url) {
            Some((kind, data)) => {
                Media::Inline { kind: Cow::Owned(kind.to_owned()), data: Cow::Owned(data.to_owned()) }
            }
            None => Media::Url(Cow::Owned(url)),
        },
    }
}

/// Media type and base64 of a data URL.
fn inline(url: &str) -> Option<(&str, &str)> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    let kind = kind.strip_suffix(";base64")?;
    // Parameters of the type mean nothing to a model.
    Some((kind.split(';').next().unwrap_or(kind), data))
}
