//! A provider's whole chat answer, read into the hub (vendors.md §1.3 and §6).

use crate::dialect::hub::Audio;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Image;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::openai::message;
use crate::dialect::openai::message::SaidCall;
use crate::dialect::openai::message::SaidFunction;
use crate::dialect::openai::message::SaidThinking;
use crate::dialect::openai::message::spelled;
use crate::dialect::openai::part;
use crate::dialect::side::NoAnswer;
use crate::dialect::text::Str;
use crate::dialect::text::text;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    choices: Option<Vec<SaidChoice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<Str<'a>>,
    #[serde(borrow)]
    system_fingerprint: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct SaidChoice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    message: SaidMessage<'a>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SaidMessage<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<SaidCall<'a>>>,
    #[serde(borrow)]
    function_call: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking_blocks: Option<Vec<SaidThinking<'a>>>,
    #[serde(borrow)]
    annotations: Option<Vec<SaidAnnotation<'a>>>,
    #[serde(borrow)]
    images: Option<Vec<SaidImage<'a>>>,
    #[serde(borrow)]
    audio: Option<SaidAudio<'a>>,
}

#[derive(Deserialize)]
pub struct SaidAnnotation<'a> {
    #[serde(borrow)]
    url_citation: Option<SaidCitation<'a>>,
}

#[derive(Deserialize)]
struct SaidCitation<'a> {
    #[serde(borrow)]
    url: Option<Str<'a>>,
    #[serde(borrow)]
    title: Option<Str<'a>>,
    start_index: Option<u64>,
    end_index: Option<u64>,
}

/// OpenRouter's way to answer with images (vendors.md §6.3).
#[derive(Deserialize)]
pub struct SaidImage<'a> {
    #[serde(borrow)]
    image_url: Option<SaidUrl<'a>>,
}

#[derive(Deserialize)]
struct SaidUrl<'a> {
    #[serde(borrow)]
    url: Str<'a>,
}

#[derive(Deserialize)]
pub struct SaidAudio<'a> {
    #[serde(borrow)]
    data: Option<Str<'a>>,
    #[serde(borrow)]
    transcript: Option<Str<'a>>,
}

/// Mistral's content is a list of chunks where it thinks (vendors.md §6.7).
#[derive(Deserialize)]
struct SaidChunk<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Vec<SaidWords<'a>>>,
}

#[derive(Deserialize)]
struct SaidWords<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
}

/// Reads a whole answer.
///
/// # Errors
/// [`NoAnswer`] when it is none.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    // serde would also take an array for a struct, field by field.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(NoAnswer::Malformed);
    }
    let said: Said<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    if is_error(said.error) {
        return Err(NoAnswer::Error);
    }
    let mut choices = said.choices.filter(|choices| !choices.is_empty()).ok_or(NoAnswer::Malformed)?;
    if choices.iter().any(|choice| choice.finish_reason.as_ref().is_some_and(|reason| reason.0 == "error")) {
        return Err(NoAnswer::Error);
    }
    choices.sort_by_key(|choice| choice.index);
    Ok(ChatResponse {
        id: said.id.map(Cow::from).unwrap_or_default(),
        model: said.model.map(Cow::from).unwrap_or_default(),
        choices: choices.into_iter().map(choice).collect(),
        usage: said.usage.and_then(|usage| Usage::from_openai(usage.get())),
        service_tier: said.service_tier.map(Cow::from),
        system_fingerprint: said.system_fingerprint.map(Cow::from),
    })
}

/// Whether the field `error` of an answer or an event tells of one.
pub fn is_error(error: Option<&RawValue>) -> bool {
    error.is_some_and(|error| !matches!(error.get(), "null" | "false" | "\"\""))
}

