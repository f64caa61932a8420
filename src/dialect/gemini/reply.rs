//! An answer as it is on the wire, whole or one event of a stream (vendors.md §5.3).

use crate::dialect::hub::Audio;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::text::compact;
use crate::dialect::usage::Usage;
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct Reply<'a> {
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    pub(super) feedback: Option<Feedback<'a>>,
    pub(super) counts: Option<Counts>,
    pub(super) model: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) error: Option<&'a str>,
}

#[derive(Default)]
pub(super) struct Candidate<'a> {
    pub(super) content: Option<Content<'a>>,
    pub(super) finish_reason: Option<Cow<'a, str>>,
    pub(super) index: Option<u32>,
    pub(super) citation_metadata: Option<&'a str>,
    pub(super) grounding_metadata: Option<&'a str>,
    pub(super) logprobs_result: Option<&'a str>,
}

#[derive(Default)]
pub(super) struct Content<'a> {
    pub(super) parts: Option<Vec<Part<'a>>>,
}

#[derive(Default)]
pub(super) struct Part<'a> {
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) thought: Option<bool>,
    pub(super) thought_signature: Option<Cow<'a, str>>,
    pub(super) function_call: Option<Call<'a>>,
    pub(super) inline_data: Option<Blob<'a>>,
    pub(super) file_data: Option<File<'a>>,
}

#[derive(Default)]
pub(super) struct Call<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) args: Option<&'a str>,
}

#[derive(Default)]
pub(super) struct Blob<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) data: Option<Cow<'a, str>>,
}

#[derive(Default)]
pub(super) struct File<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) uri: Option<Cow<'a, str>>,
}

#[derive(Default)]
pub(super) struct Feedback<'a> {
    pub(super) block_reason: Option<Cow<'a, str>>,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) prompt: Option<u64>,
    pub(super) candidates: Option<u64>,
    pub(super) thoughts: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) tool_prompt: Option<u64>,
    pub(super) total: Option<u64>,
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
    pub(super) fn id(&mut self) -> Cow<'a, str> {
        self.id.take().unwrap_or_default()
    }

    pub(super) fn model(&mut self) -> Cow<'a, str> {
        self.model.take().unwrap_or_default()
    }

    /// The question itself was refused: there is no answer.
    pub(super) fn is_blocked(&self) -> bool {
        self.feedback.as_ref().is_some_and(|feedback| feedback.block_reason.is_some())
    }

    /// What was used so far.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.counts.as_ref().map(Counts::usage)
    }
}

impl<'a> Candidate<'a> {
    pub(super) fn take_parts(&mut self) -> Vec<Part<'a>> {
        self.content.take().and_then(|content| content.parts).unwrap_or_default()
    }

    /// Why it ended, as far as it has. A call ends with an ordinary stop.
    pub(super) fn finish(&self, calls: bool) -> Option<Finish> {
        let reason = self.finish_reason.as_ref()?;
        Some(match finish(reason) {
            Finish::Stop if calls => Finish::ToolCalls,
            finish @ (Finish::Stop | Finish::Length | Finish::ToolCalls | Finish::ContentFilter) => finish,
        })
    }
}

impl<'a> Part<'a> {
    pub(super) fn piece(self) -> Piece<'a> {
        let seal = self.thought_signature;
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
        let text = self.text.unwrap_or_default();
        match self.thought {
            Some(true) => Piece::Thought { text, seal },
            Some(false) | None => Piece::Text { text, seal },
        }
    }
}

impl<'a> Call<'a> {
    fn piece(self, seal: Option<Cow<'a, str>>) -> Piece<'a> {
        Piece::Call {
            id: self.id.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            args: self.args.map_or(Cow::Borrowed("{}"), compact),
            seal,
        }
    }
}

impl<'a> Blob<'a> {
    fn piece(self) -> Piece<'a> {
        let (Some(kind), Some(data)) = (self.kind, self.data) else { return Piece::Other };
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
        let is_image = self.kind.is_some_and(|kind| kind.starts_with("image/"));
        match self.uri.filter(|_| is_image) {
            Some(uri) => Piece::Image(Image { media: Media::Url(uri), detail: None, cache: None }),
            None => Piece::Other,
        }
    }
}

impl Counts {
    /// Thoughts are counted beside the candidates, unless the total says that they are among them.
    fn usage(&self) -> Usage {
        let count = |count: Option<u64>| count.unwrap_or(0);
        let input = count(self.prompt).saturating_add(count(self.tool_prompt));
        let (said, thought) = (count(self.candidates), count(self.thoughts));
        let within = self.total == Some(input.saturating_add(said));
        Usage {
            input,
            cached: count(self.cached),
            cache_write: 0,
            output: if within { said } else { said.saturating_add(thought) },
            reasoning: thought,
        }
    }
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
