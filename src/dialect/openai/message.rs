//! The messages of a chat, read into the hub (vendors.md §1.2).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::openai::ask::get;
use crate::dialect::openai::part::parts;
use crate::dialect::openai::tools::Cache;
use crate::dialect::text::Str;
use crate::dialect::text::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub const FIELD: &str = "messages";

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<SaidCall<'a>>>,
    #[serde(borrow)]
    function_call: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    tool_call_id: Option<Str<'a>>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking_blocks: Option<Vec<SaidThinking<'a>>>,
    cache_control: Option<Cache>,
}

#[derive(Deserialize)]
pub struct SaidCall<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub function: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    pub custom: Option<SaidFunction<'a>>,
    #[serde(borrow)]
    pub extra_content: Option<Extra<'a>>,
}

#[derive(Deserialize)]
pub struct SaidFunction<'a> {
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub input: Option<Str<'a>>,
}

/// Where Google's own compatible endpoint puts its seals (vendors.md §5.5).
#[derive(Deserialize)]
pub struct Extra<'a> {
    #[serde(borrow)]
    google: Option<Google<'a>>,
}

#[derive(Deserialize)]
struct Google<'a> {
    #[serde(borrow)]
    thought_signature: Option<Str<'a>>,
}

impl<'a> Extra<'a> {
    pub fn seal(self) -> Option<Cow<'a, str>> {
        self.google?.thought_signature.map(Cow::from)
    }
}

/// A block of thinking as LiteLLM's clients know it.
#[derive(Deserialize)]
pub struct SaidThinking<'a> {
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
    #[serde(borrow)]
    data: Option<Str<'a>>,
}

/// Reads all messages.
///
/// # Errors
/// [`BadRequest`] where one of them cannot be understood.
pub fn read_all(raw: &RawValue) -> Result<Vec<Message<'_>>, BadRequest> {
    let said: Vec<Said<'_>> = get(raw, FIELD, "an array of messages as OpenAI's API knows them")?;
    if said.is_empty() {
        return Err(wrong(FIELD, "an array that is not empty"));
    }
    said.into_iter().map(message).collect()
}

fn message(said: Said<'_>) -> Result<Message<'_>, BadRequest> {
    let name = said.name.clone().map(Cow::from);
    match said.role.0.as_ref() {
        "system" | "developer" => {
            Ok(Message { role: Role::System, parts: parts(said.content, said.cache_control)?, name })
        }
        "user" => Ok(Message { role: Role::User, parts: parts(said.content, said.cache_control)?, name }),
        "assistant" => Ok(Message { role: Role::Assistant, parts: assistant(said)?, name }),
        "tool" | "function" => Ok(Message { role: Role::User, parts: vec![result(said)?], name: None }),
        _ => {
            Err(wrong(FIELD, "messages whose `role` is `system`, `developer`, `user`, `assistant` or `tool`"))
        }
    }
}

fn assistant(said: Said<'_>) -> Result<Vec<Part<'_>>, BadRequest> {
    let mut all = thinking(said.thinking_blocks, spelled(said.reasoning_content, said.reasoning));
    all.extend(parts(said.content, said.cache_control)?);
    all.extend(said.refusal.map(|refusal| Part::Refusal(refusal.into())));
    all.extend(said.tool_calls.into_iter().flatten().map(|call| Part::ToolCall(tool_call(call))));
    if let Some(function) = said.function_call {
        let id = function.name.clone().map(Cow::from).unwrap_or_default();
        all.push(Part::ToolCall(ToolCall { id, ..called(function, false) }));
    }
    Ok(all)
}

/// Sealed blocks where there are any, else the bare text in either of its spellings. A stream gives the seal in a block
/// and the text beside it, and clients put both together as they came: the text of the only block is the bare one then.
pub fn thinking<'a>(blocks: Option<Vec<SaidThinking<'a>>>, bare: Option<Cow<'a, str>>) -> Vec<Part<'a>> {
    match blocks.filter(|blocks| !blocks.is_empty()) {
        Some(mut blocks) => {
            if let [only] = &mut blocks[..]
                && only.is_textless()
            {
                only.thinking = bare.map(Str);
            }
            blocks.into_iter().map(SaidThinking::part).collect()
        }
        None => {
            let text = bare.filter(|text| !text.trim().is_empty());
            text.map(|text| Part::Thinking(Thinking { text, ..Thinking::default() })).into_iter().collect()
        }
    }
}

/// What was thought, in whichever of its two spellings says something.
pub fn spelled<'a>(one: Option<&'a RawValue>, other: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
    [one, other].into_iter().flatten().filter_map(text).find(|text| !text.is_empty())
}

impl<'a> SaidThinking<'a> {
    fn is_textless(&self) -> bool {
        self.data.is_none() && self.thinking.as_ref().is_none_or(|text| text.0.is_empty())
    }

    fn part(self) -> Part<'a> {
        Part::Thinking(Thinking {
            text: self.thinking.map(Cow::from).unwrap_or_default(),
            signature: self.signature.map(Cow::from).filter(|seal| !seal.is_empty()),
            redacted: self.data.map(Cow::from),
        })
    }

    /// As pieces of a stream, which may have `told` its text in another field already.
    pub fn deltas(self, told: bool, say: &mut dyn FnMut(Delta<'_>)) {
        if let Some(data) = self.data {
            say(Delta::Redacted(data.into()));
        }
        if let Some(text) = self.thinking.filter(|text| !told && !text.0.is_empty()) {
            say(Delta::Thinking(text.into()));
        }
        if let Some(seal) = self.signature.filter(|seal| !seal.0.is_empty()) {
            say(Delta::ThinkingSignature(seal.into()));
        }
    }
}

/// A call as the model made it.
pub fn tool_call(call: SaidCall<'_>) -> ToolCall<'_> {
    let id = call.id.map(Cow::from).unwrap_or_default();
    let signature = call.extra_content.and_then(Extra::seal);
    let called = match (call.function, call.custom) {
        (Some(function), _) => called(function, false),
        (None, Some(custom)) => called(custom, true),
        (None, None) => ToolCall::default(),
    };
    ToolCall { id, signature, ..called }
}

impl<'a> SaidFunction<'a> {
    /// The text of the arguments, or what a custom tool is given. Mistral gives an object instead of its text
    /// (vendors.md §6.7).
    pub fn arguments(self) -> Option<Cow<'a, str>> {
        let arguments = self.arguments.map(|raw| text(raw).unwrap_or(Cow::Borrowed(raw.get())));
        arguments.or(self.input.map(Cow::from))
    }
}

fn called(function: SaidFunction<'_>, custom: bool) -> ToolCall<'_> {
    ToolCall {
        name: function.name.clone().map(Cow::from).unwrap_or_default(),
        arguments: function.arguments().unwrap_or_default(),
        custom,
        ..ToolCall::default()
    }
}

fn result(said: Said<'_>) -> Result<Part<'_>, BadRequest> {
    let call_id = said.tool_call_id.or(said.name);
    Ok(Part::ToolResult(ToolResult {
        call_id: call_id
            .map(Cow::from)
            .ok_or_else(|| wrong(FIELD, "tool messages with a `tool_call_id` each"))?,
        content: parts(said.content, None)?,
        is_error: false,
        cache: said.cache_control.map(Cache::mark),
    }))
}
