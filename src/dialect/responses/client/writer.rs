//! Writes a stream (vendors.md §11.3).
//!
//! Items are closed in the order in which they were opened, and the last event holds the very items that were
//! closed: clients act on either. Calls whose arguments come interleaved stay open side by side.

use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Media;
use crate::dialect::responses::client::object::Head;
use crate::dialect::responses::client::object::Outcome;
use crate::dialect::responses::client::object::Status;
use crate::dialect::responses::client::open::Events;
use crate::dialect::responses::client::open::Message;
use crate::dialect::responses::client::open::Open;
use crate::dialect::responses::client::open::What;
use crate::dialect::responses::client::output::Progress;
use crate::dialect::responses::client::reply::tokens;
use crate::dialect::responses::seal;
use crate::dialect::side::ClientError;
use crate::dialect::side::Opening;
use crate::dialect::side::WriteChunks;
use crate::dialect::text::id_with;
use crate::dialect::usage::Usage;
use serde::de::IgnoredAny;
use std::collections::VecDeque;

/// Writes one stream.
pub struct Writer {
    head: Head,
    events: Events,
    started: bool,
    /// How many items were opened.
    count: u32,
    open: VecDeque<Open>,
    /// The items that were closed, separated by commas.
    output: Vec<u8>,
    usage: Option<Usage>,
    finish: Option<Finish>,
}

impl Writer {
    pub fn new(opening: &Opening) -> Writer {
        Writer {
            head: Head::new(opening),
            events: Events::default(),
            started: false,
            count: 0,
            open: VecDeque::new(),
            output: Vec::new(),
            usage: None,
            finish: None,
        }
    }
}

impl WriteChunks for Writer {
    fn write(&mut self, chunk: &Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Start { id, model } => {
                if !self.started {
                    self.head.learn(id, model);
                }
                self.start(out);
            }
            Chunk::Delta { choice: 0, delta } => {
                self.start(out);
                self.delta(delta, out);
            }
            Chunk::Finish { choice: 0, finish, .. } => self.finish = Some(*finish),
            // This dialect knows one choice only.
            Chunk::Delta { .. } | Chunk::Finish { .. } => {}
            Chunk::Usage(usage) => self.usage = Some(*usage),
            Chunk::Error(_) => {}
            Chunk::End => self.end(Status::of(self.finish), out),
        }
    }

    fn break_off(&mut self, error: &ClientError<'_>, out: &mut Vec<u8>) -> bool {
        let code = error.code.unwrap_or(error.kind);
        self.start(out);
        self.events.write("error", out, |event| {
            event.put("code", code).put("message", error.message).put("param", &error.param);
        });
        self.end_with(Status::Failed { code, message: error.message }, out);
        true
    }

    fn held(&self) -> usize {
        self.output.len() + self.open.iter().map(Open::held).sum::<usize>()
    }
}

