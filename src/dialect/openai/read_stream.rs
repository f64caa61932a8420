//! A provider's stream of chunks, read into the hub (vendors.md §1.4 and §6).

use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::openai::answer;
use crate::dialect::openai::answer::SaidAnnotation;
use crate::dialect::openai::answer::SaidAudio;
use crate::dialect::openai::answer::SaidImage;
use crate::dialect::openai::answer::is_error;
use crate::dialect::openai::message::Extra;
use crate::dialect::openai::message::SaidFunction;
use crate::dialect::openai::message::SaidThinking;
use crate::dialect::openai::message::spelled;
use crate::dialect::openai::read_calls::Calls;
use crate::dialect::openai::read_calls::Piece;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
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
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<Groq<'a>>,
}

/// Groq puts the usage and the error of a stream here (vendors.md §6.1).
#[derive(Deserialize)]
struct Groq<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SaidChoice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<SaidDelta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SaidDelta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<Vec<SaidCall<'a>>>,
    #[serde(borrow)]
    function_call: Option<SaidFunction<'a>>,
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
struct SaidCall<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    function: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    custom: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    extra_content: Option<Extra<'a>>,
}

/// Reads one stream.
#[derive(Default)]
pub struct Reader {
    begun: bool,
    /// Choices that have ended: some vendors say so twice.
    finished: Vec<u32>,
    calls: Calls,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let Some(data) = frame.data.as_deref().map(<[u8]>::trim_ascii).filter(|data| !data.is_empty()) else {
            return Ok(());
        };
        if data.starts_with(b"[DONE]") {
            sink(Chunk::End);
            return Ok(());
        }
        if frame.name.as_deref() == Some("error") {
            sink(Chunk::Error(data.into()));
            return Ok(());
        }
        if !data.starts_with(b"{") {
            return Err(Garbage);
        }
        let said: Said<'_> = serde_json::from_slice(data).map_err(|_| Garbage)?;
        match said.is_error() {
            true => sink(Chunk::Error(data.into())),
            false => self.chunk(said, sink),
        }
        Ok(())
    }
}

impl Said<'_> {
    fn is_error(&self) -> bool {
        // Older servers write an error flat, without `error` around it (vendors.md §6).
        let is_flat = self.choices.is_none() && self.object.is_some_and(|object| object.get() == "\"error\"");
        let broke_off =
            |choice: &SaidChoice<'_>| choice.finish_reason.as_ref().is_some_and(|r| r.0 == "error");
        is_flat
            || is_error(self.error)
            || self.x_groq.as_ref().is_some_and(|groq| is_error(groq.error))
            || self.choices.iter().flatten().any(broke_off)
    }
}

impl Reader {
    fn chunk(&mut self, said: Said<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let told =
            said.usage.filter(|usage| usage.get() != "null").or(said.x_groq.and_then(|groq| groq.usage));
        let (id, model) =
            (said.id.map(Cow::from).unwrap_or_default(), said.model.map(Cow::from).unwrap_or_default());
        let choices = said.choices.unwrap_or_default();
        // Some vendors speak before they know their own name.
        let knows = !id.is_empty() || !model.is_empty() || !choices.is_empty() || told.is_some();
        if knows && !std::mem::replace(&mut self.begun, true) {
            sink(Chunk::Start { id, model });
        }
        for (at, choice) in (0..).zip(choices) {
            self.choice(choice.index.unwrap_or(at), choice, sink);
        }
        let usage = told.and_then(|usage| Usage::from_openai(usage.get()));
        usage.into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
    }

    fn choice(&mut self, choice: u32, said: SaidChoice<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let mut say = |delta: Delta<'_>| sink(Chunk::Delta { choice, delta });
        if let Some(delta) = said.delta {
            self.delta(choice, delta, &mut say);
        }
        if let Some(logprobs) = said.logprobs.filter(|raw| raw.get() != "null") {
            say(Delta::Logprobs(Cow::Borrowed(logprobs)));
        }
        let reason = said.finish_reason.filter(|reason| !reason.0.is_empty());
        if let Some(reason) = reason.filter(|_| !self.finished.contains(&choice)) {
            self.finished.push(choice);
            self.calls.close(choice, &mut say);
            let finish = match Finish::of_word(&reason.0) {
                Finish::Stop if self.calls.any(choice) => Finish::ToolCalls,
                finish => finish,
            };
            sink(Chunk::Finish { choice, finish, stop_sequence: None });
        }
    }

    fn delta(&mut self, choice: u32, said: SaidDelta<'_>, say: &mut dyn FnMut(Delta<'_>)) {
        let thought = spelled(said.reasoning_content, said.reasoning);
        let has_thought = thought.is_some();
        thought.into_iter().for_each(|text| say(Delta::Thinking(text)));
        for block in said.thinking_blocks.into_iter().flatten() {
            block.deltas(has_thought, say);
        }
        said.content.into_iter().for_each(|content| speak(content, say));
        let refusal = said.refusal.filter(|refusal| !refusal.0.is_empty());
        refusal.into_iter().for_each(|refusal| say(Delta::Refusal(refusal.into())));
        for citation in said.annotations.into_iter().flatten().filter_map(SaidAnnotation::citation) {
            say(Delta::Citation(citation));
        }
        said.images
            .into_iter()
            .flatten()
            .filter_map(answer::image)
            .for_each(|image| say(Delta::Image(image)));
        said.audio.and_then(answer::audio).into_iter().for_each(|audio| say(Delta::Audio(audio)));
        for (place, call) in (0..).zip(said.tool_calls.into_iter().flatten()) {
            self.calls.add(choice, call.piece(place), say);
        }
        if let Some(function) = said.function_call {
            let call = SaidCall {
                index: None,
                id: None,
                function: Some(function),
                custom: None,
                extra_content: None,
            };
            self.calls.add(choice, call.piece(0), say);
        }
    }
}

impl<'a> SaidCall<'a> {
    fn piece(self, place: u32) -> Piece<'a> {
        let custom = self.function.is_none() && self.custom.is_some();
        let (name, arguments) = match self.function.or(self.custom) {
            Some(function) => (function.name.clone(), function.arguments()),
            None => (None, None),
        };
        Piece {
            number: self.index,
            place,
            id: self.id.map(Cow::from).unwrap_or_default(),
            name: name.map(Cow::from).unwrap_or_default(),
            custom,
            arguments: arguments.unwrap_or_default(),
            signature: self.extra_content.and_then(Extra::seal),
        }
    }
}

/// Mistral's content is a list of chunks where it thinks (vendors.md §6.7).
fn speak(content: &RawValue, say: &mut dyn FnMut(Delta<'_>)) {
    if let Some(text) = text(content) {
        if !text.is_empty() {
            say(Delta::Text(text));
        }
        return;
    }
    for part in answer::content(content) {
        match part {
            Part::Text(text) => say(Delta::Text(text.text)),
            Part::Thinking(thinking) => say(Delta::Thinking(thinking.text)),
            // A list of chunks holds nothing else.
            Part::Image(_)
            | Part::Audio(_)
            | Part::Document(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_)
            | Part::Refusal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
