//! Writes a whole answer for a client (vendors.md §4.5, §10.3).

use crate::dialect::anthropic::json;
use crate::dialect::anthropic::tally::Spent;
use crate::dialect::anthropic::words;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::side::Opening;
use crate::dialect::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A message, with every field that the vendor's own have.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block<'a>>,
    pub(super) container: Option<()>,
    pub(super) diagnostics: Option<()>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) stop_details: Option<StopDetails<'a>>,
    pub(super) usage: Spent,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text { text: &'a str, citations: Option<Vec<Cited<'a>>> },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: String, name: &'a str, input: Cow<'a, RawValue>, caller: Caller },
}

/// Who called a tool: the model itself, and not a program of its own.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Caller {
    Direct,
}

/// A page that was found on the web.
#[derive(Serialize)]
pub(super) struct Cited<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
    title: &'a str,
    cited_text: &'a str,
    encrypted_index: &'static str,
}

/// Why an answer was refused.
#[derive(Serialize)]
pub(super) struct StopDetails<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    category: Option<()>,
    explanation: Option<&'a str>,
}

pub(super) fn write(response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
    let nothing = Choice::default();
    let choice = response.choices.first().unwrap_or(&nothing);
    let content = blocks(&choice.parts, &opening.nonce);
    let calls = content.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    let refused = choice.parts.iter().find_map(|part| match part {
        Part::Refusal(text) => Some(text.as_ref()),
        _ => None,
    });
    let usage = response.usage.unwrap_or(Usage { input: opening.prompt_estimate, ..Usage::default() });
    let message = Message {
        id: words::message_id(&response.id, &opening.nonce),
        kind: "message",
        role: "assistant",
        model: if response.model.is_empty() { &opening.model } else { &response.model },
        content,
        container: None,
        diagnostics: None,
        stop_reason: Some(words::stop_reason(choice.finish, calls, choice.stop_sequence.is_some())),
        stop_sequence: choice.stop_sequence.as_deref(),
        stop_details: StopDetails::of(choice.finish, refused),
        usage: Spent::new(&usage, response.service_tier.as_deref()),
    };
    let mut out = Vec::new();
    json::put(&mut out, &message);
    out
}

impl<'a> StopDetails<'a> {
    pub(super) fn of(finish: Option<Finish>, explanation: Option<&'a str>) -> Option<StopDetails<'a>> {
        (finish == Some(Finish::ContentFilter)).then_some(StopDetails {
            kind: "refusal",
            category: None,
            explanation,
        })
    }
}

impl<'a> Cited<'a> {
    pub(super) fn of(citation: &'a Citation<'_>) -> Cited<'a> {
        Cited {
            kind: "web_search_result_location",
            url: &citation.url,
            title: &citation.title,
            cited_text: citation.cited.as_deref().unwrap_or_default(),
            encrypted_index: "",
        }
    }
}

fn blocks<'a>(parts: &'a [Part<'_>], nonce: &str) -> Vec<Block<'a>> {
    let mut calls = 0;
    let mut blocks = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => {
                let cited: Vec<Cited<'_>> = text.citations.iter().map(Cited::of).collect();
                blocks.extend(said(&text.text, (!cited.is_empty()).then_some(cited)));
            }
            Part::Refusal(text) => blocks.extend(said(text, None)),
            Part::Thinking(thinking) => blocks.push(thought(thinking)),
            Part::ToolCall(call) => {
                blocks.push(tool_use(call, nonce, calls));
                calls += 1;
            }
            Part::Audio(audio) => {
                blocks.extend(audio.transcript.as_deref().and_then(|text| said(text, None)))
            }
            // No block of an answer holds these.
            Part::Image(_) | Part::Document(_) | Part::ToolResult(_) => {}
        }
    }
    blocks
}

fn said<'a>(text: &'a str, citations: Option<Vec<Cited<'a>>>) -> Option<Block<'a>> {
    (!text.is_empty()).then_some(Block::Text { text, citations })
}

fn thought<'a>(thinking: &'a Thinking<'_>) -> Block<'a> {
    match &thinking.redacted {
        Some(data) => Block::RedactedThinking { data },
        None => Block::Thinking {
            thinking: &thinking.text,
            signature: thinking.signature.as_deref().unwrap_or(words::NO_SEAL),
        },
    }
}

fn tool_use<'a>(call: &'a ToolCall<'_>, nonce: &str, index: u32) -> Block<'a> {
    Block::ToolUse {
        id: words::call_id(&call.id, nonce, index),
        name: &call.name,
        input: json::input(&call.arguments, call.custom),
        caller: Caller::Direct,
    }
}
