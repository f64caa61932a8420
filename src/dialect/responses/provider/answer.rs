//! Reads a provider's whole answer (vendors.md §11.2).

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text as Said;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Text;
use crate::dialect::responses::seal;
use crate::dialect::side::NoAnswer;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What an answer, or an event that holds one, tells.
#[derive(Deserialize)]
pub struct Answer<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    #[serde(borrow)]
    pub status: Option<Text<'a>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(borrow)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow)]
    output: Option<Vec<&'a RawValue>>,
    usage: Option<Counts>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// Any item of an output.
#[derive(Deserialize)]
pub struct Item<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub summary: Option<Vec<Piece<'a>>>,
    #[serde(borrow)]
    pub content: Option<Vec<Piece<'a>>>,
    #[serde(borrow)]
    pub encrypted_content: Option<Text<'a>>,
    #[serde(borrow)]
    pub call_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub arguments: Option<Text<'a>>,
    #[serde(borrow)]
    pub input: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(borrow)]
    output_format: Option<Text<'a>>,
}

/// A part of a message, of a summary or of bare reasoning.
#[derive(Deserialize)]
pub struct Piece<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    #[serde(borrow)]
    pub refusal: Option<Text<'a>>,
    #[serde(borrow)]
    annotations: Option<Vec<Annotation<'a>>>,
    #[serde(borrow)]
    logprobs: Option<Vec<&'a RawValue>>,
}

/// Where a piece of the text comes from.
#[derive(Deserialize)]
pub struct Annotation<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    start_index: Option<u64>,
    end_index: Option<u64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    input_tokens_details: Option<InputCounts>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputCounts>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct InputCounts {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct OutputCounts {
    reasoning_tokens: Option<u64>,
}

/// Reads a whole answer with status 200.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(NoAnswer::Malformed);
    }
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    if answer.error.is_some() || matches!(answer.status.as_deref(), Some("failed" | "cancelled")) {
        return Err(NoAnswer::Error);
    }
    let is_promise = matches!(answer.status.as_deref(), Some("queued" | "in_progress"));
    let output = answer.output.as_ref().filter(|_| !is_promise).ok_or(NoAnswer::Malformed)?;
    let mut choice = Choice::default();
    let mut logprobs = Vec::new();
    for raw in output {
        if let Some(item) = Item::read(raw)? {
            gather(item, &mut choice.parts, &mut logprobs);
        }
    }
    let calls = choice.parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    choice.finish = Some(answer.finish(calls));
    choice.logprobs = wrapped(&logprobs).map(Cow::Owned);
    Ok(ChatResponse {
        usage: answer.usage(),
        id: said(answer.id),
        model: said(answer.model),
        choices: vec![choice],
        service_tier: answer.service_tier.map(|tier| tier.0),
        system_fingerprint: None,
    })
}

impl Answer<'_> {
    /// Why it ended. One that was cut short is not taken for a whole call.
    pub fn finish(&self, calls: bool) -> Finish {
        let reason = self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
        match reason {
            Some("max_output_tokens") => Finish::Length,
            Some("content_filter") => Finish::ContentFilter,
            _ if calls => Finish::ToolCalls,
            _ => Finish::Stop,
        }
    }

    pub fn usage(&self) -> Option<Usage> {
        let counts = self.usage?;
        let (input, output) = (
            counts.input_tokens_details.unwrap_or_default(),
            counts.output_tokens_details.unwrap_or_default(),
        );
        Some(Usage {
            input: counts.input_tokens.unwrap_or(0),
            cached: input.cached_tokens.unwrap_or(0),
            cache_write: input.cache_write_tokens.unwrap_or(0),
            output: counts.output_tokens.unwrap_or(0),
            reasoning: output.reasoning_tokens.unwrap_or(0),
        })
    }
}

