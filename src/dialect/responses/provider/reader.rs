//! Reads a provider's stream (vendors.md §11.3).
//!
//! Some servers give only deltas, some only the whole at the end of a piece, most give both: what has come is
//! counted, so that nothing is lost and nothing said twice.

use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::responses::json;
use crate::dialect::responses::provider::answer::Annotation;
use crate::dialect::responses::provider::answer::Answer;
use crate::dialect::responses::provider::answer::Item;
use crate::dialect::responses::provider::answer::wrapped;
use crate::dialect::responses::provider::events::Event;
use crate::dialect::responses::provider::events::Kind;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use std::borrow::Cow;

type Sink<'s> = dyn FnMut(Chunk<'_>) + 's;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct Reader {
    started: bool,
    ended: bool,
    /// Text has come in deltas; what `.done` says has been said then.
    streams_text: bool,
    streams_refusals: bool,
    /// Reasoning has come in deltas.
    streams_thoughts: bool,
    /// Item and part of the reasoning that came last.
    thought: Option<(u32, u32)>,
    calls: Vec<Call>,
}

/// A call that was opened.
#[derive(Debug)]
struct Call {
    item: u32,
    id: String,
    /// Bytes of its arguments that have come.
    come: usize,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        let Some(data) = frame.data.as_deref().filter(|_| !self.ended) else { return Ok(()) };
        let named = frame.name.as_deref().filter(|name| name.starts_with("response.") || *name == "error");
        if named.is_some_and(|name| Kind::of(name).is_none()) || data == b"[DONE]" {
            return Ok(());
        }
        let event = parse(data)?;
        let kind = named.or(event.kind.as_deref());
        match (kind.and_then(Kind::of), kind) {
            (Some(kind), _) => self.take(kind, &event, data, sink),
            // Gateways in between say it as in chat completions.
            (None, None) if event.error.is_some() => {
                self.fail(data, sink);
                Ok(())
            }
            (None, None) => Err(Garbage),
            (None, Some(_)) => Ok(()),
        }
    }
}

fn parse(data: &[u8]) -> Result<Event<'_>, Garbage> {
    match data.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(data).map_err(|_| Garbage),
        _ => Err(Garbage),
    }
}

impl Reader {
    fn take(
        &mut self,
        kind: Kind,
        event: &Event<'_>,
        data: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<(), Garbage> {
        match kind {
            Kind::Created => self.created(event, sink)?,
            Kind::Text => self.text(event, sink)?,
            Kind::Refusal => {
                self.streams_refusals = true;
                self.say(Delta::Refusal(event.delta().ok_or(Garbage)?), sink);
            }
            Kind::TextDone if self.streams_text => {}
            Kind::TextDone => self.say(Delta::Text(event.whole().ok_or(Garbage)?), sink),
            Kind::RefusalDone if self.streams_refusals => {}
            Kind::RefusalDone => self.say(Delta::Refusal(event.whole().ok_or(Garbage)?), sink),
            Kind::Annotation => {
                let annotation: Annotation<'_> = event.annotation.and_then(json::object).ok_or(Garbage)?;
                annotation
                    .citation()
                    .into_iter()
                    .for_each(|citation| self.say(Delta::Citation(citation), sink));
            }
            Kind::Thought => {
                self.streams_thoughts = true;
                self.think(event, event.delta().ok_or(Garbage)?, sink);
            }
            Kind::ThoughtDone if self.streams_thoughts => {}
            Kind::ThoughtDone => self.think(event, event.whole().ok_or(Garbage)?, sink),
            Kind::Arguments => self.argue(event.item_index(), event.delta().ok_or(Garbage)?, sink),
            Kind::ArgumentsDone => {
                let whole = event.whole().ok_or(Garbage)?;
                let at = self.calls.iter().position(|call| call.item == event.item_index());
                at.into_iter().for_each(|at| self.rest(at, &whole, sink));
            }
            Kind::ItemAdded => self.added(event, sink)?,
            Kind::ItemDone => self.done(event, sink)?,
            Kind::Ended => self.end(event, sink)?,
            Kind::Failed => self.failed(event, sink),
            Kind::Error => self.fail(data, sink),
        }
        Ok(())
    }

    fn created(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        let answer: Answer<'_> = event.response.and_then(json::object).ok_or(Garbage)?;
        self.start(&answer, sink);
        Ok(())
    }

    fn start(&mut self, answer: &Answer<'_>, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            let said = |text: Option<&str>| Cow::Owned(text.unwrap_or_default().to_owned());
            sink(Chunk::Start { id: said(answer.id.as_deref()), model: said(answer.model.as_deref()) });
        }
    }

