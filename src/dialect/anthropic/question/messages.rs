//! Instructions and turns.

use crate::dialect::anthropic::block::Block;
use crate::dialect::anthropic::block::Content;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::question::fields;
use crate::dialect::anthropic::question::fields::Fields;
use crate::dialect::anthropic::question::fields::wrong;
use crate::dialect::anthropic::question::media;
use crate::dialect::anthropic::words;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::text;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A block that tells the vendor whom to bill. It changes with every request, and nobody else reads it
/// (vendors.md §10.1).
const BILLING: &str = "x-anthropic-billing-header:";

const A_MESSAGE: &str = "messages, each with a `role` and, as `content`, a string or a list of blocks";

#[derive(Deserialize)]
struct Turn<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow)]
    content: Content<'a>,
}

/// What stands before the turns.
pub(super) fn system<'a>(fields: &Fields<'a>) -> Result<Vec<Message<'a>>, BadRequest> {
    let content: Option<Content<'a>> = fields.find("system", "a string or a list of text blocks")?;
    let parts = content.map(|content| parts(content, "system")).transpose()?.unwrap_or_default();
    let said: Vec<Part<'a>> = parts.into_iter().filter(|part| !is_billing(part)).collect();
    Ok(if said.is_empty() { Vec::new() } else { vec![message(Role::System, said)] })
}

fn is_billing(part: &Part<'_>) -> bool {
    matches!(part, Part::Text(text) if text.text.starts_with(BILLING))
}

pub(super) fn read<'a>(fields: &Fields<'a>) -> Result<Vec<Message<'a>>, BadRequest> {
    let turns: Vec<Turn<'a>> = fields.required("messages", A_MESSAGE).map_err(|bad| placed(fields, bad))?;
    if turns.is_empty() {
        return Err(wrong("messages", "at least one message"));
    }
    turns.into_iter().map(turn).collect()
}

/// Says which message is at fault.
fn placed(fields: &Fields<'_>, bad: BadRequest) -> BadRequest {
    let list: Option<Vec<&RawValue>> = fields.raw("messages").and_then(fields::read);
    let at = list.and_then(|list| list.into_iter().position(|raw| fields::read::<Turn<'_>>(raw).is_none()));
    match at {
        Some(at) => BadRequest { message: format!("messages.{at}: not one of {A_MESSAGE}"), ..bad },
        None => bad,
    }
}

fn turn(turn: Turn<'_>) -> Result<Message<'_>, BadRequest> {
    let role = match turn.role.0.as_ref() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(wrong("messages", "messages with `user`, `assistant` or `system` as `role`")),
    };
    let mut parts = parts(turn.content, "messages")?;
    // Other dialects have results in messages of their own, before what else is said.
    parts.sort_by_key(|part| !matches!(part, Part::ToolResult(_)));
    Ok(message(role, parts))
}

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

fn parts<'a>(content: Content<'a>, field: &'static str) -> Result<Vec<Part<'a>>, BadRequest> {
    match content {
        Content::Text(text) => Ok(vec![Part::text(text)]),
        Content::Blocks(blocks) => {
            blocks.into_iter().filter_map(|block| part(block, field).transpose()).collect()
        }
    }
}

/// What the vendor's own tools did, and what nobody knows yet, is left out.
fn part<'a>(block: Block<'a>, field: &'static str) -> Result<Option<Part<'a>>, BadRequest> {
    let found = match block.kind() {
        "text" => Some(text(block)),
        "image" => Some(Part::Image(media::image(&block).ok_or_else(|| media::unclear(field))?)),
        "document" => Some(Part::Document(media::document(block).ok_or_else(|| media::unclear(field))?)),
        "thinking" => thought(block).map(Part::Thinking),
        "redacted_thinking" => {
            Some(Part::Thinking(Thinking { redacted: Some(said(block.data)), ..Thinking::default() }))
        }
        "tool_use" => Some(Part::ToolCall(call(block))),
        "tool_result" => Some(Part::ToolResult(result(block, field)?)),
        "search_result" => Some(found(block)),
        _ => None,
    };
    Ok(found)
}

fn text(block: Block<'_>) -> Part<'_> {
    let (cache, citations) = (block.cache(), block.cited());
    Part::Text(hub::Text { text: said(block.text), cache, citations, signature: None })
}

/// A thought that nobody sealed goes on without the mark that stands for a seal.
fn thought(block: Block<'_>) -> Option<Thinking<'_>> {
    let sealed = block.signature.map(|seal| seal.0).filter(|seal| !seal.is_empty() && seal != words::NO_SEAL);
    let thinking = Thinking { text: said(block.thinking), signature: sealed, redacted: None };
    (!thinking.text.is_empty() || thinking.signature.is_some()).then_some(thinking)
}

fn call(block: Block<'_>) -> ToolCall<'_> {
    ToolCall {
        cache: block.cache(),
        id: said(block.id),
        name: said(block.name),
        arguments: Cow::Borrowed(block.input.map_or("{}", RawValue::get)),
        custom: false,
        signature: None,
    }
}

fn result<'a>(block: Block<'a>, field: &'static str) -> Result<ToolResult<'a>, BadRequest> {
    let content = match block.content {
        Some(raw) => {
            let content: Option<Content<'a>> = fields::read(raw);
            shown(
                content.ok_or_else(|| wrong(field, "tool results with a string or blocks as `content`"))?,
                field,
            )?
        }
        None => Vec::new(),
    };
    let cache = block.cache();
    Ok(ToolResult {
        call_id: said(block.tool_use_id),
        content,
        is_error: block.is_error == Some(true),
        cache,
    })
}

/// What a tool may show; nothing is nested deeper, so a result in a result ends here.
fn shown<'a>(content: Content<'a>, field: &'static str) -> Result<Vec<Part<'a>>, BadRequest> {
    match content {
        Content::Blocks(mut blocks) => {
            blocks.retain(|block| matches!(block.kind(), "text" | "image" | "document" | "search_result"));
            parts(Content::Blocks(blocks), field)
        }
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(_) => parts(content, field),
    }
}

/// Others do not know search results: they read them as text.
fn found(block: Block<'_>) -> Part<'_> {
    let source = block.source.and_then(text::text).unwrap_or_default();
    let texts = block.content.map(media::words).unwrap_or_default();
    let cache = block.cache();
    let text = Cow::Owned(format!("{}\n{source}\n{texts}", said(block.title)));
    Part::Text(hub::Text { text, cache, ..hub::Text::default() })
}
