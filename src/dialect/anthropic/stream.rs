//! Reads a provider's stream (vendors.md §4.6).

use crate::dialect::anthropic::answer::StopDetails;
use crate::dialect::anthropic::block;
use crate::dialect::anthropic::block::Block;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::tally::Tally;
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

/// Every field that an event of any type may have.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The `delta` of a block or of the message.
#[derive(Default, Deserialize)]
struct Piece<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    stop_details: Option<StopDetails<'a>>,
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
        // serde would also take an array for a struct, field by field.
        let event = match data.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice::<Event<'_>>(data).ok(),
            Some(_) | None => None,
        };
        match event {
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
        match event.kind.as_ref().map_or("", |kind| &kind.0) {
            "content_block_delta" => self.add(event.index, event.delta.unwrap_or_default(), sink),
            "content_block_start" => {
                let block = event.content_block.and_then(|raw| serde_json::from_str(raw.get()).ok());
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
                self.finish_with(Piece { stop_reason: Some(Str::default()), ..Piece::default() }, sink);
                sink(Chunk::End);
            }
            "error" => sink(Chunk::Error(Cow::Borrowed(data))),
            _ => {}
        }
    }

    fn start(&mut self, message: Option<&RawValue>, sink: &mut Sink<'_>) {
        if self.started {
            return;
        }
        self.started = true;
        let message: Option<Opened<'_>> = message.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let Opened { id, model, usage } = message.unwrap_or_default();
        sink(Chunk::Start { id: said(id), model: said(model) });
        self.count(usage, sink);
    }

    fn count(&mut self, usage: Option<&RawValue>, sink: &mut Sink<'_>) {
        if let Some(later) = usage.and_then(|raw| Tally::read(raw.get())) {
            let tally = self.tally.get_or_insert_default();
            tally.merge(later);
            sink(Chunk::Usage(tally.usage()));
        }
    }

    /// What a block says in its opening counts like its first piece.
    fn open(&mut self, index: Option<u64>, block: Block<'_>, sink: &mut Sink<'_>) {
        self.start(None, sink);
        match block.kind() {
            "text" => say(Delta::Text, block.text, sink),
            "thinking" => {
                say(Delta::Thinking, block.thinking, sink);
                say(Delta::ThinkingSignature, block.signature, sink);
            }
            "redacted_thinking" => say(Delta::Redacted, block.data, sink),
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
        match piece.kind.as_ref().map_or("", |kind| &kind.0) {
            "text_delta" => say(Delta::Text, piece.text, sink),
            "input_json_delta" => self.argue(index, piece.partial_json, sink),
            "thinking_delta" => say(Delta::Thinking, piece.thinking, sink),
            "signature_delta" => say(Delta::ThinkingSignature, piece.signature, sink),
            "citations_delta" => {
                if let Some(citation) = piece.citation.and_then(block::citation) {
                    sink(Chunk::Delta { choice: 0, delta: Delta::Citation(citation) });
                }
            }
            _ => {}
        }
    }

    /// Arguments of a block that is no call of ours belong to the vendor's own tools.
    fn argue(&mut self, at: Option<u64>, text: Option<Str<'_>>, sink: &mut Sink<'_>) {
        let text = said(text);
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
        let refused = piece.stop_details.and_then(|details| details.explanation);
        say(Delta::Refusal, refused, sink);
        sink(Chunk::Finish {
            choice: 0,
            finish: words::finish(&reason.0, self.calls > 0),
            stop_sequence: piece.stop_sequence.map(|text| text.0),
        });
    }
}

/// Nothing is said by an empty piece.
fn say<'a>(delta: fn(Cow<'a, str>) -> Delta<'a>, text: Option<Str<'a>>, sink: &mut Sink<'_>) {
    let text = said(text);
    if !text.is_empty() {
        sink(Chunk::Delta { choice: 0, delta: delta(text) });
    }
}
