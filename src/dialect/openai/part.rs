//! The parts of a message's content, read into the hub (vendors.md §1.2).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::Audio;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::openai::ask::get;
use crate::dialect::openai::message::FIELD;
use crate::dialect::openai::tools::Cache;
use crate::dialect::text::Str;
use crate::dialect::text::data_url;
use crate::dialect::text::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct SaidPart<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow)]
    input_audio: Option<SaidAudio<'a>>,
    #[serde(borrow)]
    file: Option<SaidFile<'a>>,
    cache_control: Option<Cache>,
    prompt_cache_breakpoint: Option<Cache>,
}

#[derive(Deserialize)]
struct SaidAudio<'a> {
    #[serde(borrow)]
    data: Str<'a>,
    #[serde(borrow)]
    format: Str<'a>,
}

#[derive(Deserialize)]
struct SaidFile<'a> {
    #[serde(borrow)]
    file_data: Option<Str<'a>>,
    #[serde(borrow)]
    file_id: Option<Str<'a>>,
    #[serde(borrow)]
    filename: Option<Str<'a>>,
}

/// The parts of a message's content: a string, a list or nothing. A mark on the message is one on its last part.
pub fn parts(content: Option<&RawValue>, mark: Option<Cache>) -> Result<Vec<Part<'_>>, BadRequest> {
    const KIND: &str = "messages whose `content` is a string or an array of parts";
    let mut parts = match content {
        None => Vec::new(),
        Some(raw) if raw.get().starts_with('[') => {
            let said: Vec<SaidPart<'_>> = get(raw, FIELD, KIND)?;
            said.into_iter().map(part).collect::<Result<_, _>>()?
        }
        Some(raw) => match text(raw) {
            Some(text) if text.is_empty() => Vec::new(),
            Some(text) => vec![Part::text(text)],
            None => return Err(wrong(FIELD, KIND)),
        },
    };
    if let (Some(mark), Some(Part::Text(last))) = (mark, parts.last_mut()) {
        last.cache = Some(mark.mark());
    }
    Ok(parts)
}

fn part(said: SaidPart<'_>) -> Result<Part<'_>, BadRequest> {
    const KIND: &str = "parts of type `text`, `image_url`, `input_audio`, `file` or `refusal`";
    let cache = said.cache_control.or(said.prompt_cache_breakpoint).map(Cache::mark);
    if let Some(raw) = said.image_url {
        return image(raw).map(|image| Part::Image(Image { cache, ..image }));
    }
    if let Some(audio) = said.input_audio {
        let (format, data) = (audio.format.into(), audio.data.into());
        return Ok(Part::Audio(Audio { format, data, transcript: None }));
    }
    if let Some(file) = said.file {
        return document(file).map(|document| Part::Document(Document { cache, ..document }));
    }
    match (said.text, said.refusal) {
        (Some(text), _) => Ok(Part::Text(Text { text: text.into(), cache, ..Text::default() })),
        (None, Some(refusal)) => Ok(Part::Refusal(refusal.into())),
        (None, None) => Err(wrong(FIELD, KIND)),
    }
}

fn image(raw: &RawValue) -> Result<Image<'_>, BadRequest> {
    #[derive(Deserialize)]
    struct SaidImage<'a> {
        #[serde(borrow)]
        url: Str<'a>,
        #[serde(borrow)]
        detail: Option<Str<'a>>,
    }
    // Some clients send the bare URL.
    let (url, detail) = match text(raw) {
        Some(url) => (url, None),
        None => {
            let said: SaidImage<'_> = get(raw, FIELD, "parts whose `image_url` has a `url`")?;
            (said.url.into(), said.detail.map(Cow::from))
        }
    };
    Ok(Image { media: media(url), detail, cache: None })
}

fn document(file: SaidFile<'_>) -> Result<Document<'_>, BadRequest> {
    let media = match (file.file_data, file.file_id) {
        (Some(data), _) => match media(data.into()) {
            // Bare base64, as some clients send it: this vendor's documents are PDFs.
            Media::Url(data) if !data.contains(':') => Media::Inline { kind: "application/pdf".into(), data },
            media => media,
        },
        (None, Some(id)) => Media::FileId(id.into()),
        (None, None) => return Err(wrong(FIELD, "`file` parts with `file_data` or `file_id`")),
    };
    Ok(Document { media, name: file.filename.map(Cow::from), cache: None })
}

/// A URL, or what a `data:` URL holds.
pub fn media(url: Cow<'_, str>) -> Media<'_> {
    let inline = match &url {
        Cow::Borrowed(url) => data_url(url).map(|(kind, data)| (Cow::Borrowed(kind), Cow::Borrowed(data))),
        Cow::Owned(url) => {
            data_url(url).map(|(kind, data)| (Cow::Owned(kind.to_owned()), Cow::Owned(data.to_owned())))
        }
    };
    match inline {
        Some((kind, data)) => Media::Inline { kind, data },
        None => Media::Url(url),
    }
}
