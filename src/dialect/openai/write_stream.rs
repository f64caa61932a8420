//! A stream of chunks as OpenAI's clients read it (vendors.md §1.4).

use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::openai::write_answer::answer_id;
use crate::dialect::openai::write_parts::Annotation;
use crate::dialect::openai::write_parts::Block;
use crate::dialect::openai::write_parts::Call;
use crate::dialect::openai::write_parts::Counts;
use crate::dialect::openai::write_parts::Picture;
use crate::dialect::side::Opening;
use crate::dialect::side::WriteChunks;
use crate::dialect::text::number;
use crate::dialect::text::quote;
use crate::dialect::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;

/// Longest id and name of a model that a provider is believed, in bytes: every event repeats them.
const MAX_NAME: usize = 1024;

/// Writes one stream.
pub struct Writer {
    opening: Opening,
    /// What every event begins with: up to the value of `choices`.
    head: Vec<u8>,
    /// Choices that have said their role.
    begun: Vec<bool>,
    usage: Option<Usage>,
    /// Custom tools take their pieces under another name.
    custom: Vec<(u32, u32)>,
    /// Calls without any arguments so far: clients expect an object at the end.
    bare: Vec<(u32, u32)>,
}

impl Writer {
    pub fn new(opening: Opening) -> Writer {
        Writer {
            opening,
            head: Vec::new(),
            begun: Vec::new(),
            usage: None,
            custom: Vec::new(),
            bare: Vec::new(),
        }
    }

    fn start(&mut self, id: &str, model: &str) {
        let said = |name| Some(name).filter(|name: &&str| name.len() <= MAX_NAME).unwrap_or_default();
        let (id, model) = (said(id), said(model));
        let model = if model.is_empty() { &self.opening.model } else { model };
        let head = &mut self.head;
        head.clear();
        head.extend_from_slice(b"data: {\"id\":");
        quote(&answer_id(id, &self.opening.nonce), head);
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        number(self.opening.created, head);
        head.extend_from_slice(b",\"model\":");
        quote(model, head);
        head.extend_from_slice(b",\"choices\":[");
    }

