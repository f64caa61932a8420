//! A stream becomes a whole answer: chunks are gathered until nothing follows.

use crate::dialect::hub::Audio;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Gathers the chunks of one stream.
#[derive(Debug, Default)]
pub struct Assembly {
    response: ChatResponse<'static>,
    choices: BTreeMap<u32, Gathering>,
    failed: bool,
}

/// One choice, and where its calls stand among its parts.
#[derive(Debug, Default)]
struct Gathering {
    choice: Choice<'static>,
    calls: BTreeMap<u32, usize>,
}

impl Assembly {
    pub fn add(&mut self, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Start { id, model } => {
                self.response.id = owned(id);
                self.response.model = owned(model);
            }
            Chunk::Delta { choice, delta } => self.choices.entry(*choice).or_default().add(delta),
            Chunk::Finish { choice, finish, stop_sequence } => {
                let choice = &mut self.choices.entry(*choice).or_default().choice;
                choice.finish = Some(*finish);
                choice.stop_sequence = stop_sequence.as_deref().map(owned);
            }
            Chunk::Usage(usage) => self.response.usage = Some(*usage),
            Chunk::Error(_) => self.failed = true,
            Chunk::End => {}
        }
    }

    /// The whole answer; `None` where the stream failed or a choice has no end.
    pub fn finish(mut self) -> Option<ChatResponse<'static>> {
        let whole = !self.failed
            && !self.choices.is_empty()
            && self.choices.values().all(|gathering| gathering.choice.finish.is_some());
        self.response.choices = self.choices.into_values().map(|gathering| gathering.choice).collect();
        whole.then_some(self.response)
    }
}

impl Gathering {
    fn add(&mut self, delta: &Delta<'_>) {
        match delta {
            Delta::Text(text) => self.say(|open| open.text.to_mut().push_str(text)),
            Delta::TextSignature(seal) => self.say(|open| open.signature = Some(owned(seal))),
            Delta::Refusal(text) => self.refuse(text),
            Delta::Thinking(text) => self.think(|open| open.text.to_mut().push_str(text)),
            Delta::ThinkingSignature(seal) => self.think(|open| open.signature = Some(owned(seal))),
            Delta::Redacted(data) => {
                let redacted = Some(owned(data));
                self.push(Part::Thinking(Thinking { redacted, ..Thinking::default() }));
            }
            Delta::ToolCall { index, id, name, custom, signature } => {
                self.calls.insert(*index, self.choice.parts.len());
                self.push(Part::ToolCall(ToolCall {
                    id: owned(id),
                    name: owned(name),
                    custom: *custom,
                    signature: signature.as_deref().map(owned),
                    ..ToolCall::default()
                }));
            }
            Delta::Arguments { index, text } => {
                let at = self.calls.get(index).copied();
                if let Some(Part::ToolCall(call)) = at.and_then(|at| self.choice.parts.get_mut(at)) {
                    call.arguments.to_mut().push_str(text);
                }
            }
            Delta::Citation(citation) => self.say(|open| open.citations.push(citation.to_owned())),
            Delta::Image(image) => self.push(Part::Image(image.to_owned())),
            Delta::Audio(audio) => self.hear(audio),
            // The logprobs of a stream come piece by piece and are of use only there.
            Delta::Logprobs(_) => {}
        }
    }

    fn push(&mut self, part: Part<'static>) {
        self.choice.parts.push(part);
    }

    fn refuse(&mut self, text: &str) {
        match self.choice.parts.last_mut() {
            Some(Part::Refusal(said)) => said.to_mut().push_str(text),
            _ => self.push(Part::Refusal(Cow::Owned(text.to_owned()))),
        }
    }

    /// Sound comes in pieces: base64 of each, and what is said in it.
    fn hear(&mut self, audio: &Audio<'_>) {
        match self.choice.parts.last_mut() {
            Some(Part::Audio(heard)) => {
                heard.data.to_mut().push_str(&audio.data);
                if let Some(said) = &audio.transcript {
                    heard.transcript.get_or_insert_default().to_mut().push_str(said);
                }
            }
            _ => self.push(Part::Audio(audio.to_owned())),
        }
    }

    /// The text that is being said, or a new one.
    fn say(&mut self, add: impl FnOnce(&mut Text<'static>)) {
        if !matches!(self.choice.parts.last(), Some(Part::Text(_))) {
            self.push(Part::Text(Text::default()));
        }
        if let Some(Part::Text(open)) = self.choice.parts.last_mut() {
            add(open);
        }
    }

    /// The thinking that is under way, or a new one: a seal ends it.
    fn think(&mut self, add: impl FnOnce(&mut Thinking<'static>)) {
        let is_open = |thinking: &Thinking<'_>| thinking.signature.is_none() && thinking.redacted.is_none();
        if !matches!(self.choice.parts.last(), Some(Part::Thinking(thinking)) if is_open(thinking)) {
            self.push(Part::Thinking(Thinking::default()));
        }
        if let Some(Part::Thinking(open)) = self.choice.parts.last_mut() {
            add(open);
        }
    }
}

fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Finish;

    fn said(delta: Delta<'static>) -> Chunk<'static> {
        Chunk::Delta { choice: 0, delta }
    }

    fn gathered(chunks: &[Chunk<'static>]) -> Option<ChatResponse<'static>> {
        let mut assembly = Assembly::default();
        chunks.iter().for_each(|chunk| assembly.add(chunk));
        assembly.finish()
    }

    const END: Chunk<'static> = Chunk::Finish { choice: 0, finish: Finish::Stop, stop_sequence: None };

    #[test]
    fn pieces_of_a_kind_are_joined_and_a_seal_ends_a_thought() {
        let whole = gathered(&[
            said(Delta::Thinking("a".into())),
            said(Delta::Thinking("b".into())),
            said(Delta::ThinkingSignature("s1".into())),
            said(Delta::Thinking("c".into())),
            said(Delta::Text("x".into())),
            said(Delta::Text("y".into())),
            said(Delta::ToolCall {
                index: 0,
                id: "i".into(),
                name: "f".into(),
                custom: false,
                signature: None,
            }),
            said(Delta::Arguments { index: 0, text: "{\"a\":".into() }),
            said(Delta::Arguments { index: 0, text: "1}".into() }),
            END,
        ]);
        let parts = whole.unwrap().choices.remove(0).parts;
        let seen: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Thinking(t) => format!("thinking {} {:?}", t.text, t.signature),
                Part::Text(t) => format!("text {}", t.text),
                Part::ToolCall(c) => format!("call {} {} {}", c.id, c.name, c.arguments),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, ["thinking ab Some(\"s1\")", "thinking c None", "text xy", "call i f {\"a\":1}"]);
    }

    #[test]
    fn a_stream_that_failed_or_has_no_end_has_no_whole() {
        assert!(gathered(&[said(Delta::Text("x".into()))]).is_none());
        assert!(gathered(&[]).is_none());
        assert!(gathered(&[said(Delta::Text("x".into())), Chunk::Error(b"{}"[..].into()), END]).is_none());
    }
}
