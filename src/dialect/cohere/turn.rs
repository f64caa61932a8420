//! The messages as Cohere is given them (vendors.md §8.1).

use crate::dialect::hub::Dropped;
use crate::dialect::hub::Part;
use crate::dialect::hub::ToolCall;
use crate::dialect::text::object;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is said, and what it is said about.
#[derive(Default, Serialize)]
pub struct Talk<'a> {
    pub messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Source<'a>>,
}

/// One message.
#[derive(Default, Serialize)]
pub struct Turn<'a> {
    pub role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content<'a>>,
    /// What the model says before it calls its tools.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub tool_plan: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    Words(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block<'a> {
    Text { text: Cow<'a, str> },
    Thinking { thinking: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
pub struct ImageUrl<'a> {
    pub url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    /// JSON text.
    arguments: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Source<'a> {
    Document {
        data: Text<'a>,
    },
    /// As the client wrote it.
    Own(&'a RawValue),
}

#[derive(Serialize)]
pub struct Text<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    pub text: Cow<'a, str>,
}

impl<'a> Talk<'a> {
    /// Adds the documents that a client gives in Cohere's own words.
    pub fn add_documents(&mut self, raw: &'a RawValue, dropped: &mut Dropped) {
        match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            Ok(documents) => self.documents.extend(documents.into_iter().map(Source::Own)),
            Err(_) => dropped.note("documents"),
        }
    }
}

impl<'a> Call<'a> {
    /// The call a part is.
    pub fn of(part: &'a Part<'_>) -> Option<Call<'a>> {
        let Part::ToolCall(call) = part else { return None };
        Some(Call {
            id: &call.id,
            r#type: "function",
            function: Function { name: &call.name, arguments: arguments(call) },
        })
    }
}

fn arguments<'a>(call: &'a ToolCall<'_>) -> Cow<'a, str> {
    match call.custom {
        true => Cow::Owned(serde_json::to_string(&Free { input: &call.arguments }).unwrap_or_default()),
        false => object(&call.arguments),
    }
}

/// The free text of a custom tool.
#[derive(Serialize)]
struct Free<'a> {
    input: &'a str,
}
