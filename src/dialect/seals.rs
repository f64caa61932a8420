//! Seals on what a model thought and called: they must come back with the next request, and most clients drop them.
//!
//! What is sealed in an answer is kept under the id of the call it belongs to, which every client repeats.
//! Source: vendors.md §4.4 (thinking before a call) and §5.5 (signatures of calls).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use serde::Deserialize;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// The seals of one answer, as they are gathered from it.
#[derive(Debug, Default)]
pub struct Seals {
    /// Thinking that no call has followed yet.
    thinking: Vec<Thought>,
    /// By the id of the call.
    kept: Vec<(String, Sealed)>,
    /// Bytes of all that was noted.
    held: usize,
}

/// More than any model thinks; a stream without an end is not gathered.
const MOST: usize = 4 * 1024 * 1024;

/// What has to come back with one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// What was thought before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    thinking: Vec<Thought>,
    /// The seal of the call itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Thought {
    text: String,
    signature: Option<String>,
    redacted: Option<String>,
}

/// Sealed things by the name of their call: see [`name`].
pub type Remembered = HashMap<String, Sealed>;

/// What a call is remembered by: its id without what dialects put in front of ids.
pub fn name(id: &str) -> &str {
    ["call_", "toolu_", "fc_"].iter().find_map(|prefix| id.strip_prefix(prefix)).unwrap_or(id)
}

impl Seals {
    /// Takes note of a piece of a stream. Only the first choice is remembered: no client goes on with another.
    pub fn note(&mut self, choice: u32, delta: &Delta<'_>) {
        if choice > 0 || !self.has_room(delta) {
            return;
        }
        match delta {
            Delta::Thinking(text) => self.open().text.push_str(text),
            Delta::ThinkingSignature(seal) => self.open().signature = Some(seal.to_string()),
            Delta::Redacted(data) => {
                self.thinking.push(Thought { redacted: Some(data.to_string()), ..Thought::default() });
            }
            Delta::ToolCall { id, signature, .. } => self.call(id, signature.as_deref()),
            Delta::Text(_)
            | Delta::TextSignature(_)
            | Delta::Refusal(_)
            | Delta::Arguments { .. }
            | Delta::Citation(_)
            | Delta::Image(_)
            | Delta::Audio(_)
            | Delta::Logprobs(_) => {}
        }
    }

    /// Takes note of a whole answer.
    pub fn of(response: &ChatResponse<'_>) -> Seals {
        let mut seals = Seals::default();
        for part in response.choices.first().iter().flat_map(|choice| &choice.parts) {
            match part {
                Part::Thinking(thinking) => seals.thinking.push(Thought {
                    text: thinking.text.to_string(),
                    signature: thinking.signature.as_deref().map(str::to_owned),
                    redacted: thinking.redacted.as_deref().map(str::to_owned),
                }),
                Part::ToolCall(call) => seals.call(&call.id, call.signature.as_deref()),
                Part::Text(_)
                | Part::Image(_)
                | Part::Audio(_)
                | Part::Document(_)
                | Part::ToolResult(_)
                | Part::Refusal(_) => {}
            }
        }
        seals
    }

    /// What is to be kept, by the name of its call.
    pub fn into_kept(self) -> Vec<(String, Sealed)> {
        self.kept
    }

    /// What is not whole is worth nothing, so where there is no more room all of it goes.
    fn has_room(&mut self, delta: &Delta<'_>) -> bool {
        self.held = self.held.saturating_add(match delta {
            Delta::Thinking(text) | Delta::ThinkingSignature(text) | Delta::Redacted(text) => text.len(),
            Delta::ToolCall { id, signature, .. } => {
                id.len() + signature.as_ref().map_or(0, |seal| seal.len())
            }
            Delta::Text(_)
            | Delta::TextSignature(_)
            | Delta::Refusal(_)
            | Delta::Arguments { .. }
            | Delta::Citation(_)
            | Delta::Image(_)
            | Delta::Audio(_)
            | Delta::Logprobs(_) => 0,
        });
        let has_room = self.held <= MOST;
        if !has_room {
            *self = Seals { held: self.held, ..Seals::default() };
        }
        has_room
    }