fn choice(said: SaidChoice<'_>) -> Choice<'_> {
    let message = said.message;
    let mut parts =
        message::thinking(message.thinking_blocks, spelled(message.reasoning_content, message.reasoning));
    parts.extend(message.content.into_iter().flat_map(content));
    cite(&mut parts, message.annotations);
    parts.extend(message.refusal.map(|refusal| Part::Refusal(refusal.into())));
    parts.extend(message.images.into_iter().flatten().filter_map(image).map(Part::Image));
    parts.extend(message.audio.and_then(audio).map(Part::Audio));
    let mut calls = message.tool_calls.unwrap_or_default();
    let function = message.function_call;
    calls.extend(function.map(|function| SaidCall {
        id: None,
        function: Some(function),
        custom: None,
        extra_content: None,
    }));
    let has_calls = !calls.is_empty();
    parts.extend(told_apart(calls).into_iter().map(Part::ToolCall));
    let finish = said.finish_reason.map_or(Finish::Stop, |reason| Finish::of_word(&reason.0));
    Choice {
        parts,
        finish: Some(if has_calls && finish == Finish::Stop { Finish::ToolCalls } else { finish }),
        stop_sequence: None,
        logprobs: said.logprobs.map(Cow::Borrowed),
    }
}

/// An id that another call has as well is none: results could not be told apart.
fn told_apart(said: Vec<SaidCall<'_>>) -> Vec<ToolCall<'_>> {
    let mut calls: Vec<ToolCall<'_>> = Vec::with_capacity(said.len());
    for call in said.into_iter().map(message::tool_call) {
        let is_taken = calls.iter().any(|known| known.id == call.id);
        let id = if is_taken { Cow::Borrowed("") } else { call.id };
        calls.push(ToolCall { id, ..call });
    }
    calls
}

/// What a message or a delta says: a string, or Mistral's list.
pub fn content(raw: &RawValue) -> Vec<Part<'_>> {
    if let Some(text) = text(raw) {
        return if text.is_empty() { Vec::new() } else { vec![Part::text(text)] };
    }
    let chunks: Vec<SaidChunk<'_>> = serde_json::from_str(raw.get()).unwrap_or_default();
    chunks.into_iter().filter_map(chunk).collect()
}

fn chunk(chunk: SaidChunk<'_>) -> Option<Part<'_>> {
    match (chunk.thinking, chunk.text) {
        (Some(words), _) => {
            let text: String =
                words.iter().filter_map(|words| Some(words.text.as_ref()?.0.as_ref())).collect();
            Some(Part::Thinking(Thinking { text: text.into(), ..Thinking::default() }))
        }
        (None, text) => text.map(|text| Part::text(text.0)),
    }
}

fn cite<'a>(parts: &mut Vec<Part<'a>>, annotations: Option<Vec<SaidAnnotation<'a>>>) {
    let citations: Vec<_> = annotations.into_iter().flatten().filter_map(SaidAnnotation::citation).collect();
    if citations.is_empty() {
        return;
    }
    let said = parts.iter_mut().find_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    match said {
        Some(text) => text.citations = citations,
        None => parts.push(Part::Text(Text { citations, ..Text::default() })),
    }
}

impl<'a> SaidAnnotation<'a> {
    /// The citation of a URL; others have no place in the hub.
    pub fn citation(self) -> Option<Citation<'a>> {
        let said = self.url_citation?;
        Some(Citation {
            url: said.url?.into(),
            title: said.title.map(Cow::from).unwrap_or_default(),
            cited: None,
            start: said.start_index.unwrap_or(0),
            end: said.end_index.unwrap_or(0),
        })
    }
}

/// An image in an answer.
pub fn image(said: SaidImage<'_>) -> Option<Image<'_>> {
    Some(Image { media: part::media(said.image_url?.url.into()), detail: None, cache: None })
}

/// Sound in an answer, or a piece of it.
pub fn audio(said: SaidAudio<'_>) -> Option<Audio<'_>> {
    let is_something = said.data.is_some() || said.transcript.is_some();
    let (data, transcript) = (said.data.map(Cow::from).unwrap_or_default(), said.transcript.map(Cow::from));
    // The answer does not repeat the format that was asked for.
    is_something.then_some(Audio { format: Cow::Borrowed(""), data, transcript })
}

#[cfg(test)]
mod tests;
