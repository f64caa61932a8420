//! Messages become turns that take each other's place, and what stands before them (vendors.md §4.2, §4.4).

use crate::dialect::anthropic::ask::body::Block;
use crate::dialect::anthropic::ask::body::CacheControl;
use crate::dialect::anthropic::ask::body::Turn;
use crate::dialect::anthropic::ask::media;
use crate::dialect::anthropic::json;
use crate::dialect::anthropic::words;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use std::borrow::Cow;

/// Said by the user where the vendor wants one to speak and nobody did.
const BEFORE_THE_FIRST: &str = "(The conversation begins.)";
const AFTER_THE_LAST: &str = "Continue.";

#[derive(Default)]
pub(super) struct Turns<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

pub(super) fn lay_out<'a>(
    request: &'a ChatRequest<'_>,
    target: &'a Target<'_>,
    dropped: &mut Dropped,
) -> Result<Turns<'a>, Unsayable> {
    let mut turns = Turns::default();
    for message in &request.messages {
        match message.role {
            Role::System => turns.instruct(message, target.traits.mid_system, dropped),
            Role::User => turns.push("user", heard(message, target, dropped)?),
            Role::Assistant => turns.push("assistant", answered(message, dropped)),
        }
    }
    turns.settle(target.traits.prefill);
    Ok(turns)
}

impl<'a> Turns<'a> {
    /// An assistant called tools and what it thought before is not there any more.
    pub(super) fn has_lost_thoughts(&self) -> bool {
        self.turns.iter().any(|turn| {
            turn.content.iter().any(Block::is_call) && !turn.content.iter().any(Block::is_thought)
        })
    }

    fn instruct(&mut self, message: &'a Message<'_>, mid_system: bool, dropped: &mut Dropped) {
        let words: Vec<Block<'_>> = message
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => speech(text),
                Part::Refusal(text) => said(text, None),
                Part::Image(_)
                | Part::Audio(_)
                | Part::Document(_)
                | Part::Thinking(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_) => {
                    dropped.note("messages");
                    None
                }
            })
            .collect();
        match (self.turns.is_empty(), mid_system) {
            (true, _) => self.system.extend(words),
            (false, true) => self.push("system", words),
            (false, false) => self.push("user", words),
        }
    }

    /// Neighbours of one role are one turn.
    fn push(&mut self, role: &'static str, blocks: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some(last) if last.role == role => last.content.extend(blocks),
            Some(_) | None => self.turns.push(Turn { role, content: blocks }),
        }
    }

    fn settle(&mut self, prefill: bool) {
        for turn in &mut self.turns {
            turn.content.sort_by_key(|block| !block.is_result());
        }
        if self.turns.is_empty() {
            // Instructions alone are a question too.
            let content = match self.system.is_empty() {
                true => vec![words(BEFORE_THE_FIRST)],
                false => std::mem::take(&mut self.system),
            };
            self.turns.push(Turn { role: "user", content });
        }
        if self.turns.first().is_some_and(|turn| turn.role == "assistant") {
            self.turns.insert(0, Turn { role: "user", content: vec![words(BEFORE_THE_FIRST)] });
        }
        match self.turns.last_mut() {
            Some(last) if last.role == "assistant" && prefill => trim_end(last),
            Some(last) if last.role == "assistant" => {
                self.turns.push(Turn { role: "user", content: vec![words(AFTER_THE_LAST)] });
            }
            Some(_) | None => {}
        }
    }
}

/// The vendor refuses an answer to go on from that ends in a space.
fn trim_end(turn: &mut Turn<'_>) {
    if let Some(Block::Text { text, .. }) = turn.content.last_mut() {
        let length = text.trim_end().len();
        match text {
            Cow::Borrowed(text) => *text = text.get(..length).unwrap_or(text),
            Cow::Owned(text) => text.truncate(length),
        }
    }
}

