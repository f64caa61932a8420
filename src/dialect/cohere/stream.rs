//! One stream: events that name their type, from `message-start` to `message-end` (vendors.md §8.1).

#[cfg(test)]
mod tests;

use crate::dialect::cohere::citations::Place;
use crate::dialect::cohere::finish;
use crate::dialect::cohere::loose::Loose;
use crate::dialect::cohere::loose::said;
use crate::dialect::cohere::wire;
use crate::dialect::cohere::wire::Block;
use crate::dialect::cohere::wire::Call;
use crate::dialect::cohere::wire::Event;
use crate::dialect::cohere::wire::Piece;
use crate::dialect::frame::Frame;
use crate::dialect::hub;
use crate::dialect::hub::Chunk;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use std::borrow::Cow;

/// Cohere gives one answer.
const CHOICE: u32 = 0;

/// What has to be remembered from event to event.
#[derive(Default)]
pub struct Reader {
    started: bool,
    /// Cohere's numbers of the calls, in the order in which they began.
    calls: Vec<u64>,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let data = frame.data.as_deref().unwrap_or_default().trim_ascii();
        if data.is_empty() || data.starts_with(b"[DONE]") {
            return Ok(());
        }
        if !data.starts_with(b"{") {
            return Err(Garbage);
        }
        let mut event: Event<'_> = serde_json::from_slice(data).map_err(|_| Garbage)?;
        let named = frame.name.as_deref();
        if event.error.is_some() || matches!(event.message, Loose::Text) || named == Some("error") {
            sink(Chunk::Error(Cow::Borrowed(data)));
            return Ok(());
        }
        let kind = event.kind.take().map(|kind| kind.0);
        match kind.as_deref().or(named) {
            Some("message-end") => self.end(event, data, sink),
            Some("message-start") => self.start(said(event.id).unwrap_or_default(), sink),
            Some(kind) => self.tell(kind, event, sink),
            None => {}
        }
        Ok(())
    }
}

impl Reader {
    fn start(&mut self, id: Cow<'_, str>, sink: &mut dyn FnMut(Chunk<'_>)) {
        if !self.started {
            self.started = true;
            sink(Chunk::Start { id, model: Cow::Borrowed("") });
        }
    }

    /// Events of unknown kinds, and those that only close what was opened, tell nothing.
    fn tell(&mut self, kind: &str, event: Event<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let piece = event.delta.this().and_then(|delta| delta.message.this());
        let Some(Piece { content, tool_plan, tool_calls, citations }) = piece else { return };
        self.start(Cow::Borrowed(""), sink);
        let mut say = |delta: hub::Delta<'_>| sink(Chunk::Delta { choice: CHOICE, delta });
        match kind {
            "content-start" | "content-delta" => {
                content.this().and_then(words).into_iter().for_each(&mut say);
                let logprobs = event.logprobs.and_then(wire::logprobs);
                logprobs.into_iter().for_each(|raw| say(hub::Delta::Logprobs(Cow::Owned(raw))));
            }
            "tool-plan-delta" => said(tool_plan).map(hub::Delta::Text).into_iter().for_each(say),
            "tool-call-start" => self.open(event.index, tool_calls.this(), &mut say),
            "tool-call-delta" => self.fill(event.index, tool_calls.this(), &mut say),
            "citation-start" => {
                let cited = citations.this().filter(|cited| cited.place() != Place::Thinking);
                cited.into_iter().flat_map(|cited| cited.citations()).map(hub::Delta::Citation).for_each(say);
            }
            _ => {}
        }
    }

    fn open(&mut self, number: Option<u64>, call: Option<Call<'_>>, say: &mut impl FnMut(hub::Delta<'_>)) {
        let Some((call, function)) = call.and_then(|mut call| Some((call.id.take(), call.function?))) else {
            return;
        };
        let Some(name) = said(function.name) else { return };
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.push(number.unwrap_or(u64::from(index)));
        let id = call.unwrap_or_default().0;
        say(hub::Delta::ToolCall { index, id, name, custom: false, signature: None });
        said(function.arguments).into_iter().for_each(|text| say(hub::Delta::Arguments { index, text }));
    }

    /// What does not tell its call belongs to the last one.
    fn fill(&mut self, number: Option<u64>, call: Option<Call<'_>>, say: &mut impl FnMut(hub::Delta<'_>)) {
        let known = number.and_then(|number| self.calls.iter().rposition(|call| *call == number));
        let Some(at) = known.or(self.calls.len().checked_sub(1)) else { return };
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        let text = call.and_then(|call| said(call.function?.arguments));
        text.into_iter().for_each(|text| say(hub::Delta::Arguments { index, text }));
    }

    fn end(&mut self, event: Event<'_>, data: &[u8], sink: &mut dyn FnMut(Chunk<'_>)) {
        let delta = event.delta.this();
        let reason = delta.as_ref().and_then(|delta| delta.finish_reason.as_ref());
        let failed = delta.as_ref().is_some_and(|delta| delta.error.is_some());
        let finish = finish::of(reason, !self.calls.is_empty()).filter(|_| !failed);
        let Some(finish) = finish else { return sink(Chunk::Error(Cow::Borrowed(data))) };
        self.start(Cow::Borrowed(""), sink);
        sink(Chunk::Finish { choice: CHOICE, finish, stop_sequence: None });
        let usage = delta.and_then(|delta| delta.usage.this()?.usage());
        usage.into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
        sink(Chunk::End);
    }
}

fn words(block: Block<'_>) -> Option<hub::Delta<'_>> {
    said(block.thinking).map(hub::Delta::Thinking).or_else(|| said(block.text).map(hub::Delta::Text))
}
