//! Reads the events of ConverseStream.

use crate::dialect::bedrock::answer::Counts;
use crate::dialect::bedrock::answer::finish;
use crate::dialect::frame::Frame;
use crate::dialect::frame::aws;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;
use std::borrow::Cow;

/// Most calls of one answer that are told apart; a stream with more is broken.
const MOST_CALLS: usize = 1024;

/// One stream.
#[derive(Default)]
pub struct Reader {
    started: bool,
    /// In the order in which they began; a call's number is its place here.
    calls: Vec<Call>,
    finished: bool,
    ended: bool,
}

struct Call {
    /// Of the content block.
    block: u64,
    /// Its arguments have begun.
    spoken: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow)]
    start: Option<Opened<'a>>,
    content_block_index: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened<'a> {
    #[serde(borrow)]
    tool_use: Option<ToolUse<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse<'a> {
    #[serde(borrow)]
    tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(borrow)]
    delta: Option<Said<'a>>,
    content_block_index: Option<u64>,
}

/// One field of it is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tool_use: Option<Arguments<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Reasoning<'a>>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    input: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
    #[serde(borrow)]
    redacted_content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stop<'a> {
    content_block_index: Option<u64>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Metadata {
    usage: Option<Counts>,
}

/// An exception, with its type where [`crate::dialect::fault`] looks for it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Complaint<'a> {
    #[serde(borrow, rename = "__type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Message")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing)]
    original_message: Option<Cow<'a, str>>,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let name = frame.name.as_deref().ok_or(Garbage)?;
        let data = frame.data.as_deref().unwrap_or(b"{}");
        match name {
            "messageStart" => self.start(sink),
            "contentBlockStart" => self.open(&parsed(data)?, sink)?,
            "contentBlockDelta" => self.say(parsed(data)?, sink)?,
            "contentBlockStop" => self.close(parsed::<Stop<'_>>(data)?.content_block_index, sink),
            "messageStop" => self.stop(&parsed(data)?, sink),
            "metadata" => self.end(parsed(data)?, sink),
            aws::ERROR => sink(Chunk::Error(Cow::Borrowed(data))),
            name if name.ends_with("Exception") => sink(Chunk::Error(Cow::Owned(complaint(name, data)))),
            _ => {}
        }
        Ok(())
    }

    /// The usage comes after the end; a stream that breaks between the two has said everything else.
    fn finish(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        if self.finished && !self.ended {
            self.ended = true;
            sink(Chunk::End);
        }
    }
}

impl Reader {
    fn start(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            sink(Chunk::Start { id: Cow::Borrowed(""), model: Cow::Borrowed("") });
        }
    }

    fn open(&mut self, event: &Start<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        self.start(sink);
        let Some(call) = event.start.as_ref().and_then(|start| start.tool_use.as_ref()) else {
            return Ok(());
        };
        let index = number(self.calls.len()).filter(|_| self.calls.len() < MOST_CALLS).ok_or(Garbage)?;
        self.calls.push(Call { block: event.content_block_index.unwrap_or(0), spoken: false });
        let delta = Delta::ToolCall {
            index,
            id: borrowed(call.tool_use_id.as_ref()),
            name: borrowed(call.name.as_ref()),
            custom: false,
            signature: None,
        };
        sink(Chunk::Delta { choice: 0, delta });
        Ok(())
    }

    fn say(&mut self, event: Piece<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        self.start(sink);
        let Some(said) = event.delta else { return Ok(()) };
        let mut say = |delta| sink(Chunk::Delta { choice: 0, delta });
        if let Some(text) = said.text {
            say(Delta::Text(text));
        }
        if let Some(text) = said.tool_use.and_then(|call| call.input).filter(|text| !text.is_empty()) {
            let index = self.call(event.content_block_index.unwrap_or(0)).ok_or(Garbage)?;
            self.calls[index].spoken = true;
            say(Delta::Arguments { index: number(index).ok_or(Garbage)?, text });
        }
        if let Some(thinking) = said.reasoning_content {
            thinking.text.into_iter().for_each(|text| say(Delta::Thinking(text)));
            thinking.signature.into_iter().for_each(|seal| say(Delta::ThinkingSignature(seal)));
            thinking.redacted_content.into_iter().for_each(|data| say(Delta::Redacted(data)));
        }
        Ok(())
    }

    /// A call whose arguments never came has none.
    fn close(&mut self, block: Option<u64>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let Some(at) = self.call(block.unwrap_or(0)) else { return };
        if !std::mem::replace(&mut self.calls[at].spoken, true)
            && let Some(index) = number(at)
        {
            sink(Chunk::Delta { choice: 0, delta: Delta::Arguments { index, text: Cow::Borrowed("{}") } });
        }
    }

    fn stop(&mut self, event: &Stop<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        self.start(sink);
        if !std::mem::replace(&mut self.finished, true) {
            let finish = finish(event.stop_reason.as_deref().unwrap_or_default(), !self.calls.is_empty());
            sink(Chunk::Finish { choice: 0, finish, stop_sequence: None });
        }
    }

    fn end(&mut self, event: Metadata, sink: &mut dyn FnMut(Chunk<'_>)) {
        if let Some(usage) = event.usage {
            sink(Chunk::Usage(Usage::from(usage)));
        }
        self.finish(sink);
    }

    fn call(&self, block: u64) -> Option<usize> {
        self.calls.iter().rposition(|call| call.block == block)
    }
}

fn complaint(name: &str, data: &[u8]) -> Vec<u8> {
    let told = parsed::<Complaint<'_>>(data).ok();
    let (message, original) = told.map_or((None, None), |told| (told.message, told.original_message));
    let complaint =
        Complaint { kind: Some(Cow::Borrowed(name)), message: message.or(original), original_message: None };
    serde_json::to_vec(&complaint).unwrap_or_default()
}

fn parsed<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T, Garbage> {
    serde_json::from_slice(data).map_err(|_| Garbage)
}

fn number(index: usize) -> Option<u32> {
    u32::try_from(index).ok()
}

fn borrowed<'a>(text: Option<&'a Cow<'_, str>>) -> Cow<'a, str> {
    Cow::Borrowed(text.map_or("", AsRef::as_ref))
}