    fn say(&mut self, delta: Delta<'_>, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            sink(Chunk::Start { id: Cow::Borrowed(""), model: Cow::Borrowed("") });
        }
        sink(Chunk::Delta { choice: 0, delta });
    }

    fn text(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        self.streams_text = true;
        self.say(Delta::Text(event.delta().ok_or(Garbage)?), sink);
        // Almost always the empty list.
        let tokens = event.logprobs.filter(|raw| raw.get().len() > 2).and_then(json::elements);
        if let Some(logprobs) = tokens.and_then(|tokens| wrapped(&tokens)) {
            self.say(Delta::Logprobs(Cow::Owned(logprobs)), sink);
        }
        Ok(())
    }

    /// Parts of a summary are paragraphs.
    fn think(&mut self, event: &Event<'_>, text: Cow<'_, str>, sink: &mut Sink<'_>) {
        let at = (event.item_index(), event.part_index());
        let continues = self.thought.is_some_and(|last| last.0 == at.0 && last.1 != at.1);
        self.thought = Some(at);
        if continues {
            self.say(Delta::Thinking(Cow::Borrowed("\n\n")), sink);
        }
        self.say(Delta::Thinking(text), sink);
    }

    fn argue(&mut self, item: u32, text: Cow<'_, str>, sink: &mut Sink<'_>) {
        let Some(at) = self.calls.iter().rposition(|call| call.item == item) else { return };
        self.calls[at].come += text.len();
        self.say(Delta::Arguments { index: number(at), text }, sink);
    }

    /// Says what is missing of the arguments of call `at`.
    fn rest(&mut self, at: usize, whole: &str, sink: &mut Sink<'_>) {
        let rest = whole.get(self.calls[at].come..).unwrap_or_default();
        if !rest.is_empty() {
            self.calls[at].come = whole.len();
            self.say(Delta::Arguments { index: number(at), text: Cow::Borrowed(rest) }, sink);
        }
    }

    fn added(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        let item = item(event)?.filter(is_call);
        item.into_iter().for_each(|item| {
            self.open(event.item_index(), &item, sink);
        });
        Ok(())
    }

    fn open(&mut self, index: u32, item: &Item<'_>, sink: &mut Sink<'_>) -> usize {
        let id = item.call_id.as_deref().unwrap_or_default();
        let name = item.name.as_deref().unwrap_or_default();
        let at = self.calls.len();
        self.calls.push(Call { item: index, id: id.to_owned(), come: 0 });
        let (id, name) = (Cow::Borrowed(id), Cow::Borrowed(name));
        self.say(
            Delta::ToolCall { index: number(at), id, name, custom: item.is_custom(), signature: None },
            sink,
        );
        at
    }

    fn done(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        let Some(mut item) = item(event)? else { return Ok(()) };
        match item.kind.as_deref() {
            Some("reasoning") => self.thought_done(event.item_index(), &item, sink),
            Some("function_call" | "custom_tool_call") => {
                let known = |call: &Call| match item.call_id.as_deref() {
                    Some(id) if !id.is_empty() => call.id == id,
                    _ => call.item == event.item_index(),
                };
                let at = self.calls.iter().position(known);
                let at = at.unwrap_or_else(|| self.open(event.item_index(), &item, sink));
                let whole = item.arguments.as_deref().or(item.input.as_deref()).unwrap_or_default();
                self.rest(at, whole, sink);
            }
            Some("image_generation_call") => {
                item.image().into_iter().for_each(|image| self.say(Delta::Image(image), sink));
            }
            _ => {}
        }
        Ok(())
    }

    fn thought_done(&mut self, index: u32, item: &Item<'_>, sink: &mut Sink<'_>) {
        let said = self.streams_thoughts || self.thought.is_some_and(|(last, _)| last == index);
        let text = item.thought();
        if !said && !text.is_empty() {
            self.say(Delta::Thinking(Cow::Owned(text)), sink);
        }
        item.seal().into_iter().for_each(|seal| self.say(Delta::ThinkingSignature(Cow::Owned(seal)), sink));
    }

    fn end(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) -> Result<(), Garbage> {
        let answer: Answer<'_> = event.response.and_then(json::object).ok_or(Garbage)?;
        self.start(&answer, sink);
        self.ended = true;
        answer.usage().into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
        let finish: Finish = answer.finish(!self.calls.is_empty());
        sink(Chunk::Finish { choice: 0, finish, stop_sequence: None });
        sink(Chunk::End);
        Ok(())
    }

    /// The error stands in the answer that failed.
    fn failed(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) {
        let answer: Option<Answer<'_>> = event.response.and_then(json::object);
        let error = answer.and_then(|answer| answer.error).map_or("null", |error| error.get());
        self.fail(format!("{{\"error\":{error}}}").as_bytes(), sink);
    }

    fn fail(&mut self, error: &[u8], sink: &mut Sink<'_>) {
        self.ended = true;
        sink(Chunk::Error(Cow::Borrowed(error)));
    }
}

fn item<'a>(event: &Event<'a>) -> Result<Option<Item<'a>>, Garbage> {
    Item::read(event.item.ok_or(Garbage)?).map_err(|_| Garbage)
}

fn is_call(item: &Item<'_>) -> bool {
    matches!(item.kind.as_deref(), Some("function_call" | "custom_tool_call"))
}

/// Calls are numbered in the order in which they begin.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
