//! The events of a stream as bytes (vendors.md §4.6).

use crate::dialect::anthropic::json;
use crate::dialect::anthropic::json::put;
use crate::dialect::anthropic::reply::Caller;
use crate::dialect::anthropic::reply::Cited;
use crate::dialect::anthropic::reply::Message;
use crate::dialect::anthropic::reply::StopDetails;
use crate::dialect::anthropic::tally::Spent;
use crate::dialect::anthropic::tally::SpentAtEnd;
use crate::dialect::hub::Citation;
use crate::dialect::usage::Usage;
use serde::Serialize;

/// A block as it is opened.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum NewBlock<'a> {
    Text { text: &'a str, citations: Option<()> },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Empty, caller: Caller },
}

/// `{}`
#[derive(Serialize)]
pub(super) struct Empty {}

/// Why the message ended.
pub(super) struct Ending<'a> {
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) stop_details: Option<StopDetails<'a>>,
}

#[derive(Serialize)]
struct MessageStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct BlockStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: u64,
    content_block: &'a NewBlock<'a>,
}

#[derive(Serialize)]
struct MessageDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    delta: End<'a>,
    usage: SpentAtEnd,
}

#[derive(Serialize)]
struct End<'a> {
    container: Option<()>,
    stop_details: Option<StopDetails<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

impl<'a> NewBlock<'a> {
    pub(super) fn tool_use(id: &'a str, name: &'a str) -> NewBlock<'a> {
        NewBlock::ToolUse { id, name, input: Empty {}, caller: Caller::Direct }
    }
}

pub(super) fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

pub(super) fn message_start(id: String, model: &str, usage: &Usage, out: &mut Vec<u8>) {
    let message = Message {
        id,
        kind: "message",
        role: "assistant",
        model,
        content: Vec::new(),
        container: None,
        diagnostics: None,
        stop_reason: None,
        stop_sequence: None,
        stop_details: None,
        usage: Spent::new(usage, None),
    };
    event("message_start", &MessageStart { kind: "message_start", message }, out);
}

pub(super) fn block_start(index: u64, content_block: &NewBlock<'_>, out: &mut Vec<u8>) {
    let kind = "content_block_start";
    event(kind, &BlockStart { kind, index, content_block }, out);
}

pub(super) fn block_stop(index: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
    put(out, &index);
    out.extend_from_slice(b"}\n\n");
}

pub(super) fn text_delta(index: u64, text: &str, out: &mut Vec<u8>) {
    delta(index, b"text_delta\",\"text", text, out);
}

pub(super) fn thinking_delta(index: u64, text: &str, out: &mut Vec<u8>) {
    delta(index, b"thinking_delta\",\"thinking", text, out);
}

pub(super) fn signature_delta(index: u64, seal: &str, out: &mut Vec<u8>) {
    delta(index, b"signature_delta\",\"signature", seal, out);
}

pub(super) fn citation_delta(index: u64, citation: &Citation<'_>, out: &mut Vec<u8>) {
    delta(index, b"citations_delta\",\"citation", &Cited::of(citation), out);
}

/// More of a call's arguments; of a custom tool, more of the one string that is its argument.
pub(super) fn arguments_delta(index: u64, text: &str, custom: bool, first: bool, out: &mut Vec<u8>) {
    if !custom {
        return arguments(index, text, out);
    }
    let mut escaped = Vec::new();
    json::put(&mut escaped, text);
    let escaped = String::from_utf8(escaped).unwrap_or_default();
    let inner = escaped.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    match first {
        true => arguments(index, &format!("{{\"input\":\"{inner}"), out),
        false => arguments(index, inner, out),
    }
}

/// What is missing until the arguments are an object.
pub(super) fn arguments_end(index: u64, custom: bool, argued: bool, out: &mut Vec<u8>) {
    match (custom, argued) {
        (true, true) => arguments(index, "\"}", out),
        (true, false) => arguments(index, r#"{"input":""}"#, out),
        (false, false) => arguments(index, "{}", out),
        (false, true) => {}
    }
}

pub(super) fn message_end(ending: Ending<'_>, usage: &Usage, out: &mut Vec<u8>) {
    let delta = End {
        container: None,
        stop_details: ending.stop_details,
        stop_reason: ending.stop_reason,
        stop_sequence: ending.stop_sequence,
    };
    let kind = "message_delta";
    event(kind, &MessageDelta { kind, delta, usage: SpentAtEnd::new(usage) }, out);
    out.extend_from_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

fn arguments(index: u64, text: &str, out: &mut Vec<u8>) {
    delta(index, b"input_json_delta\",\"partial_json", text, out);
}

/// `kind` is the type of the piece, and the field that holds it.
fn delta<T: Serialize + ?Sized>(index: u64, kind: &[u8], value: &T, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
    put(out, &index);
    out.extend_from_slice(b",\"delta\":{\"type\":\"");
    out.extend_from_slice(kind);
    out.extend_from_slice(b"\":");
    put(out, value);
    out.extend_from_slice(b"}}\n\n");
}

fn event<T: Serialize>(name: &str, data: &T, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    put(out, data);
    out.extend_from_slice(b"\n\n");
}
