//! One part of a message as the blocks of Converse.

use crate::dialect::bedrock::wire::Block;
use crate::dialect::bedrock::wire::CachePoint;
use crate::dialect::bedrock::wire::File;
use crate::dialect::bedrock::wire::Reasoning;
use crate::dialect::bedrock::wire::Source;
use crate::dialect::bedrock::wire::ToolResult;
use crate::dialect::bedrock::wire::ToolUse;
use crate::dialect::hub;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::hex;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;
use sha2::Digest;
use sha2::Sha256;
use std::borrow::Cow;

/// The longest `toolUseId`, in bytes.
const LONGEST_ID: usize = 64;

/// Media types, and Converse's word for each.
const IMAGES: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];
const DOCUMENTS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];

/// Appends what says `part`; blank text says nothing, and Converse refuses it.
///
/// # Errors
/// [`Unsayable`] for sound, and for files that are of no known type or not at hand.
pub fn push<'a>(
    part: &'a Part<'a>,
    target: &'a Target<'a>,
    dropped: &mut Dropped,
    blocks: &mut Vec<Block<'a>>,
) -> Result<(), Unsayable> {
    let (block, mark) = match part {
        Part::Text(text) => (said(&text.text), text.cache),
        Part::Refusal(text) => (said(text), None),
        Part::Image(image) => (Some(Block::Image(picture(&image.media, target)?)), image.cache),
        Part::Document(document) => (Some(Block::Document(paper(document, target)?)), document.cache),
        Part::Thinking(thinking) => (thought(thinking), None),
        Part::ToolCall(call) => (Some(Block::ToolUse(tool_use(call))), call.cache),
        Part::ToolResult(result) => {
            (Some(Block::ToolResult(tool_result(result, target, dropped)?)), result.cache)
        }
        Part::Audio(_) => {
            return Err(unsayable("this provider's models take no sound; leave `input_audio` out"));
        }
    };
    let Some(block) = block else { return Ok(()) };
    blocks.push(block);
    blocks
        .extend(mark.filter(|_| target.traits.cache_marks).map(|mark| Block::CachePoint(cache_point(mark))));
    Ok(())
}

pub fn cache_point(mark: CacheMark) -> CachePoint {
    CachePoint { kind: "default", ttl: mark.long.then_some("1h") }
}

fn said(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Block::Text(Cow::Borrowed(text)))
}

/// Only sealed thoughts may come back.
fn thought<'a>(thinking: &'a Thinking<'a>) -> Option<Block<'a>> {
    let reasoning = match (&thinking.redacted, &thinking.signature) {
        (Some(redacted), _) => Reasoning::RedactedContent(redacted),
        (None, Some(signature)) => Reasoning::ReasoningText { text: &thinking.text, signature },
        (None, None) => return None,
    };
    Some(Block::ReasoningContent(reasoning))
}

fn picture<'a>(media: &'a Media<'a>, target: &'a Target<'a>) -> Result<File<'a>, Unsayable> {
    let (kind, data) = bytes(media, target, "image")?;
    let format = format_of(IMAGES, &kind).ok_or_else(|| {
        let message = format!("an image must be png, jpeg, gif or webp, found `{kind}`");
        Unsayable { message, param: "messages" }
    })?;
    Ok(File { format, name: None, source: Source { bytes: data } })
}

fn paper<'a>(document: &'a hub::Document<'a>, target: &'a Target<'a>) -> Result<File<'a>, Unsayable> {
    let (kind, data) = bytes(&document.media, target, "document")?;
    let format = format_of(DOCUMENTS, &kind).ok_or_else(|| {
        let known: Vec<&str> = DOCUMENTS.iter().map(|(_, format)| *format).collect();
        let message = format!("a document must be {}, found `{kind}`", known.join(", "));
        Unsayable { message, param: "messages" }
    })?;
    let name = Some(file_name(document.name.as_deref().unwrap_or("document")));
    Ok(File { format, name, source: Source { bytes: data } })
}