    /// Opens the event of one choice, up to its delta.
    fn open(&mut self, choice: u32, out: &mut Vec<u8>) {
        if self.head.is_empty() {
            self.start("", "");
        }
        let at = choice as usize;
        if self.begun.len() <= at && at < MAX_CHOICES {
            self.begun.resize(at + 1, false);
        }
        if self.begun.get_mut(at).is_some_and(|begun| !std::mem::replace(begun, true)) {
            self.delta_head(choice, out);
            out.extend_from_slice(b"{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
            self.close(None, None, out);
        }
        self.delta_head(choice, out);
    }

    fn delta_head(&self, choice: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        match choice {
            0 => out.extend_from_slice(b"{\"index\":0,\"delta\":"),
            _ => {
                out.extend_from_slice(b"{\"index\":");
                number(choice.into(), out);
                out.extend_from_slice(b",\"delta\":");
            }
        }
    }

    fn close(&self, logprobs: Option<&RawValue>, finish: Option<Finish>, out: &mut Vec<u8>) {
        match logprobs {
            None => out.extend_from_slice(b",\"logprobs\":null"),
            Some(raw) => {
                out.extend_from_slice(b",\"logprobs\":");
                out.extend_from_slice(raw.get().as_bytes());
            }
        }
        match finish {
            None => out.extend_from_slice(b",\"finish_reason\":null}]"),
            Some(finish) => {
                out.extend_from_slice(b",\"finish_reason\":\"");
                out.extend_from_slice(finish.word().as_bytes());
                out.extend_from_slice(b"\"}]");
            }
        }
        if self.opening.show_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn text(&mut self, choice: u32, field: &[u8], text: &str, out: &mut Vec<u8>) {
        self.open(choice, out);
        out.extend_from_slice(field);
        quote(text, out);
        out.push(b'}');
        self.close(None, None, out);
    }

    fn json(&mut self, choice: u32, delta: &impl Serialize, out: &mut Vec<u8>) {
        self.open(choice, out);
        let _ = serde_json::to_writer(&mut *out, delta);
        self.close(None, None, out);
    }

    fn delta(&mut self, choice: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => self.text(choice, b"{\"content\":", text, out),
            Delta::Refusal(text) if text.is_empty() => {}
            Delta::Refusal(text) => self.text(choice, b"{\"refusal\":", text, out),
            Delta::Thinking(text) if text.is_empty() => {}
            Delta::Thinking(text) => self.thinking(choice, text, out),
            Delta::ThinkingSignature(seal) => {
                let signature = Some(seal.as_ref().into());
                self.block(choice, &Thinking { signature, ..Thinking::default() }, out);
            }
            Delta::Redacted(data) => {
                let redacted = Some(data.as_ref().into());
                self.block(choice, &Thinking { redacted, ..Thinking::default() }, out);
            }
            Delta::ToolCall { index, id, name, custom, signature } => {
                self.bare.push((choice, *index));
                self.custom.extend(custom.then_some((choice, *index)));
                let call = ToolCall {
                    id: id.as_ref().into(),
                    name: name.as_ref().into(),
                    custom: *custom,
                    signature: signature.as_deref().map(Into::into),
                    ..ToolCall::default()
                };
                self.json(choice, &Calls { tool_calls: [Call::new(Some(*index), &call, "")] }, out);
            }
            Delta::Arguments { text, .. } if text.is_empty() => {}
            Delta::Arguments { index, text } => {
                self.bare.retain(|call| *call != (choice, *index));
                self.arguments(choice, *index, text, out);
            }
            Delta::Citation(citation) => {
                self.json(choice, &Annotations { annotations: [Annotation::of(citation)] }, out);
            }
            Delta::Image(image) => {
                if let Some(picture) = Picture::of(image) {
                    self.json(choice, &Images { images: [picture] }, out);
                }
            }
            Delta::Audio(audio) => {
                let transcript = audio.transcript.as_deref().unwrap_or_default();
                let sound = Sound { data: &audio.data, transcript };
                self.json(choice, &Audio { audio: sound }, out);
            }
            Delta::Logprobs(logprobs) => {
                self.open(choice, out);
                out.extend_from_slice(b"{\"content\":\"\"}");
                self.close(Some(logprobs), None, out);
            }
            // Nobody reads it here; it comes back from where it is kept.
            Delta::TextSignature(_) => {}
        }
    }

    /// In both spellings that clients know (vendors.md §0).
    fn thinking(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) {
        self.open(choice, out);
        out.extend_from_slice(b"{\"reasoning_content\":");
        let from = out.len();
        quote(text, out);
        let to = out.len();
        out.extend_from_slice(b",\"reasoning\":");
        out.extend_from_within(from..to);
        out.push(b'}');
        self.close(None, None, out);
    }

    fn block(&mut self, choice: u32, thinking: &Thinking<'_>, out: &mut Vec<u8>) {
        if let Some(block) = Block::of(thinking) {
            self.json(choice, &Blocks { thinking_blocks: [block] }, out);
        }
    }

    fn arguments(&mut self, choice: u32, index: u32, text: &str, out: &mut Vec<u8>) {
        let custom = self.custom.contains(&(choice, index));
        self.open(choice, out);
        out.extend_from_slice(b"{\"tool_calls\":[{\"index\":");
        number(index.into(), out);
        out.push(b',');
        match custom {
            false => out.extend_from_slice(b"\"function\":{\"arguments\":"),
            true => out.extend_from_slice(b"\"custom\":{\"input\":"),
        }
        quote(text, out);
        out.extend_from_slice(b"}}]}");
        self.close(None, None, out);
    }

    fn finish(&mut self, choice: u32, finish: Finish, out: &mut Vec<u8>) {
        let bare = std::mem::take(&mut self.bare);
        for (of, index) in &bare {
            if *of == choice && !self.custom.contains(&(choice, *index)) {
                self.arguments(choice, *index, "{}", out);
            }
        }
        self.bare = bare.into_iter().filter(|(of, _)| *of != choice).collect();
        self.open(choice, out);
        out.extend_from_slice(b"{}");
        self.close(None, Some(finish), out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.as_ref().filter(|_| self.opening.show_usage) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"],\"usage\":");
            let _ = serde_json::to_writer(&mut *out, &Counts::of(usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

/// Roles are said for so many choices; nobody asks for more.
const MAX_CHOICES: usize = 128;

#[derive(Serialize)]
struct Calls<'a> {
    tool_calls: [Call<'a>; 1],
}

#[derive(Serialize)]
struct Annotations<'a> {
    annotations: [Annotation<'a>; 1],
}

#[derive(Serialize)]
struct Images {
    images: [Picture; 1],
}

#[derive(Serialize)]
struct Blocks<'a> {
    thinking_blocks: [Block<'a>; 1],
}

#[derive(Serialize)]
struct Audio<'a> {
    audio: Sound<'a>,
}

#[derive(Serialize)]
struct Sound<'a> {
    data: &'a str,
    transcript: &'a str,
}

impl WriteChunks for Writer {
    fn write(&mut self, chunk: &Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Start { id, model } => self.start(id, model),
            Chunk::Delta { choice, delta } => self.delta(*choice, delta, out),
            Chunk::Finish { choice, finish, .. } => self.finish(*choice, *finish, out),
            Chunk::Usage(usage) => self.usage = Some(*usage),
            Chunk::Error(_) => {}
            Chunk::End => self.end(out),
        }
    }
}

#[cfg(test)]
mod tests;