    fn call(&mut self, id: &str, signature: Option<&str>) {
        let mut thinking = std::mem::take(&mut self.thinking);
        // What is not sealed is not asked for again.
        thinking.retain(|thought| thought.signature.is_some() || thought.redacted.is_some());
        if !thinking.is_empty() || signature.is_some() {
            let sealed = Sealed { thinking, signature: signature.map(str::to_owned) };
            self.kept.push((name(id).to_owned(), sealed));
        }
    }

    fn open(&mut self) -> &mut Thought {
        let is_open = |thought: &Thought| thought.signature.is_none() && thought.redacted.is_none();
        if !self.thinking.last().is_some_and(is_open) {
            self.thinking.push(Thought::default());
        }
        let last = self.thinking.len() - 1;
        &mut self.thinking[last]
    }
}

/// The calls of a request whose seals may have been dropped, by name.
pub fn wanted(request: &ChatRequest<'_>) -> Vec<String> {
    let said = request.messages.iter().filter(|message| message.role == Role::Assistant);
    let calls = said.flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolCall(call) if call.signature.is_none() => Some(name(&call.id).to_owned()),
        Part::ToolCall(_)
        | Part::Text(_)
        | Part::Image(_)
        | Part::Audio(_)
        | Part::Document(_)
        | Part::Thinking(_)
        | Part::ToolResult(_)
        | Part::Refusal(_) => None,
    });
    calls.collect()
}

/// Puts what is remembered back in its place, where the client has not brought it itself.
pub fn restore<'a>(request: &mut ChatRequest<'a>, remembered: &'a Remembered) {
    for message in request.messages.iter_mut().filter(|message| message.role == Role::Assistant) {
        restore_in(message, remembered);
    }
}

fn restore_in<'a>(message: &mut Message<'a>, remembered: &'a Remembered) {
    let brings_its_own = message.parts.iter().any(is_sealed_thinking);
    let mut parts: Vec<Part<'a>> = Vec::with_capacity(message.parts.len());
    let (mut thoughts, mut is_first) = (0, true);
    for mut part in std::mem::take(&mut message.parts) {
        if let Part::ToolCall(call) = &mut part {
            // What was thought before the first call came before all that was said.
            let at = if std::mem::take(&mut is_first) { 0 } else { parts.len() };
            if let Some(sealed) = remembered.get(name(&call.id)) {
                let signature = sealed.signature.as_deref().map(Cow::Borrowed);
                call.signature = call.signature.take().or(signature);
                let thinking = sealed.thinking.iter().filter(|_| !brings_its_own).map(Thought::part);
                thoughts += thinking.clone().count();
                parts.splice(at..at, thinking);
            }
        }
        parts.push(part);
    }
    if thoughts > 0 {
        parts.retain(|part| !matches!(part, Part::Thinking(_)) || is_sealed_thinking(part));
    }
    message.parts = parts;
}

fn is_sealed_thinking(part: &Part<'_>) -> bool {
    matches!(part, Part::Thinking(thinking) if thinking.signature.is_some() || thinking.redacted.is_some())
}