/// Media type and base64 of a file.
fn bytes<'a>(
    media: &'a Media<'a>,
    target: &'a Target<'a>,
    what: &str,
) -> Result<(Cow<'a, str>, Cow<'a, str>), Unsayable> {
    match media {
        Media::Inline { kind, data } => Ok((Cow::Borrowed(kind), Cow::Borrowed(data))),
        Media::Plain(text) => {
            Ok((Cow::Borrowed("text/plain"), BASE64_STANDARD.encode(text.as_bytes()).into()))
        }
        Media::Url(url) => match target.fetched.get(url.as_ref()) {
            Some(file) => Ok((Cow::Borrowed(&file.kind), Cow::Borrowed(&file.data))),
            None => Err(unsayable(&format!(
                "this provider fetches nothing, and the {what}'s URL could not be fetched for it; send a `data:` URL"
            ))),
        },
        Media::FileId(_) => {
            Err(unsayable(&format!("this provider keeps no files; send the {what} itself as a `data:` URL")))
        }
    }
}

fn format_of(table: &[(&str, &'static str)], kind: &str) -> Option<&'static str> {
    let bare = kind.split(';').next().unwrap_or_default().trim();
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(bare)).map(|(_, format)| *format)
}

/// Converse takes letters, digits, single spaces, hyphens and brackets in the name of a document.
fn file_name(name: &str) -> Cow<'static, str> {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let clean: String = name.chars().map(allowed).collect();
    let words: Vec<&str> = clean.split_ascii_whitespace().collect();
    match words.is_empty() {
        true => Cow::Borrowed("document"),
        false => Cow::Owned(words.join(" ")),
    }
}

fn tool_use<'a>(call: &'a ToolCall<'a>) -> ToolUse<'a> {
    ToolUse { tool_use_id: call_id(&call.id), name: &call.name, input: input(call) }
}

/// The arguments as a JSON object, whatever they are.
fn input<'a>(call: &'a ToolCall<'a>) -> Cow<'a, RawValue> {
    #[derive(Serialize)]
    struct Free<'a> {
        input: &'a str,
    }
    #[derive(Serialize)]
    struct Broken<'a> {
        _raw: &'a str,
    }
    let given = call.arguments.trim();
    let object = match given {
        "" if !call.custom => "{}",
        given => given,
    };
    let raw =
        serde_json::from_str::<&RawValue>(object).ok().filter(|_| !call.custom && object.starts_with('{'));
    if let Some(raw) = raw {
        return Cow::Borrowed(raw);
    }
    let wrapped = match call.custom {
        true => to_raw_value(&Free { input: &call.arguments }),
        false => to_raw_value(&Broken { _raw: &call.arguments }),
    };
    wrapped.map_or(Cow::Borrowed(RawValue::NULL), Cow::Owned)
}

fn tool_result<'a>(
    result: &'a hub::ToolResult<'a>,
    target: &'a Target<'a>,
    dropped: &mut Dropped,
) -> Result<ToolResult<'a>, Unsayable> {
    let mut content = Vec::new();
    for part in &result.content {
        match part {
            Part::Text(text) => content.extend(said(&text.text)),
            Part::Image(image) => content.push(Block::Image(picture(&image.media, target)?)),
            Part::Document(document) => content.push(Block::Document(paper(document, target)?)),
            Part::Audio(_)
            | Part::Thinking(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Refusal(_) => dropped.note("messages"),
        }
    }
    Ok(ToolResult {
        tool_use_id: call_id(&result.call_id),
        content,
        status: result.is_error.then_some("error"),
    })
}

/// An id in Converse's alphabet and length; the same id always becomes the same one.
fn call_id(id: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(allowed) {
        return Cow::Borrowed(id);
    }
    let clean: String = id.chars().map(|c| if allowed(c) { c } else { '_' }).take(LONGEST_ID - 17).collect();
    let mark = hex::of(&Sha256::digest(id.as_bytes())[..8]);
    Cow::Owned(format!("{clean}-{mark}"))
}

fn unsayable(message: &str) -> Unsayable {
    Unsayable { message: message.to_owned(), param: "messages" }
}
