//! A provider's stream of chunks, read into the hub (vendors.md §1.4 and §6).

use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::openai::answer;
use crate::dialect::openai::answer::SaidAnnotation;
use crate::dialect::openai::answer::SaidImage;
use crate::dialect::openai::message::Extra;
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
    annotations: Option<Vec<SaidAnnotation<'a>>>,
    #[serde(borrow)]
    images: Option<Vec<SaidImage<'a>>>,
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

#[derive(Deserialize)]
struct SaidFunction<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<Str<'a>>,
}

/// Reads one stream.
#[derive(Default)]
pub struct Reader {
    begun: bool,
    /// Calls that were opened: their choice, and the provider's index or the id.
    calls: Vec<Call>,
}

struct Call {
    choice: u32,
    index: u32,
    id: String,
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
        let said: Said<'_> = serde_json::from_slice(data).map_err(|_| Garbage)?;
        let groq = said.x_groq.as_ref();
        if is_error(said.error) || groq.is_some_and(|groq| is_error(groq.error)) {
            sink(Chunk::Error(data.into()));
            return Ok(());
        }
        let usage = said.usage.filter(|usage| usage.get() != "null").or(groq.and_then(|groq| groq.usage));
        if !std::mem::replace(&mut self.begun, true) {
            let id = said.id.map(Cow::from).unwrap_or_default();
            sink(Chunk::Start { id, model: said.model.map(Cow::from).unwrap_or_default() });
        }
        for (at, choice) in (0..).zip(said.choices.into_iter().flatten()) {
            self.choice(choice.index.unwrap_or(at), choice, sink);
        }
        let usage = usage.and_then(|usage| Usage::from_openai(usage.get()));
        usage.into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
        Ok(())
    }
}

fn is_error(error: Option<&RawValue>) -> bool {
    error.is_some_and(|error| !matches!(error.get(), "null" | "false" | "\"\""))
}

impl Reader {
    fn choice(&mut self, choice: u32, said: SaidChoice<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let mut say = |delta: Delta<'_>| sink(Chunk::Delta { choice, delta });
        if let Some(delta) = said.delta {
            let thought = delta.reasoning_content.or(delta.reasoning).and_then(text);
            thought.filter(|text| !text.is_empty()).into_iter().for_each(|text| say(Delta::Thinking(text)));
            delta.content.into_iter().for_each(|content| speak(content, &mut say));
            delta.refusal.into_iter().for_each(|refusal| say(Delta::Refusal(refusal.into())));
            for citation in delta.annotations.into_iter().flatten().filter_map(SaidAnnotation::citation) {
                say(Delta::Citation(citation));
            }
            delta.images.into_iter().flatten().filter_map(answer::image).for_each(|i| say(Delta::Image(i)));
            for (at, call) in (0..).zip(delta.tool_calls.into_iter().flatten()) {
                self.call(choice, at, call, &mut say);
            }
        }
        if let Some(logprobs) = said.logprobs.filter(|raw| raw.get() != "null") {
            say(Delta::Logprobs(Cow::Borrowed(logprobs)));
        }
        if let Some(reason) = said.finish_reason.filter(|reason| !reason.0.is_empty()) {
            let finish = match Finish::of_word(&reason.0) {
                Finish::Stop if self.calls.iter().any(|call| call.choice == choice) => Finish::ToolCalls,
                finish => finish,
            };
            sink(Chunk::Finish { choice, finish, stop_sequence: None });
        }
    }

    /// A piece of a call: an index or an id not seen before opens one.
    fn call(&mut self, choice: u32, at: u32, said: SaidCall<'_>, say: &mut dyn FnMut(Delta<'_>)) {
        let id = said.id.map(Cow::from).unwrap_or_default();
        let custom = said.function.is_none() && said.custom.is_some();
        let function = said.function.or(said.custom);
        let theirs = said.index.unwrap_or(at);
        let is_known =
            |call: &Call| call.choice == choice && call.index == theirs && (id.is_empty() || id == call.id);
        let mine = |calls: &[Call], position: usize| {
            calls[..position].iter().filter(|call| call.choice == choice).count() as u32
        };
        let index = match self.calls.iter().rposition(is_known) {
            Some(position) => mine(&self.calls, position),
            None => {
                let index = mine(&self.calls, self.calls.len());
                self.calls.push(Call { choice, index: theirs, id: id.to_string() });
                let name = function.as_ref().and_then(|f| f.name.clone()).map(Cow::from).unwrap_or_default();
                let signature = said.extra_content.and_then(Extra::seal);
                say(Delta::ToolCall { index, id, name, custom, signature });
                index
            }
        };
        let arguments = function.and_then(|f| match f.arguments {
            Some(raw) => Some(text(raw).unwrap_or(Cow::Borrowed(raw.get()))),
            None => f.input.map(Cow::from),
        });
        if let Some(text) = arguments.filter(|text| !text.is_empty() && text != "null") {
            say(Delta::Arguments { index, text });
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
            _ => {}
        }
    }
}
