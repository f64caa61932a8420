//! Reads a provider's stream (vendors.md §4.6).

use crate::dialect::anthropic::answer::StopDetails;
use crate::dialect::anthropic::block;
use crate::dialect::anthropic::block::Block;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::tally::Tally;
use crate::dialect::anthropic::wire::Event;
use crate::dialect::anthropic::wire::Piece;
use crate::dialect::anthropic::words;
use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is remembered of one stream.
#[derive(Default)]
pub(super) struct Reader {
    started: bool,
    finished: bool,
    tally: Option<Tally>,
    /// The call that is open, by the vendor's index of its block.
    open: Option<(u64, Call)>,
    /// How many calls were opened.
    calls: u32,
}

/// A call under way.
struct Call {
    index: u32,
    /// Arguments that came with its opening. They count unless others follow.
    given: Option<String>,
}

#[derive(Default, Deserialize)]
struct Opened<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

type Sink<'s> = dyn FnMut(Chunk<'_>) + 's;

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let Some(data) = frame.data.as_deref() else { return Ok(()) };
        let named_error = frame.name.as_deref() == Some("error");
        match Event::read(data) {
            _ if named_error => sink(Chunk::Error(Cow::Borrowed(data))),
            None => return Err(Garbage),
            Some(event) if event.error.is_some() => sink(Chunk::Error(Cow::Borrowed(data))),
            Some(event) => self.take(event, data, sink),
        }
        Ok(())
    }
}

impl Reader {
    /// Types that nobody knows yet mean nothing.
    fn take(&mut self, event: Event<'_>, data: &[u8], sink: &mut Sink<'_>) {
        match event.kind.as_deref().unwrap_or_default() {
            "content_block_delta" => self.add(event.index, event.delta.unwrap_or_default(), sink),
            "content_block_start" => {
                let block = event.content_block.and_then(|raw| serde_json::from_str(raw).ok());
                self.open(event.index, block.unwrap_or_default(), sink);
            }
            "content_block_stop" => self.close(event.index, sink),
            "message_start" => self.start(event.message, sink),
            "message_delta" => {
                self.start(None, sink);
                self.count(event.usage, sink);
                self.finish_with(event.delta.unwrap_or_default(), sink);
            }
            "message_stop" => {
                self.start(None, sink);
                self.finish_with(Piece { stop_reason: Some(Cow::Borrowed("")), ..Piece::default() }, sink);
                sink(Chunk::End);
            }
            "error" => sink(Chunk::Error(Cow::Borrowed(data))),
            _ => {}
        }
    }

    fn start(&mut self, message: Option<&str>, sink: &mut Sink<'_>) {
        if self.started {
            return;
        }
        self.started = true;
        let message: Option<Opened<'_>> = message.and_then(|raw| serde_json::from_str(raw).ok());
        let Opened { id, model, usage } = message.unwrap_or_default();
        sink(Chunk::Start { id: said(id), model: said(model) });
        self.count(usage.map(RawValue::get), sink);
    }

    fn count(&mut self, usage: Option<&str>, sink: &mut Sink<'_>) {
        if let Some(later) = usage.and_then(Tally::read) {
            let tally = self.tally.get_or_insert_default();
            tally.merge(later);
            sink(Chunk::Usage(tally.usage()));
        }
    }

    /// What a block says in its opening counts like its first piece.
    fn open(&mut self, index: Option<u64>, block: Block<'_>, sink: &mut Sink<'_>) {
        self.start(None, sink);
        match block.kind() {
            "text" => say(Delta::Text, said(block.text), sink),
            "thinking" => {
                say(Delta::Thinking, said(block.thinking), sink);
                say(Delta::ThinkingSignature, said(block.signature), sink);
            }
            "redacted_thinking" => say(Delta::Redacted, said(block.data), sink),
            "tool_use" => self.call(index.unwrap_or_default(), block, sink),
            _ => {}
        }
    }

    fn call(&mut self, at: u64, block: Block<'_>, sink: &mut Sink<'_>) {
        self.settle(sink);
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        let given = block.input.map(RawValue::get).filter(|input| !matches!(*input, "{}" | "null" | "\"\""));
        self.open = Some((at, Call { index, given: given.map(str::to_owned) }));
        let (id, name) = (said(block.id), said(block.name));
        let call = Delta::ToolCall { index, id, name, custom: false, signature: None };
        sink(Chunk::Delta { choice: 0, delta: call });
    }

    fn add(&mut self, index: Option<u64>, piece: Piece<'_>, sink: &mut Sink<'_>) {
        self.start(None, sink);
        match piece.kind.as_deref().unwrap_or_default() {
            "text_delta" => say(Delta::Text, piece.text.unwrap_or_default(), sink),
            "input_json_delta" => self.argue(index, piece.partial_json.unwrap_or_default(), sink),
            "thinking_delta" => say(Delta::Thinking, piece.thinking.unwrap_or_default(), sink),
            "signature_delta" => say(Delta::ThinkingSignature, piece.signature.unwrap_or_default(), sink),
            "citations_delta" => {
                if let Some(citation) = piece.citation.and_then(block::citation) {
                    sink(Chunk::Delta { choice: 0, delta: Delta::Citation(citation) });
                }
            }
            _ => {}
        }
    }

    /// Arguments of a block that is no call of ours belong to the vendor's own tools.
    fn argue(&mut self, at: Option<u64>, text: Cow<'_, str>, sink: &mut Sink<'_>) {
        match &mut self.open {
            Some((open, call)) if at.is_none_or(|at| at == *open) && !text.is_empty() => {
                call.given = None;
                let index = call.index;
                sink(Chunk::Delta { choice: 0, delta: Delta::Arguments { index, text } });
            }
            Some(_) | None => {}
        }
    }

    fn close(&mut self, at: Option<u64>, sink: &mut Sink<'_>) {
        if self.open.as_ref().is_some_and(|(open, _)| at.is_none_or(|at| at == *open)) {
            self.settle(sink);
        }
    }

    /// Ends the call that is open.
    fn settle(&mut self, sink: &mut Sink<'_>) {
        if let Some((_, Call { index, given: Some(given) })) = self.open.take() {
            let text = Cow::Owned(given);
            sink(Chunk::Delta { choice: 0, delta: Delta::Arguments { index, text } });
        }
    }

    fn finish_with(&mut self, piece: Piece<'_>, sink: &mut Sink<'_>) {
        let Some(reason) = piece.stop_reason.filter(|_| !self.finished) else { return };
        self.finished = true;
        self.settle(sink);
        let details: Option<StopDetails<'_>> =
            piece.stop_details.and_then(|raw| serde_json::from_str(raw).ok());
        say(Delta::Refusal, said(details.and_then(|details| details.explanation)), sink);
        sink(Chunk::Finish {
            choice: 0,
            finish: words::finish(&reason, self.calls > 0),
            stop_sequence: piece.stop_sequence,
        });
    }
}

/// Nothing is said by an empty piece.
fn say<'a>(delta: fn(Cow<'a, str>) -> Delta<'a>, text: Cow<'a, str>, sink: &mut Sink<'_>) {
    if !text.is_empty() {
        sink(Chunk::Delta { choice: 0, delta: delta(text) });
    }
}
