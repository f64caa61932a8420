//! An answer as it is on the wire, whole or one event of a stream (vendors.md §5.3).

use crate::dialect::hub::Audio;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::text::compact;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply<'a> {
    #[serde(borrow)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow)]
    prompt_feedback: Option<Feedback<'a>>,
    usage_metadata: Option<Counts>,
    #[serde(borrow)]
    model_version: Option<Text<'a>>,
    #[serde(borrow)]
    response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
    pub(super) index: Option<u32>,
    #[serde(borrow)]
    pub(super) citation_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) logprobs_result: Option<&'a RawValue>,
}

/// A string that borrows where it holds no escapes, which serde does not do inside of an `Option`.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    thought: Option<bool>,
    #[serde(borrow)]
    thought_signature: Option<Text<'a>>,
    #[serde(borrow)]
    function_call: Option<Call<'a>>,
    #[serde(borrow)]
    inline_data: Option<Blob<'a>>,
    #[serde(borrow)]
    file_data: Option<File<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob<'a> {
    #[serde(borrow)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    file_uri: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow)]
    block_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    total_token_count: Option<u64>,
}

/// What a part is. A seal comes with what it seals, or alone with an empty text.
pub(super) enum Piece<'a> {
    Text {
        text: Cow<'a, str>,
        seal: Option<Cow<'a, str>>,
    },
    Thought {
        text: Cow<'a, str>,
        seal: Option<Cow<'a, str>>,
    },
    Call {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        args: Cow<'a, str>,
        seal: Option<Cow<'a, str>>,
    },
    Image(Image<'a>),
    Audio(Audio<'a>),
    /// Nothing that a client could be told of.
    Other,
}

impl<'a> Reply<'a> {
    /// `None` where it is none. Some are wrapped into a list of one.
    pub(super) fn read(body: &'a [u8]) -> Option<Reply<'a>> {
        match body.trim_ascii_start().first() {
            Some(b'[') => {
                let [reply] = serde_json::from_slice::<[Reply<'a>; 1]>(body).ok()?;
                Some(reply)
            }
            Some(b'{') => serde_json::from_slice(body).ok(),
            Some(_) | None => None,
        }
    }

    pub(super) fn id(&mut self) -> Cow<'a, str> {
        plain(self.response_id.take()).unwrap_or_default()
    }

    pub(super) fn model(&mut self) -> Cow<'a, str> {
        plain(self.model_version.take()).unwrap_or_default()
    }

    /// The question itself was refused: there is no answer.
    pub(super) fn is_blocked(&self) -> bool {
        self.prompt_feedback.as_ref().is_some_and(|feedback| feedback.block_reason.is_some())
    }

    /// What was used so far.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage_metadata.as_ref().map(Counts::usage)
    }
}

impl<'a> Candidate<'a> {
    pub(super) fn take_parts(&mut self) -> Vec<Part<'a>> {
        self.content.take().and_then(|content| content.parts).unwrap_or_default()
    }

    /// Why it ended, as far as it has. A call ends with an ordinary stop.
    pub(super) fn finish(&self, calls: bool) -> Option<Finish> {
        let reason = self.finish_reason.as_ref()?;
        Some(match finish(&reason.0) {
            Finish::Stop if calls => Finish::ToolCalls,
            finish @ (Finish::Stop | Finish::Length | Finish::ToolCalls | Finish::ContentFilter) => finish,
        })
    }
}

impl<'a> Part<'a> {
    pub(super) fn piece(self) -> Piece<'a> {
        let seal = plain(self.thought_signature);
        if let Some(call) = self.function_call {
            return call.piece(seal);
        }
        if let Some(blob) = self.inline_data {
            return blob.piece();
        }
        if let Some(file) = self.file_data {
            return file.piece();
        }
        if self.text.is_none() && seal.is_none() {
            return Piece::Other;
        }
        let text = plain(self.text).unwrap_or_default();
        match self.thought {
            Some(true) => Piece::Thought { text, seal },
            Some(false) | None => Piece::Text { text, seal },
        }
    }
}

impl<'a> Call<'a> {
    fn piece(self, seal: Option<Cow<'a, str>>) -> Piece<'a> {
        Piece::Call {
            id: plain(self.id).unwrap_or_default(),
            name: plain(self.name).unwrap_or_default(),
            args: self.args.map_or(Cow::Borrowed("{}"), |args| compact(args.get())),
            seal,
        }
    }
}

impl<'a> Blob<'a> {
    fn piece(self) -> Piece<'a> {
        let (Some(kind), Some(data)) = (plain(self.mime_type), plain(self.data)) else { return Piece::Other };
        if let Some(format) = kind.strip_prefix("audio/") {
            return Piece::Audio(Audio { format: audio_format(format), data, transcript: None });
        }
        match kind.starts_with("image/") {
            true => Piece::Image(Image { media: Media::Inline { kind, data }, detail: None, cache: None }),
            false => Piece::Other,
        }
    }
}

impl<'a> File<'a> {
    fn piece(self) -> Piece<'a> {
        let is_image = self.mime_type.is_some_and(|kind| kind.0.starts_with("image/"));
        match plain(self.file_uri).filter(|_| is_image) {
            Some(uri) => Piece::Image(Image { media: Media::Url(uri), detail: None, cache: None }),
            None => Piece::Other,
        }
    }
}

impl Counts {
    /// Thoughts are counted beside the candidates, unless the total says that they are among them.
    fn usage(&self) -> Usage {
        let count = |count: Option<u64>| count.unwrap_or(0);
        let input = count(self.prompt_token_count).saturating_add(count(self.tool_use_prompt_token_count));
        let (said, thought) = (count(self.candidates_token_count), count(self.thoughts_token_count));
        let within = self.total_token_count == Some(input.saturating_add(said));
        Usage {
            input,
            cached: count(self.cached_content_token_count),
            cache_write: 0,
            output: if within { said } else { said.saturating_add(thought) },
            reasoning: thought,
        }
    }
}

fn plain(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.0)
}

/// `L16;codec=pcm;rate=24000` is raw sound, 16 bits a sample.
fn audio_format(kind: &str) -> Cow<'static, str> {
    match kind.split(';').next().unwrap_or_default() {
        raw if raw.eq_ignore_ascii_case("l16") || raw.eq_ignore_ascii_case("pcm") => Cow::Borrowed("pcm16"),
        other => Cow::Owned(other.to_owned()),
    }
}

/// Why an answer ended (vendors.md §5.3).
fn finish(reason: &str) -> Finish {
    match reason {
        "MAX_TOKENS" | "CONTINUATION" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "OTHER"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "IMAGE_OTHER"
        | "NO_IMAGE"
        | "ESCALATION"
        | "MODEL_ARMOR"
        | "PUP_LIMITED_DISABLED" => Finish::ContentFilter,
        // Also what went wrong with a call: the answer is what there is of it.
        _ => Finish::Stop,
    }
}