impl Writer {
    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            let head = &self.head;
            self.events.write(kind, out, |event| {
                head.write(Status::InProgress, Outcome::default(), event.nest("response"));
            });
        }
    }

    fn end(&mut self, status: Status<'_>, out: &mut Vec<u8>) {
        self.start(out);
        while let Some(item) = self.open.pop_front() {
            let progress = match (status, self.open.is_empty()) {
                (Status::Incomplete(_), true) => Progress::Incomplete,
                _ => Progress::Completed,
            };
            item.close(progress, &mut self.events, &mut self.output, out);
        }
        self.end_with(status, out);
    }

    fn end_with(&mut self, status: Status<'_>, out: &mut Vec<u8>) {
        let outcome = Outcome { output: &self.output, usage: self.usage, service_tier: None };
        let head = &self.head;
        self.events.write(status.event(), out, |event| head.write(status, outcome, event.nest("response")));
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => {
                let (item, events) = self.message(out);
                item.into_iter().for_each(|item| item.say(false, text, events, out));
            }
            Delta::Refusal(text) => {
                let (item, events) = self.message(out);
                item.into_iter().for_each(|item| item.say(true, text, events, out));
            }
            Delta::Citation(citation) => {
                let (item, events) = self.message(out);
                item.into_iter().for_each(|item| item.cite(citation, events, out));
            }
            Delta::Logprobs(logprobs) => self.open.iter_mut().for_each(|item| item.weigh(tokens(logprobs))),
            Delta::Thinking(text) if text.is_empty() => {}
            Delta::Thinking(text) => {
                let (item, events) = self.reasoning(out);
                item.into_iter().for_each(|item| item.think(text, events, out));
            }
            Delta::ThinkingSignature(signature) => self.seal(seal::shown(signature), out),
            Delta::Redacted(data) => {
                self.open("rs", What::Reasoning { text: String::new(), encrypted: None }, out);
                self.seal(seal::shown_redacted(data), out);
            }
            Delta::ToolCall { index, id, name, custom, .. } => {
                let call_id = match id.is_empty() {
                    true => self.head.item_id("call", self.count),
                    false => id_with("call_", id),
                };
                let (number, name, custom) = (*index, name.as_ref().to_owned(), *custom);
                let prefix = if custom { "ctc" } else { "fc" };
                self.open(
                    prefix,
                    What::Call { number, call_id, name, custom, arguments: String::new() },
                    out,
                );
            }
            Delta::Arguments { index, text } => {
                let Writer { open, events, .. } = self;
                let is_it =
                    |item: &&mut Open| matches!(item.what, What::Call { number, .. } if number == *index);
                open.iter_mut().find(is_it).into_iter().for_each(|item| item.argue(text, events, out));
            }
            Delta::Image(image) => {
                if let Media::Inline { data, .. } = &image.media {
                    self.open("ig", What::Image(data.as_ref().to_owned()), out);
                }
            }
            // There is no place for the seal of a text, and no item for sound.
            Delta::TextSignature(_) | Delta::Audio(_) => {}
        }
    }

    /// The message that is being said, or a new one.
    fn message(&mut self, out: &mut Vec<u8>) -> (Option<&mut Open>, &mut Events) {
        if !matches!(self.open.back(), Some(Open { what: What::Message(_), .. })) {
            self.open("msg", What::Message(Message::default()), out);
        }
        (self.open.back_mut(), &mut self.events)
    }

    /// The reasoning that is under way, or a new one: a seal ends it.
    fn reasoning(&mut self, out: &mut Vec<u8>) -> (Option<&mut Open>, &mut Events) {
        if !matches!(self.open.back(), Some(Open { what: What::Reasoning { encrypted: None, .. }, .. })) {
            self.open("rs", What::Reasoning { text: String::new(), encrypted: None }, out);
        }
        (self.open.back_mut(), &mut self.events)
    }

    fn seal(&mut self, sealed: String, out: &mut Vec<u8>) {
        if let (Some(Open { what: What::Reasoning { encrypted, .. }, .. }), _) = self.reasoning(out) {
            *encrypted = Some(sealed);
        }
        self.close_finished(false, out);
    }

    fn open(&mut self, prefix: &str, what: What, out: &mut Vec<u8>) {
        self.close_finished(true, out);
        let item = Open::new(self.count, self.head.item_id(prefix, self.count), what, &mut self.events, out);
        self.count += 1;
        self.open.push_back(item);
        self.close_finished(false, out);
    }

    /// Closes every item at the front to which nothing can be added any more. `another`: one is about to be opened.
    fn close_finished(&mut self, another: bool, out: &mut Vec<u8>) {
        while let Some(item) = self.open.front() {
            if !is_finished(&item.what, self.open.len() == 1 && !another) {
                return;
            }
            if let Some(item) = self.open.pop_front() {
                item.close(Progress::Completed, &mut self.events, &mut self.output, out);
            }
        }
    }
}

/// Whether an item is over; `last`: none was opened after it.
fn is_finished(what: &What, last: bool) -> bool {
    match what {
        What::Reasoning { encrypted, .. } => !last || encrypted.is_some(),
        What::Message(_) => !last,
        What::Call { custom, arguments, .. } => {
            !last && (*custom || serde_json::from_str::<IgnoredAny>(arguments).is_ok())
        }
        What::Image(_) => true,
    }
}

#[cfg(test)]
mod tests;
