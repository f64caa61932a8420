//! Writes a stream for a client: one block open at a time, blocks numbered from 0 (vendors.md §4.6, §10.3).

mod scan;
#[cfg(test)]
mod tests;
mod wire;

use crate::dialect::anthropic::events::scan::Scan;
use crate::dialect::anthropic::events::wire::Ending;
use crate::dialect::anthropic::events::wire::NewBlock;
use crate::dialect::anthropic::reply::StopDetails;
use crate::dialect::anthropic::words;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::side::Opening;
use crate::dialect::side::WriteChunks;
use crate::dialect::usage::Usage;
use std::collections::BTreeMap;

/// What is remembered of one stream.
pub(super) struct Writer {
    opening: Opening,
    started: bool,
    ended: bool,
    /// Number of the block that is open, else of the next.
    block: u64,
    open: Open,
    /// Calls that came while another was not whole yet: a block cannot be opened beside it.
    waiting: BTreeMap<u32, Waiting>,
    called: bool,
    usage: Usage,
    finish: Option<Finish>,
    stop_sequence: Option<String>,
    refusal: String,
}

/// The block that is open.
enum Open {
    Nothing,
    Text,
    Thinking {
        sealed: bool,
    },
    Call {
        index: u32,
        custom: bool,
        /// Arguments were written.
        argued: bool,
        scan: Scan,
    },
}

#[derive(Default)]
struct Waiting {
    id: String,
    name: String,
    custom: bool,
    arguments: String,
}

impl WriteChunks for Writer {
    fn write(&mut self, chunk: &Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Start { id, model } => self.start(id, model, out),
            Chunk::Delta { choice: 0, delta } => {
                self.start("", "", out);
                self.add(delta, out);
            }
            Chunk::Finish { choice: 0, finish, stop_sequence } => {
                self.settle(out);
                self.finish = Some(*finish);
                self.stop_sequence = stop_sequence.as_deref().map(str::to_owned);
            }
            Chunk::Usage(usage) => self.usage = *usage,
            Chunk::End => self.end(out),
            // A message is one answer, and an error has an event of its own.
            Chunk::Delta { .. } | Chunk::Finish { .. } | Chunk::Error(_) => {}
        }
    }

    fn ping(&self, out: &mut Vec<u8>) {
        wire::ping(out);
    }
}

impl Writer {
    pub(super) fn new(opening: Opening) -> Writer {
        // Clients show a count before there is one.
        let usage = Usage { input: opening.prompt_estimate, output: 1, ..Usage::default() };
        Writer {
            opening,
            started: false,
            ended: false,
            block: 0,
            open: Open::Nothing,
            waiting: BTreeMap::new(),
            called: false,
            usage,
            finish: None,
            stop_sequence: None,
            refusal: String::new(),
        }
    }

