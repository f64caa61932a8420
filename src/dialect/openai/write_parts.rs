//! The parts of an answer as OpenAI's clients read them, whole or in a stream (vendors.md §1.3).

use crate::dialect::hub::Citation;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::text::id_with;
use crate::dialect::usage::Usage;
use serde::Serialize;

/// A call, whole or as the piece of a stream that opens it.
#[derive(Serialize)]
pub struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_content: Option<Extra<'a>>,
}

#[derive(Serialize)]
pub struct Function<'a> {
    pub name: &'a str,
    pub arguments: &'a str,
}

#[derive(Serialize)]
pub struct Custom<'a> {
    pub name: &'a str,
    pub input: &'a str,
}

/// Where Google's own compatible endpoint puts its seals (vendors.md §5.5).
#[derive(Serialize)]
pub struct Extra<'a> {
    google: Google<'a>,
}

#[derive(Serialize)]
struct Google<'a> {
    thought_signature: &'a str,
}

#[derive(Serialize)]
pub struct Annotation<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url_citation: UrlCitation<'a>,
}

#[derive(Serialize)]
struct UrlCitation<'a> {
    url: &'a str,
    title: &'a str,
    start_index: u64,
    end_index: u64,
}

/// Sealed thinking, as LiteLLM's clients know it.
#[derive(Serialize)]
pub struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
}

/// An image as OpenRouter's clients know it.
#[derive(Serialize)]
pub struct Picture {
    #[serde(rename = "type")]
    kind: &'static str,
    image_url: Url,
}

#[derive(Serialize)]
struct Url {
    url: String,
}

#[derive(Serialize)]
pub struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptCounts,
    completion_tokens_details: AnswerCounts,
}

#[derive(Serialize)]
struct PromptCounts {
    cached_tokens: u64,
    cache_write_tokens: u64,
    audio_tokens: u64,
}

#[derive(Serialize)]
struct AnswerCounts {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl Counts {
    pub fn of(usage: &Usage) -> Counts {
        Counts {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
            prompt_tokens_details: PromptCounts {
                cached_tokens: usage.cached,
                cache_write_tokens: usage.cache_write,
                audio_tokens: 0,
            },
            completion_tokens_details: AnswerCounts {
                reasoning_tokens: usage.reasoning,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

impl<'a> Call<'a> {
    pub fn whole(call: &'a ToolCall<'_>) -> Call<'a> {
        let arguments: &str =
            if call.arguments.trim().is_empty() && !call.custom { "{}" } else { &call.arguments };
        Call::new(None, call, arguments)
    }

    /// `index` is that of a stream.
    pub fn new(index: Option<u32>, call: &'a ToolCall<'_>, said: &'a str) -> Call<'a> {
        let name: &str = &call.name;
        let function = (!call.custom).then_some(Function { name, arguments: said });
        let custom = call.custom.then_some(Custom { name, input: said });
        Call {
            index,
            id: id_with("call_", &call.id),
            kind: if call.custom { "custom" } else { "function" },
            function,
            custom,
            extra_content: call
                .signature
                .as_deref()
                .map(|thought_signature| Extra { google: Google { thought_signature } }),
        }
    }
}

impl<'a> Annotation<'a> {
    pub fn of(citation: &'a Citation<'_>) -> Annotation<'a> {
        let url_citation = UrlCitation {
            url: &citation.url,
            title: &citation.title,
            start_index: citation.start,
            end_index: citation.end,
        };
        Annotation { kind: "url_citation", url_citation }
    }
}

impl<'a> Block<'a> {
    /// Only what is sealed: the rest is said as reasoning.
    pub fn of(thinking: &'a Thinking<'_>) -> Option<Block<'a>> {
        if let Some(data) = thinking.redacted.as_deref() {
            return Some(Block {
                kind: "redacted_thinking",
                thinking: None,
                signature: None,
                data: Some(data),
            });
        }
        let signature = Some(thinking.signature.as_deref()?);
        Some(Block { kind: "thinking", thinking: Some(&thinking.text), signature, data: None })
    }
}

impl Picture {
    pub fn of(image: &Image<'_>) -> Option<Picture> {
        let url = match &image.media {
            Media::Url(url) => url.to_string(),
            Media::Inline { kind, data } => format!("data:{kind};base64,{data}"),
            Media::FileId(_) | Media::Plain(_) => return None,
        };
        Some(Picture { kind: "image_url", image_url: Url { url } })
    }
}