impl Thought {
    fn part(&self) -> Part<'_> {
        Part::Thinking(Thinking {
            text: Cow::Borrowed(&self.text),
            signature: self.signature.as_deref().map(Cow::Borrowed),
            redacted: self.redacted.as_deref().map(Cow::Borrowed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::ToolCall;

    fn call(id: &'static str) -> Part<'static> {
        Part::ToolCall(ToolCall { id: id.into(), name: "f".into(), ..ToolCall::default() })
    }

    fn said(parts: Vec<Part<'static>>) -> ChatRequest<'static> {
        let message = Message { role: Role::Assistant, parts, name: None };
        ChatRequest { messages: vec![message], ..ChatRequest::default() }
    }

    #[test]
    fn what_a_client_dropped_comes_back_byte_for_byte() {
        let mut seals = Seals::default();
        seals.note(0, &Delta::Thinking("a ".into()));
        seals.note(0, &Delta::Thinking("b".into()));
        seals.note(0, &Delta::ThinkingSignature("Er+/=".into()));
        seals.note(0, &Delta::Redacted("xx".into()));
        let opened = |id: &'static str, signature: Option<&'static str>| Delta::ToolCall {
            index: 0,
            id: id.into(),
            name: "f".into(),
            custom: false,
            signature: signature.map(Cow::Borrowed),
        };
        seals.note(0, &opened("toolu_1", None));
        seals.note(0, &opened("toolu_2", Some("sig")));
        let remembered: Remembered = seals.into_kept().into_iter().collect();
        let mut request = said(vec![call("call_1"), call("call_2")]);
        assert_eq!(wanted(&request), ["1", "2"]);
        restore(&mut request, &remembered);
        let parts = &request.messages[0].parts;
        assert!(
            matches!(&parts[0], Part::Thinking(t) if t.text == "a b" && t.signature.as_deref() == Some("Er+/="))
        );
        assert!(matches!(&parts[1], Part::Thinking(t) if t.redacted.as_deref() == Some("xx")));
        assert!(matches!(&parts[3], Part::ToolCall(c) if c.signature.as_deref() == Some("sig")));
    }

    #[test]
    fn what_was_thought_between_two_calls_comes_back_between_them() {
        let thought = |seal: &str| Sealed {
            thinking: vec![Thought { signature: Some(seal.to_owned()), ..Thought::default() }],
            ..Sealed::default()
        };
        let remembered = Remembered::from([("1".to_owned(), thought("a")), ("2".to_owned(), thought("b"))]);
        let bare = Part::Thinking(Thinking { text: "hm".into(), ..Thinking::default() });
        let mut request = said(vec![bare, Part::text("x"), call("call_1"), call("call_2")]);
        restore(&mut request, &remembered);
        let seen: Vec<&str> = request.messages[0]
            .parts
            .iter()
            .map(|part| match part {
                Part::Thinking(thinking) => thinking.signature.as_deref().unwrap_or("bare"),
                Part::Text(_) => "text",
                Part::ToolCall(call) => &call.id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, ["a", "text", "call_1", "b", "call_2"]);
    }

    #[test]
    fn what_a_client_brings_itself_is_left_alone() {
        let sealed = Sealed {
            thinking: vec![Thought { signature: Some("s".into()), ..Thought::default() }],
            ..Sealed::default()
        };
        let remembered = Remembered::from([("1".to_owned(), sealed)]);
        let own = Thinking { text: "own".into(), signature: Some("t".into()), redacted: None };
        let mut request = said(vec![Part::Thinking(own), call("toolu_1")]);
        restore(&mut request, &remembered);
        assert_eq!(request.messages[0].parts.len(), 2);
    }

    #[test]
    fn thinking_without_an_end_is_not_gathered() {
        let mut seals = Seals::default();
        for _ in 0..5 {
            seals.note(0, &Delta::Thinking("x".repeat(1 << 20).into()));
        }
        assert!(seals.thinking.is_empty());
        let opened = Delta::ToolCall {
            index: 0,
            id: "1".into(),
            name: "f".into(),
            custom: false,
            signature: Some("s".into()),
        };
        seals.note(0, &opened);
        assert!(seals.into_kept().is_empty());
    }

    #[test]
    fn what_is_not_sealed_is_not_kept() {
        let mut seals = Seals::default();
        seals.note(0, &Delta::Thinking("plain".into()));
        seals.note(
            0,
            &Delta::ToolCall { index: 0, id: "1".into(), name: "f".into(), custom: false, signature: None },
        );
        assert!(seals.into_kept().is_empty());
    }
}