    fn start(&mut self, id: &str, model: &str, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            let model = if model.is_empty() { &self.opening.model } else { model };
            wire::message_start(words::message_id(id, &self.opening.nonce), model, &self.usage, out);
            wire::ping(out);
        }
    }

    fn add(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => self.speak(text, out),
            Delta::Refusal(text) => {
                self.refusal.push_str(text);
                self.speak(text, out);
            }
            Delta::Thinking(text) => self.think(text, out),
            Delta::ThinkingSignature(seal) => self.seal(seal, out),
            Delta::Redacted(data) => {
                self.settle(out);
                wire::block_start(self.block, &NewBlock::RedactedThinking { data }, out);
                self.stop(out);
            }
            Delta::ToolCall { index, id, name, custom, signature: _ } => {
                let [id, name] = [id, name].map(|text| text.clone().into_owned());
                let call = Waiting { id, name, custom: *custom, arguments: String::new() };
                self.call(*index, call, out);
            }
            Delta::Arguments { index, text } => self.argue(*index, text, out),
            Delta::Citation(citation) => self.cite(citation, out),
            Delta::Audio(audio) => self.speak(audio.transcript.as_deref().unwrap_or_default(), out),
            // Nothing in this dialect holds these.
            Delta::TextSignature(_) | Delta::Image(_) | Delta::Logprobs(_) => {}
        }
    }

    fn speak(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !matches!(self.open, Open::Text) {
            self.settle(out);
            wire::block_start(self.block, &NewBlock::Text { text: "", citations: None }, out);
            self.open = Open::Text;
        }
        wire::text_delta(self.block, text, out);
    }

    /// Vendors tell sources when the text is said, which leaves its block open for them.
    fn cite(&self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        if matches!(self.open, Open::Text) {
            wire::citation_delta(self.block, citation, out);
        }
    }

    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.open_thinking(out);
            wire::thinking_delta(self.block, text, out);
        }
    }

    fn seal(&mut self, seal: &str, out: &mut Vec<u8>) {
        self.open_thinking(out);
        wire::signature_delta(self.block, seal, out);
        self.open = Open::Thinking { sealed: true };
    }

    /// A seal ends a thought; another begins behind it.
    fn open_thinking(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Thinking { sealed: false }) {
            self.settle(out);
            wire::block_start(self.block, &NewBlock::Thinking { thinking: "", signature: "" }, out);
            self.open = Open::Thinking { sealed: false };
        }
    }

    fn call(&mut self, index: u32, call: Waiting, out: &mut Vec<u8>) {
        self.called = true;
        let busy = matches!(&self.open, Open::Call { scan, .. } if !scan.is_whole());
        if busy {
            self.waiting.insert(index, call);
        } else {
            self.close(out);
            self.open_call(index, &call, out);
        }
    }

    fn argue(&mut self, at: u32, text: &str, out: &mut Vec<u8>) {
        match &mut self.open {
            Open::Call { index, custom, argued, scan } if *index == at => {
                if !text.is_empty() {
                    wire::arguments_delta(self.block, text, *custom, !*argued, out);
                    *argued = true;
                    scan.read(text);
                }
            }
            Open::Nothing | Open::Text | Open::Thinking { .. } | Open::Call { .. } => {
                if let Some(call) = self.waiting.get_mut(&at) {
                    call.arguments.push_str(text);
                }
            }
        }
        self.go_on(out);
    }

    /// Opens the calls that wait, as long as the one before is whole.
    fn go_on(&mut self, out: &mut Vec<u8>) {
        while matches!(&self.open, Open::Call { scan, .. } if scan.is_whole()) {
            let Some((index, call)) = self.waiting.pop_first() else { return };
            self.close(out);
            self.open_call(index, &call, out);
        }
    }

    fn open_call(&mut self, index: u32, call: &Waiting, out: &mut Vec<u8>) {
        let id = words::call_id(&call.id, &self.opening.nonce, index);
        wire::block_start(self.block, &NewBlock::tool_use(&id, &call.name), out);
        let mut scan = Scan::new(call.custom);
        let argued = !call.arguments.is_empty();
        if argued {
            wire::arguments_delta(self.block, &call.arguments, call.custom, true, out);
            scan.read(&call.arguments);
        }
        self.open = Open::Call { index, custom: call.custom, argued, scan };
    }

    /// Ends everything that is under way: what follows is of another kind.
    fn settle(&mut self, out: &mut Vec<u8>) {
        self.close(out);
        while let Some((index, call)) = self.waiting.pop_first() {
            self.open_call(index, &call, out);
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => return,
            Open::Text | Open::Thinking { sealed: true } => {}
            Open::Thinking { sealed: false } => wire::signature_delta(self.block, words::NO_SEAL, out),
            Open::Call { custom, argued, .. } => wire::arguments_end(self.block, custom, argued, out),
        }
        self.stop(out);
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        wire::block_stop(self.block, out);
        self.block = self.block.saturating_add(1);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.start("", "", out);
        self.settle(out);
        let refusal = Some(self.refusal.as_str()).filter(|text| !text.is_empty());
        let ending = Ending {
            stop_reason: words::stop_reason(self.finish, self.called, self.stop_sequence.is_some()),
            stop_sequence: self.stop_sequence.as_deref(),
            stop_details: StopDetails::of(self.finish, refusal),
        };
        wire::message_end(ending, &self.usage, out);
    }
}
