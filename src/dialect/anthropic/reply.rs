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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Text;
    use serde_json::Value;
    use serde_json::json;

    const REPLY: &str = include_str!("fixtures/reply.json");

    fn written(response: &ChatResponse<'_>) -> Value {
        let opening =
            Opening { nonce: "n0".into(), model: "asked".into(), prompt_estimate: 7, ..Opening::default() };
        serde_json::from_slice(&write(response, &opening)).unwrap()
    }

    fn call(id: &'static str, name: &'static str, arguments: &'static str, custom: bool) -> Part<'static> {
        Part::ToolCall(ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            custom,
            ..ToolCall::default()
        })
    }

    fn thought(text: &'static str, signature: Option<&'static str>) -> Part<'static> {
        Part::Thinking(Thinking { text: text.into(), signature: signature.map(Into::into), redacted: None })
    }

    #[test]
    fn an_answer_is_written_word_for_word() {
        let citation = Citation { url: "https://a.example".into(), title: "A".into(), ..Citation::default() };
        let parts = vec![
            thought("Hm.", Some("sig+/=")),
            thought("Who?", None),
            Part::Thinking(Thinking { redacted: Some("blob".into()), ..Thinking::default() }),
            Part::Text(Text { text: "Hi".into(), citations: vec![citation], ..Text::default() }),
            Part::text(""),
            Part::text("there"),
            call("call_1", "f", r#"{"a":1}"#, false),
            call("", "g", "free text", true),
            call("x:y", "h", "[1,", false),
        ];
        let choice = Choice { parts, finish: Some(Finish::Stop), ..Choice::default() };
        let usage = Usage { input: 30, cached: 10, cache_write: 5, output: 20, reasoning: 8 };
        let response = ChatResponse {
            id: "chatcmpl-9f2c".into(),
            model: "gpt-x".into(),
            choices: vec![choice],
            usage: Some(usage),
            service_tier: Some("priority".into()),
            system_fingerprint: None,
        };
        assert_eq!(written(&response), serde_json::from_str::<Value>(REPLY).unwrap());
    }

    #[test]
    fn an_empty_answer_still_has_every_field() {
        let reply = written(&ChatResponse::default());
        assert_eq!(
            (&reply["id"], &reply["model"], &reply["content"]),
            (&json!("msg_n0"), &json!("asked"), &json!([]))
        );
        assert_eq!((&reply["stop_reason"], &reply["usage"]["input_tokens"]), (&json!("end_turn"), &json!(7)));
    }

    #[test]
    fn ends_of_answers_keep_their_meaning() {
        let ended = |finish: Finish, stop_sequence: Option<&'static str>| {
            let parts = vec![Part::Refusal("No.".into())];
            let stop_sequence = stop_sequence.map(Into::into);
            let choice = Choice { parts, finish: Some(finish), stop_sequence, logprobs: None };
            let reply = written(&ChatResponse { choices: vec![choice], ..ChatResponse::default() });
            (reply["stop_reason"].clone(), reply["stop_sequence"].clone(), reply["stop_details"].clone())
        };
        let details = json!({ "type": "refusal", "category": null, "explanation": "No." });
        assert_eq!(ended(Finish::ContentFilter, None), (json!("refusal"), Value::Null, details));
        assert_eq!(ended(Finish::Length, None), (json!("max_tokens"), Value::Null, Value::Null));
        assert_eq!(ended(Finish::Stop, Some("END")), (json!("stop_sequence"), json!("END"), Value::Null));
    }
}
