//! A stream that is read into the hub: to be written in another dialect, or to be watched while it passes.

use crate::dialect::Dialect;
use crate::dialect::frame::Framer;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::origin;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::MAX_EVENT;
use crate::dialect::relay::MAX_HELD;
use crate::dialect::relay::Wishes;
use crate::dialect::seals::Seals;
use crate::dialect::side::ClientError;
use crate::dialect::side::ReadChunks;
use crate::dialect::side::WriteChunks;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use std::borrow::Cow;

/// Choices whose ends are told apart; more are counted as one.
const MAX_CHOICES: u32 = 127;

/// One stream.
pub struct HubRelay {
    wishes: Wishes,
    framer: Framer,
    frames: Vec<Bytes>,
    reader: Box<dyn ReadChunks>,
    /// `None`: both sides speak the same, and frames are passed on as they come.
    writer: Option<Box<dyn WriteChunks>>,
    watch: Watch,
    out: Vec<u8>,
    transcript: Option<Vec<u8>>,
    flow: Flow,
    pub usage: Option<Usage>,
    pub content_events: u64,
    pub garbage: u64,
}

/// What is learnt from the chunks of one frame.
struct Watch {
    provider: Dialect,
    /// For calls the provider gives no id.
    nonce: String,
    /// A bit for each choice that has ended.
    finished: u128,
    usage: Option<Usage>,
    content: bool,
    /// Content has come, in this frame or before.
    begun: bool,
    said_anything: bool,
    ended: bool,
    error: Option<Bytes>,
    seals: Seals,
}

impl HubRelay {
    /// A relay from `provider` to `writer`. `nonce` makes ids for calls that have none.
    pub fn new(
        provider: Dialect,
        writer: Option<Box<dyn WriteChunks>>,
        wishes: Wishes,
        nonce: String,
    ) -> HubRelay {
        let side = provider.provider_side();
        HubRelay {
            wishes,
            framer: Framer::new(side.framing(), MAX_EVENT),
            frames: Vec::new(),
            reader: side.reader(),
            writer,
            watch: Watch::new(provider, nonce),
            out: Vec::new(),
            transcript: (wishes.keep > 0).then(Vec::new),
            flow: Flow::Waiting,
            usage: None,
            content_events: 0,
            garbage: 0,
        }
    }

    /// Takes the next bytes from the provider and says where the stream stands.
    pub fn feed(&mut self, chunk: Bytes) -> &Flow {
        let mut frames = std::mem::take(&mut self.frames);
        let fits = self.framer.push(chunk, &mut frames);
        for raw in frames.drain(..) {
            self.pass(&raw);
        }
        self.frames = frames;
        let held = matches!(self.flow, Flow::Waiting) && self.out.len() > MAX_HELD;
        // What is said once more at the end has to fit into one event.
        let told = self.writer.as_ref().map_or(0, |writer| writer.held()) > MAX_EVENT;
        if self.flow.is_live() && (fits.is_err() || held || told) {
            self.flow = Flow::TooLong;
        }
        &self.flow
    }

    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    pub fn take(&mut self) -> Bytes {
        // A buffer of the same size is likely to be filled again.
        let next = Vec::with_capacity(self.out.len());
        std::mem::replace(&mut self.out, next).into()
    }

    pub fn end(&mut self) -> End {
        if let Some(raw) = self.framer.finish() {
            self.pass(&raw);
        }
        if self.flow.is_live() {
            let from = self.out.len();
            let HubRelay { reader, writer, watch, out, .. } = self;
            reader.finish(&mut |chunk| watch.hand(chunk, writer, out));
            self.learn();
            self.keep(from);
        }
        match self.flow {
            Flow::Done => End::Complete,
            Flow::Open if u64::from(self.watch.finished.count_ones()) >= self.wishes.choices => {
                let from = self.out.len();
                self.writer.iter_mut().for_each(|writer| writer.write(&Chunk::End, &mut self.out));
                self.keep(from);
                self.flow = Flow::Done;
                End::Complete
            }
            Flow::Waiting | Flow::Open | Flow::Error(_) | Flow::TooLong => End::Cut,
        }
    }

    pub fn transcript(&mut self) -> Option<Vec<u8>> {
        match self.flow {
            Flow::Done => self.transcript.take(),
            Flow::Waiting | Flow::Open | Flow::Error(_) | Flow::TooLong => None,
        }
    }

    pub fn break_off(&mut self, error: &ClientError<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.writer.as_mut()?.break_off(error, &mut out).then_some(out)
    }