impl<'a> Item<'a> {
    /// Reads an item; `None` for those of the vendor's own tools that look quite different.
    ///
    /// # Errors
    /// It is one of the few that matter, and cannot be read.
    pub fn read(raw: &'a RawValue) -> Result<Option<Item<'a>>, NoAnswer> {
        if let Some(item) = json::object(raw) {
            return Ok(Some(item));
        }
        let kind = json::object::<Members<'_>>(raw).and_then(|item| item.text("type"));
        match kind.as_deref() {
            None | Some("message" | "reasoning" | "function_call" | "custom_tool_call") => {
                Err(NoAnswer::Malformed)
            }
            Some(_) => Ok(None),
        }
    }

    pub fn is_custom(&self) -> bool {
        self.kind.as_deref() == Some("custom_tool_call")
    }

    /// What a reasoning item says: its summary, else the bare reasoning of models that show it.
    pub fn thought(&self) -> String {
        let pieces =
            self.summary.as_deref().filter(|summary| !summary.is_empty()).or(self.content.as_deref());
        let texts: Vec<&str> =
            pieces.unwrap_or_default().iter().filter_map(|piece| piece.text.as_deref()).collect();
        texts.join("\n\n")
    }

    /// What has to come back with it, where the vendor gave that.
    pub fn seal(&self) -> Option<String> {
        let encrypted = self.encrypted_content.as_deref()?;
        Some(seal::pack(self.id.as_deref().unwrap_or_default(), encrypted))
    }

    /// The picture that a vendor's tool made.
    pub fn image(&mut self) -> Option<Image<'a>> {
        let data = self.result.take()?.0;
        let format = self.output_format.as_deref().unwrap_or("png");
        let kind = Cow::Owned(format!("image/{format}"));
        Some(Image { media: Media::Inline { kind, data }, detail: None, cache: None })
    }
}

impl<'a> Annotation<'a> {
    /// The citation it is; notes on the vendor's own files are none.
    pub fn citation(self) -> Option<Citation<'a>> {
        let url = self.url.filter(|_| self.kind.as_deref() == Some("url_citation"))?;
        Some(Citation {
            url: url.0,
            title: said(self.title),
            cited: None,
            start: self.start_index.unwrap_or(0),
            end: self.end_index.unwrap_or(0),
        })
    }
}

/// Adds what an item says. Items of the vendor's own tools say nothing that the message after them does not.
fn gather<'a>(mut item: Item<'a>, parts: &mut Vec<Part<'a>>, logprobs: &mut Vec<&'a RawValue>) {
    match item.kind.as_deref() {
        Some("reasoning") => {
            let signature = item.seal().map(Cow::Owned);
            let text: Cow<'_, str> = item.thought().into();
            if signature.is_some() || !text.is_empty() {
                parts.push(Part::Thinking(Thinking { text, signature, redacted: None }));
            }
        }
        Some("message") => {
            for mut piece in item.content.unwrap_or_default() {
                logprobs.append(&mut piece.logprobs.take().unwrap_or_default());
                parts.extend(piece.part());
            }
        }
        Some("function_call" | "custom_tool_call") => parts.push(Part::ToolCall(ToolCall {
            custom: item.is_custom(),
            id: said(item.call_id),
            name: said(item.name),
            arguments: said(item.arguments.or(item.input)),
            ..ToolCall::default()
        })),
        Some("image_generation_call") => parts.extend(item.image().map(Part::Image)),
        _ => {}
    }
}

impl<'a> Piece<'a> {
    fn part(self) -> Option<Part<'a>> {
        if let Some(refusal) = self.refusal {
            return Some(Part::Refusal(refusal.0));
        }
        let citations = self.annotations.into_iter().flatten().filter_map(Annotation::citation).collect();
        Some(Part::Text(Said { text: self.text?.0, citations, ..Said::default() }))
    }
}

/// Log probabilities in the shape of chat completions (vendors.md §1.3).
pub fn wrapped(tokens: &[&RawValue]) -> Option<Box<RawValue>> {
    if tokens.is_empty() {
        return None;
    }
    let tokens = serde_json::to_string(tokens).ok()?;
    RawValue::from_string(format!("{{\"content\":{tokens},\"refusal\":null}}")).ok()
}

fn said(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.unwrap_or_default().0
}