fn heard<'a>(
    message: &'a Message<'_>,
    target: &'a Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Block<'a>>, Unsayable> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    for part in &message.parts {
        match part {
            Part::ToolResult(result) => blocks.push(tool_result(result, target, dropped)?),
            // Only the assistant thinks and calls.
            Part::Thinking(_) | Part::ToolCall(_) => dropped.note("messages"),
            Part::Text(_) | Part::Image(_) | Part::Document(_) | Part::Audio(_) | Part::Refusal(_) => {
                blocks.extend(shown(part, target, dropped)?);
            }
        }
    }
    Ok(blocks)
}

fn tool_result<'a>(
    result: &'a ToolResult<'_>,
    target: &'a Target<'_>,
    dropped: &mut Dropped,
) -> Result<Block<'a>, Unsayable> {
    let mut content = Vec::with_capacity(result.content.len());
    for part in &result.content {
        content.extend(shown(part, target, dropped)?);
    }
    Ok(Block::ToolResult {
        tool_use_id: words::clean_id(&result.call_id),
        content,
        is_error: result.is_error,
        cache_control: CacheControl::of(result.cache),
    })
}

/// What a user or a tool shows.
fn shown<'a>(
    part: &'a Part<'_>,
    target: &'a Target<'_>,
    dropped: &mut Dropped,
) -> Result<Option<Block<'a>>, Unsayable> {
    match part {
        Part::Text(text) => Ok(speech(text)),
        Part::Refusal(text) => Ok(said(text, None)),
        Part::Image(image) => media::image(image, target, dropped).map(Some),
        Part::Document(document) => media::document(document, target).map(Some),
        Part::Audio(_) => Err(Unsayable {
            message: "this model does not hear; send what is said as text".to_owned(),
            param: "input_audio",
        }),
        Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => {
            dropped.note("messages");
            Ok(None)
        }
    }
}

/// Thoughts come first, unless they already did: then everything stays in its place.
fn answered<'a>(message: &'a Message<'_>, dropped: &mut Dropped) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'_>> = message.parts.iter().filter_map(|part| spoken(part, dropped)).collect();
    if !blocks.first().is_some_and(Block::is_thought) {
        blocks.sort_by_key(|block| !block.is_thought());
    }
    blocks
}

fn spoken<'a>(part: &'a Part<'_>, dropped: &mut Dropped) -> Option<Block<'a>> {
    match part {
        Part::Text(text) => speech(text),
        Part::Refusal(text) => said(text, None),
        Part::Thinking(thinking) => thought(thinking),
        Part::ToolCall(call) => Some(tool_use(call)),
        Part::Audio(audio) => audio.transcript.as_deref().and_then(|text| said(text, None)),
        Part::Image(_) | Part::Document(_) | Part::ToolResult(_) => {
            dropped.note("messages");
            None
        }
    }
}

/// What is not sealed would be refused.
fn thought<'a>(thinking: &'a Thinking<'_>) -> Option<Block<'a>> {
    match (&thinking.redacted, &thinking.signature) {
        (Some(data), _) => Some(Block::RedactedThinking { data }),
        (None, Some(signature)) => Some(Block::Thinking { thinking: &thinking.text, signature }),
        (None, None) => None,
    }
}

fn tool_use<'a>(call: &'a ToolCall<'_>) -> Block<'a> {
    Block::ToolUse {
        id: words::clean_id(&call.id),
        name: &call.name,
        input: json::input(&call.arguments, call.custom),
        cache_control: CacheControl::of(call.cache),
    }
}

fn speech<'a>(text: &'a Text<'_>) -> Option<Block<'a>> {
    said(&text.text, CacheControl::of(text.cache))
}

/// A text without a word in it would be refused.
fn said(text: &str, cache_control: Option<CacheControl>) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Block::Text { text: Cow::Borrowed(text), cache_control })
}

fn words(text: &str) -> Block<'_> {
    Block::Text { text: Cow::Borrowed(text), cache_control: None }
}
