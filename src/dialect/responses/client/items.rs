//! Reads the input items of a client's request into messages (vendors.md §11.1).
//!
//! Items stand in a row where other dialects have messages: what the assistant thought, said and called between
//! two words of others is one message of its.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::responses::client::parts;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Text;
use crate::dialect::responses::seal;
use crate::dialect::responses::seal::Brought;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What was said so far.
#[derive(Debug, Default)]
pub struct Talk<'a> {
    pub messages: Vec<Message<'a>>,
    /// Items of OpenAI's own tools.
    pub extras: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// Any item. Fields mean different things in different ones, so most are read only when it is known.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    encrypted_content: Option<&'a RawValue>,
}

const FIELD: &str = "input";

impl<'a> Talk<'a> {
    /// Adds what `input` says: a text, or a list of items.
    pub fn read(&mut self, input: &'a RawValue) -> Result<(), BadRequest> {
        if let Some(text) = json::text(input) {
            self.messages.push(Message { role: Role::User, parts: vec![Part::text(text)], name: None });
            return Ok(());
        }
        for raw in json::elements(input).ok_or_else(|| wrong(FIELD, "a string or an array"))? {
            let item: Item<'a> = json::object(raw).ok_or_else(|| wrong(FIELD, "an array of items"))?;
            self.item(&item, raw)?;
        }
        // What was thought is of use only with what came of it.
        self.messages.retain(|message| !message.parts.iter().all(|part| matches!(part, Part::Thinking(_))));
        Ok(())
    }

    fn item(&mut self, item: &Item<'a>, raw: &'a RawValue) -> Result<(), BadRequest> {
        match item.kind.as_deref() {
            None | Some("message") => self.message(item),
            Some("reasoning") => {
                self.own().push(Part::Thinking(thinking(item)));
                Ok(())
            }
            Some("function_call") => self.call(item, item.arguments, false),
            Some("custom_tool_call") => self.call(item, item.input, true),
            Some("function_call_output" | "custom_tool_call_output") => self.result(item),
            Some(kind) => {
                self.extras.push((Cow::Owned(format!("input[].{kind}")), raw));
                Ok(())
            }
        }
    }

    fn message(&mut self, item: &Item<'a>) -> Result<(), BadRequest> {
        let content = item.content.ok_or_else(|| wrong(FIELD, "an array of messages with `content`"))?;
        let mut parts = parts::read(content)?;
        let role = match item.role.as_deref() {
            Some("user") => Role::User,
            Some("system" | "developer") => Role::System,
            Some("assistant") => {
                self.own().append(&mut parts);
                return Ok(());
            }
            _ => {
                return Err(wrong(
                    FIELD,
                    "an array of messages with the `role` `user`, `system`, `developer` or `assistant`",
                ));
            }
        };
        self.messages.push(Message { role, parts, name: None });
        Ok(())
    }

    fn call(
        &mut self,
        item: &Item<'a>,
        arguments: Option<&'a RawValue>,
        custom: bool,
    ) -> Result<(), BadRequest> {
        let call = ToolCall {
            id: call_id(item)?,
            name: item
                .name
                .and_then(json::text)
                .ok_or_else(|| wrong(FIELD, "an array of calls with a `name`"))?,
            arguments: arguments.and_then(json::text).unwrap_or_default(),
            custom,
            ..ToolCall::default()
        };
        self.own().push(Part::ToolCall(call));
        Ok(())
    }

    fn result(&mut self, item: &Item<'a>) -> Result<(), BadRequest> {
        let content = item.output.map(parts::read).transpose()?.unwrap_or_default();
        let result = ToolResult { call_id: call_id(item)?, content, ..ToolResult::default() };
        let is_result = |part: &Part<'_>| matches!(part, Part::ToolResult(_));
        match self
            .messages
            .last_mut()
            .filter(|last| last.role == Role::User && last.parts.iter().all(is_result))
        {
            Some(results) => results.parts.push(Part::ToolResult(result)),
            None => {
                let parts = vec![Part::ToolResult(result)];
                self.messages.push(Message { role: Role::User, parts, name: None });
            }
        }
        Ok(())
    }

    /// The message that the assistant is saying, or a new one.
    fn own(&mut self) -> &mut Vec<Part<'a>> {
        if self.messages.last().is_none_or(|last| last.role != Role::Assistant) {
            self.messages.push(Message { role: Role::Assistant, parts: Vec::new(), name: None });
        }
        let last = self.messages.len() - 1;
        &mut self.messages[last].parts
    }
}

fn call_id<'a>(item: &Item<'a>) -> Result<Cow<'a, str>, BadRequest> {
    let id = item.call_id.clone().filter(|id| !id.is_empty());
    id.map(|id| id.0).ok_or_else(|| wrong(FIELD, "an array of calls and outputs with a `call_id` each"))
}

fn thinking<'a>(item: &Item<'a>) -> Thinking<'a> {
    let text = parts::thought(item.summary).or_else(|| parts::thought(item.content)).unwrap_or_default();
    let mut thinking = Thinking { text, ..Thinking::default() };
    let Some(encrypted) = item.encrypted_content.and_then(json::text) else { return thinking };
    // What is redacted has no words.
    match seal::brought(item.id.as_deref().unwrap_or_default(), &encrypted) {
        Brought::Signature(seal) => thinking.signature = Some(Cow::Owned(seal.into_owned())),
        Brought::Redacted(data) => thinking.redacted = Some(Cow::Owned(data.into_owned())),
    }
    thinking
}
