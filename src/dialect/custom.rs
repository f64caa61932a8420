//! Calls of custom tools, made by providers that know only functions and given back to the client as it declared them.
//!
//! Every writer says a custom tool as a function with one string, `input` (vendors.md §11.1).

mod free;

use crate::dialect::custom::free::Free;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Part;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::WriteChunks;
use memchr::memmem;
use std::borrow::Cow;

/// The arguments of a function that stands for a custom tool.
pub const SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// The names of the custom tools that a request declares.
pub fn declared(client: &dyn ClientSide, request: &[u8]) -> Vec<String> {
    // Few requests hold the word, and only they are read again.
    if memmem::find(request, b"\"custom\"").is_none() {
        return Vec::new();
    }
    let tools = client.read(request).map(|request| request.tools).unwrap_or_default();
    tools.into_iter().filter(|tool| tool.custom).map(|tool| tool.name.into_owned()).collect()
}

/// Makes the calls of custom tools in a whole answer what they were asked to be.
pub fn restore(response: &mut ChatResponse<'_>, custom: &[String]) {
    for part in response.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        if let Part::ToolCall(call) = part
            && is_lost(custom, &call.name, call.custom)
        {
            let mut free = Free::default();
            let said = [free.read(&call.arguments), free.end()].concat();
            (call.custom, call.arguments) = (true, Cow::Owned(said));
        }
    }
}

/// A writer that does the same in a stream; `writer` itself where no tool is `custom`.
pub fn restoring(writer: Box<dyn WriteChunks>, custom: Vec<String>) -> Box<dyn WriteChunks> {
    match custom.is_empty() {
        true => writer,
        false => Box::new(Restoring { writer, custom, calls: Vec::new() }),
    }
}

fn is_lost(custom: &[String], name: &str, is_custom: bool) -> bool {
    !is_custom && custom.iter().any(|known| known == name)
}

struct Restoring {
    writer: Box<dyn WriteChunks>,
    custom: Vec<String>,
    /// Those that are restored.
    calls: Vec<Call>,
}

struct Call {
    choice: u32,
    index: u32,
    free: Free,
}

impl WriteChunks for Restoring {
    fn write(&mut self, chunk: &Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Delta { choice, delta } => self.delta(*choice, delta, out),
            Chunk::Finish { choice, .. } => {
                self.close(*choice, out);
                self.writer.write(chunk, out);
            }
            Chunk::Start { .. } | Chunk::Usage(_) | Chunk::Error(_) | Chunk::End => {
                self.writer.write(chunk, out);
            }
        }
    }

    fn break_off(&mut self, error: &ClientError<'_>, out: &mut Vec<u8>) -> bool {
        self.writer.break_off(error, out)
    }

    fn held(&self) -> usize {
        self.writer.held()
    }

    fn ping(&self, out: &mut Vec<u8>) {
        self.writer.ping(out);
    }
}

impl Restoring {
    fn delta(&mut self, choice: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::ToolCall { index, name, custom, .. } if is_lost(&self.custom, name, *custom) => {
                self.calls.push(Call { choice, index: *index, free: Free::default() });
                let mut delta = delta.clone();
                if let Delta::ToolCall { custom, .. } = &mut delta {
                    *custom = true;
                }
                self.writer.write(&Chunk::Delta { choice, delta }, out);
            }
            Delta::Arguments { index, text } => {
                let mut calls = self.calls.iter_mut();
                match calls.find(|call| call.choice == choice && call.index == *index) {
                    Some(call) => {
                        let said = call.free.read(text);
                        self.say(choice, *index, said, out);
                    }
                    None => self.writer.write(&Chunk::Delta { choice, delta: delta.clone() }, out),
                }
            }
            Delta::ToolCall { .. }
            | Delta::Text(_)
            | Delta::TextSignature(_)
            | Delta::Refusal(_)
            | Delta::Thinking(_)
            | Delta::ThinkingSignature(_)
            | Delta::Redacted(_)
            | Delta::Citation(_)
            | Delta::Image(_)
            | Delta::Audio(_)
            | Delta::Logprobs(_) => self.writer.write(&Chunk::Delta { choice, delta: delta.clone() }, out),
        }
    }

    fn say(&mut self, choice: u32, index: u32, said: String, out: &mut Vec<u8>) {
        if !said.is_empty() {
            let delta = Delta::Arguments { index, text: said.into() };
            self.writer.write(&Chunk::Delta { choice, delta }, out);
        }
    }

    /// What a choice that ends has left unsaid.
    fn close(&mut self, choice: u32, out: &mut Vec<u8>) {
        let left = self.calls.iter_mut().filter(|call| call.choice == choice);
        let left: Vec<_> = left.map(|call| (call.index, call.free.end())).collect();
        left.into_iter().for_each(|(index, said)| self.say(choice, index, said, out));
    }
}

#[cfg(test)]
mod tests;
