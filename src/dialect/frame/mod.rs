//! A stream of bytes, cut anywhere, becomes frames: what one event of a stream is, before anyone reads it.

pub mod aws;
mod lines;

use crate::dialect::frame::lines::Lines;
use crate::dialect::sse;
use crate::dialect::sse::Event;
use crate::dialect::sse::Splitter;
use bytes::Bytes;
use std::borrow::Cow;

/// How a dialect cuts its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// A line of JSON each.
    Lines,
    /// AWS's binary event streams.
    Aws,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its type, where the framing names one.
    pub name: Option<Cow<'a, str>>,
    /// `None` where it carries none: a comment, a ping.
    pub data: Option<Cow<'a, [u8]>>,
}

/// A frame grew past the bound before it ended, or the stream cannot be cut any more. It is lost.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of the stream is longer than {limit} bytes, or none at all")]
pub struct FrameTooLong {
    pub limit: usize,
}

/// Cuts a stream of bytes into the bytes of single frames. What is not yet a whole one waits inside.
pub struct Framer {
    cutter: Cutter,
    events: Vec<Event>,
}

enum Cutter {
    Sse(Splitter),
    Lines(Lines),
    Aws(aws::Messages),
}

impl Framer {
    /// `limit` bounds one frame, in bytes.
    pub fn new(framing: Framing, limit: usize) -> Framer {
        let cutter = match framing {
            Framing::Sse => Cutter::Sse(Splitter::new(limit)),
            Framing::Lines => Cutter::Lines(Lines::new(limit)),
            Framing::Aws => Cutter::Aws(aws::Messages::new(limit)),
        };
        Framer { cutter, events: Vec::new() }
    }

    /// Takes the next bytes and hands out the bytes of every frame they complete, in order.
    ///
    /// # Errors
    /// [`FrameTooLong`]; what was complete before is handed out all the same.
    pub fn push(&mut self, chunk: Bytes, frames: &mut Vec<Bytes>) -> Result<(), FrameTooLong> {
        match &mut self.cutter {
            Cutter::Sse(splitter) => {
                let fits = splitter.push(chunk, &mut self.events);
                frames.extend(self.events.drain(..).map(|event| event.raw));
                fits.map_err(|e| FrameTooLong { limit: e.limit })
            }
            Cutter::Lines(lines) => lines.push(chunk, frames),
            Cutter::Aws(messages) => messages.push(chunk, frames),
        }
    }

    /// What is left when the stream has ended: a frame whose terminator is missing.
    pub fn finish(&mut self) -> Option<Bytes> {
        match &mut self.cutter {
            Cutter::Sse(splitter) => splitter.finish().map(|event| event.raw),
            Cutter::Lines(lines) => lines.finish(),
            Cutter::Aws(_) => None,
        }
    }

    /// Reads the bytes of one frame; `None` where they are none.
    pub fn read<'a>(&self, raw: &'a Bytes) -> Option<Frame<'a>> {
        match &self.cutter {
            Cutter::Sse(_) => Some(sse_frame(raw)),
            Cutter::Lines(_) => Some(line_frame(raw)),
            Cutter::Aws(_) => aws::frame(raw),
        }
    }
}

fn line_frame(raw: &[u8]) -> Frame<'_> {
    let line = raw.trim_ascii();
    Frame { name: None, data: (!line.is_empty()).then_some(Cow::Borrowed(line)) }
}

fn sse_frame(raw: &[u8]) -> Frame<'_> {
    let (name, data) = sse::fields(raw);
    Frame { name: name.map(String::from_utf8_lossy), data }
}
