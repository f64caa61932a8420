//! A stream, read: each event is a piece of an answer in the form of a whole one (vendors.md §5.4).

#[cfg(test)]
mod tests;

use crate::dialect::frame::Frame;
use crate::dialect::gemini::citations;
use crate::dialect::gemini::citations::Ruler;
use crate::dialect::gemini::logprobs;
use crate::dialect::gemini::reply::Candidate;
use crate::dialect::gemini::reply::Piece;
use crate::dialect::gemini::reply::Reply;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use crate::dialect::usage::Usage;
use std::borrow::Cow;

/// More choices than any client asks for.
const MAX_CHOICES: usize = 128;

/// Reads one stream. Nothing in it says that it is over: why an answer ended may stand in any event, and only the
/// end of the body makes it last.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    failed: bool,
    choices: Vec<Open>,
    usage: Option<Usage>,
}

/// What is known of one choice so far.
#[derive(Debug, Default)]
struct Open {
    index: u32,
    calls: u32,
    finish: Option<Finish>,
    ruler: Ruler,
    citations: Vec<Citation<'static>>,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let Some(data) = frame.data.as_deref() else { return Ok(()) };
        let mut reply = Reply::read(data).ok_or(Garbage)?;
        if reply.error.is_some() {
            self.failed = true;
            sink(Chunk::Error(Cow::Borrowed(data)));
            return Ok(());
        }
        if !self.started {
            self.started = true;
            sink(Chunk::Start { id: reply.id(), model: reply.model() });
        }
        self.count(reply.usage(), sink);
        if reply.is_blocked() {
            self.open(0)?.finish = Some(Finish::ContentFilter);
        }
        for candidate in reply.candidates.into_iter().flatten() {
            self.open(candidate.index.unwrap_or(0))?.hear(candidate, sink);
        }
        Ok(())
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        if self.failed || self.choices.is_empty() {
            return;
        }
        self.choices.iter_mut().for_each(|choice| choice.close(sink));
        if self.choices.iter().all(|choice| choice.finish.is_some()) {
            sink(Chunk::End);
        }
    }
}

impl Reader {
    /// Counts are of all that came so far; the last one is right.
    fn count(&mut self, usage: Option<Usage>, sink: &mut dyn FnMut(Chunk<'_>)) {
        if let Some(usage) = usage.filter(|_| usage != self.usage) {
            self.usage = Some(usage);
            sink(Chunk::Usage(usage));
        }
    }

    fn open(&mut self, index: u32) -> Result<&mut Open, Garbage> {
        let known = self.choices.iter().position(|choice| choice.index == index);
        let place = known.unwrap_or(self.choices.len());
        if known.is_none() {
            if place == MAX_CHOICES {
                return Err(Garbage);
            }
            self.choices.push(Open { index, ..Open::default() });
        }
        self.choices.get_mut(place).ok_or(Garbage)
    }
}

impl Open {
    fn hear(&mut self, mut candidate: Candidate<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        for part in candidate.take_parts() {
            self.say(part.piece(), sink);
        }
        if let Some(logprobs) = candidate.logprobs_result.and_then(logprobs::read) {
            self.tell(Delta::Logprobs(Cow::Owned(logprobs)), sink);
        }
        let found = citations::read(&candidate, &self.ruler, &[]);
        if !found.is_empty() {
            self.citations = found.iter().map(Citation::to_owned).collect();
        }
        self.finish = candidate.finish(self.calls > 0).or(self.finish);
    }

    fn say(&mut self, piece: Piece<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        match piece {
            Piece::Text { text, seal } => {
                self.ruler.add(&text);
                if !text.is_empty() {
                    self.tell(Delta::Text(text), sink);
                }
                seal.into_iter().for_each(|seal| self.tell(Delta::TextSignature(seal), sink));
            }
            Piece::Thought { text, seal } => {
                if !text.is_empty() {
                    self.tell(Delta::Thinking(text), sink);
                }
                seal.into_iter().for_each(|seal| self.tell(Delta::ThinkingSignature(seal), sink));
            }
            Piece::Call { id, name, args, seal } => {
                let index = self.calls;
                self.calls = self.calls.saturating_add(1);
                self.tell(Delta::ToolCall { index, id, name, custom: false, signature: seal }, sink);
                self.tell(Delta::Arguments { index, text: args }, sink);
            }
            Piece::Image(image) => self.tell(Delta::Image(image), sink),
            Piece::Audio(audio) => self.tell(Delta::Audio(audio), sink),
            Piece::Other => {}
        }
    }

    fn tell(&self, delta: Delta<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        sink(Chunk::Delta { choice: self.index, delta });
    }

    /// What could only be said at the end: sources are told again and again, each time more of them.
    fn close(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        let Some(finish) = self.finish else { return };
        for citation in std::mem::take(&mut self.citations) {
            self.tell(Delta::Citation(citation), sink);
        }
        let finish = if finish == Finish::Stop && self.calls > 0 { Finish::ToolCalls } else { finish };
        sink(Chunk::Finish { choice: self.index, finish, stop_sequence: None });
    }
}
