//! The parts a message is made of, in questions and in answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// One piece of a message.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    Text(Text<'a>),
    Image(Image<'a>),
    Audio(Audio<'a>),
    Document(Document<'a>),
    /// What the model thought before it spoke.
    Thinking(Thinking<'a>),
    ToolCall(ToolCall<'a>),
    ToolResult(ToolResult<'a>),
    /// The model's words when it will not answer.
    Refusal(Cow<'a, str>),
}

#[derive(Clone, Debug, Default)]
pub struct Text<'a> {
    pub text: Cow<'a, str>,
    pub cache: Option<CacheMark>,
    pub citations: Vec<Citation<'a>>,
    /// A vendor's seal on this text that has to come back unchanged (vendors.md §5.5).
    pub signature: Option<Cow<'a, str>>,
}

/// Where bytes that are not text are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media<'a> {
    Url(Cow<'a, str>),
    /// `kind` is a media type such as `image/png`; `data` is base64.
    Inline {
        kind: Cow<'a, str>,
        data: Cow<'a, str>,
    },
    /// The name of a file that the vendor keeps.
    FileId(Cow<'a, str>),
    /// A document that is plain text.
    Plain(Cow<'a, str>),
}

#[derive(Clone, Debug)]
pub struct Image<'a> {
    pub media: Media<'a>,
    /// `low`, `high`, `auto`, `original`.
    pub detail: Option<Cow<'a, str>>,
    pub cache: Option<CacheMark>,
}

/// Sound, in base64.
#[derive(Clone, Debug)]
pub struct Audio<'a> {
    /// `wav`, `mp3`, …: the word behind `audio/`.
    pub format: Cow<'a, str>,
    pub data: Cow<'a, str>,
    /// What is said in it, where an answer tells.
    pub transcript: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug)]
pub struct Document<'a> {
    pub media: Media<'a>,
    pub name: Option<Cow<'a, str>>,
    pub cache: Option<CacheMark>,
}

/// Reasoning. What is sealed must come back byte for byte, in its place.
#[derive(Clone, Debug, Default)]
pub struct Thinking<'a> {
    pub text: Cow<'a, str>,
    pub signature: Option<Cow<'a, str>>,
    /// Reasoning that only the vendor can read; `text` is empty then.
    pub redacted: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, Default)]
pub struct ToolCall<'a> {
    /// Empty where the vendor gives none.
    pub id: Cow<'a, str>,
    pub name: Cow<'a, str>,
    /// JSON text of the arguments; of a custom tool its free text.
    pub arguments: Cow<'a, str>,
    /// The tool takes free text instead of JSON.
    pub custom: bool,
    /// A vendor's seal on this call that has to come back unchanged (vendors.md §5.5).
    pub signature: Option<Cow<'a, str>>,
    pub cache: Option<CacheMark>,
}

#[derive(Clone, Debug, Default)]
pub struct ToolResult<'a> {
    pub call_id: Cow<'a, str>,
    /// Text, images and documents.
    pub content: Vec<Part<'a>>,
    pub is_error: bool,
    pub cache: Option<CacheMark>,
}

/// Where a piece of the answer comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation<'a> {
    pub url: Cow<'a, str>,
    pub title: Cow<'a, str>,
    /// The words that are cited, where the vendor quotes them.
    pub cited: Option<Cow<'a, str>>,
    /// Characters of the answer it belongs to; 0 and 0 where the vendor does not say.
    pub start: u64,
    pub end: u64,
}

/// The prompt up to here is worth keeping at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheMark {
    /// For an hour and not for the vendor's short default.
    pub long: bool,
}

impl Citation<'_> {
    /// The same, free of what it was read from.
    pub fn to_owned(&self) -> Citation<'static> {
        Citation {
            url: owned(&self.url),
            title: owned(&self.title),
            cited: self.cited.as_deref().map(owned),
            start: self.start,
            end: self.end,
        }
    }
}

impl Media<'_> {
    /// The same, free of what it was read from.
    pub fn to_owned(&self) -> Media<'static> {
        match self {
            Media::Url(url) => Media::Url(owned(url)),
            Media::Inline { kind, data } => Media::Inline { kind: owned(kind), data: owned(data) },
            Media::FileId(id) => Media::FileId(owned(id)),
            Media::Plain(text) => Media::Plain(owned(text)),
        }
    }
}

impl Document<'_> {
    /// Its words, where it is plain text.
    pub fn words(&self) -> Option<Cow<'_, str>> {
        match &self.media {
            Media::Plain(text) => Some(Cow::Borrowed(text)),
            Media::Inline { kind, data } if kind.starts_with("text/") => {
                String::from_utf8(STANDARD.decode(data.as_bytes()).ok()?).ok().map(Cow::Owned)
            }
            Media::Inline { .. } | Media::Url(_) | Media::FileId(_) => None,
        }
    }
}

impl Image<'_> {
    /// The same, free of what it was read from.
    pub fn to_owned(&self) -> Image<'static> {
        Image { media: self.media.to_owned(), detail: self.detail.as_deref().map(owned), cache: self.cache }
    }
}

impl Audio<'_> {
    /// The same, free of what it was read from.
    pub fn to_owned(&self) -> Audio<'static> {
        Audio {
            format: owned(&self.format),
            data: owned(&self.data),
            transcript: self.transcript.as_deref().map(owned),
        }
    }
}

fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

impl<'a> Part<'a> {
    /// Plain text without anything around it.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Part<'a> {
        Part::Text(Text { text: text.into(), ..Text::default() })
    }
}