    /// Seals that have to come back with the next request.
    pub fn seals(&mut self) -> Seals {
        std::mem::take(&mut self.watch.seals)
    }

    fn pass(&mut self, raw: &Bytes) {
        if !self.flow.is_live() {
            return;
        }
        let from = self.out.len();
        let HubRelay { framer, reader, writer, watch, out, .. } = self;
        let Some(frame) = framer.read(raw) else {
            self.garbage += 1;
            return;
        };
        watch.said_anything = false;
        let read = reader.read(&frame, &mut |chunk| watch.hand(chunk, writer, out));
        let is_ping = !watch.said_anything && (frame.data.is_none() || frame.name.as_deref() == Some("ping"));
        match (read, &self.writer) {
            (Err(_), _) => self.garbage += 1,
            (Ok(()), None) if self.watch.error.is_none() => self.out.extend_from_slice(raw),
            // Before the first content a ping would only delay the decision; later it keeps the client's connection alive.
            (Ok(()), Some(writer)) if is_ping && self.flow == Flow::Open => writer.ping(&mut self.out),
            (Ok(()), _) => {}
        }
        self.learn();
        self.keep(from);
    }

    fn learn(&mut self) {
        let watch = &mut self.watch;
        self.usage = watch.usage;
        if std::mem::take(&mut watch.content) {
            self.content_events += 1;
            self.flow = Flow::Open;
        }
        if let Some(error) = watch.error.take() {
            self.flow = Flow::Error(error);
        } else if watch.ended && self.flow == Flow::Open {
            self.flow = Flow::Done;
        }
    }

    fn keep(&mut self, from: usize) {
        let Some(transcript) = &mut self.transcript else {
            return;
        };
        transcript.extend_from_slice(&self.out[from..]);
        if transcript.len() > self.wishes.keep {
            self.transcript = None;
        }
    }
}

impl Watch {
    fn new(provider: Dialect, nonce: String) -> Watch {
        Watch {
            provider,
            nonce,
            finished: 0,
            usage: None,
            content: false,
            begun: false,
            said_anything: false,
            ended: false,
            error: None,
            seals: Seals::default(),
        }
    }

    fn hand(&mut self, chunk: Chunk<'_>, writer: &mut Option<Box<dyn WriteChunks>>, out: &mut Vec<u8>) {
        self.said_anything = true;
        let chunk = self.with_id(chunk);
        match &chunk {
            Chunk::Start { .. } => {}
            Chunk::Delta { choice, delta } => {
                self.content |= delta.is_content();
                self.seals.note(*choice, delta);
            }
            Chunk::Finish { choice, .. } => {
                self.content = true;
                self.finished |= 1 << (*choice).min(MAX_CHOICES);
            }
            Chunk::Usage(usage) => self.usage = Some(*usage),
            Chunk::Error(error) => self.error = Some(Bytes::copy_from_slice(error)),
            // An end before the first content ends nothing, and a client would hang up on it.
            Chunk::End if !self.begun => return,
            Chunk::End => self.ended = true,
        }
        self.begun |= self.content;
        if let Some(writer) = writer.as_mut().filter(|_| self.error.is_none()) {
            match chunk {
                Chunk::Delta { choice, delta } => {
                    let delta = origin::mark(delta, self.provider);
                    writer.write(&Chunk::Delta { choice, delta }, out);
                }
                chunk => writer.write(&chunk, out),
            }
        }
    }

    /// Every call has an id, for its result has to name it.
    fn with_id<'a>(&self, chunk: Chunk<'a>) -> Chunk<'a> {
        match chunk {
            Chunk::Delta { choice, delta: Delta::ToolCall { index, id, name, custom, signature } }
                if id.is_empty() =>
            {
                let id = Cow::Owned(call_id(&self.nonce, choice, index));
                Chunk::Delta { choice, delta: Delta::ToolCall { index, id, name, custom, signature } }
            }
            chunk @ (Chunk::Start { .. }
            | Chunk::Delta { .. }
            | Chunk::Finish { .. }
            | Chunk::Usage(_)
            | Chunk::Error(_)
            | Chunk::End) => chunk,
        }
    }
}

/// The id of a call to which its vendor gave none.
pub fn call_id(nonce: &str, choice: u32, index: u32) -> String {
    match choice {
        0 => format!("call_{nonce}{index}"),
        _ => format!("call_{nonce}{choice}_{index}"),
    }
}

#[cfg(test)]
mod tests;
