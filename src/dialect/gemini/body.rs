//! A request as it is on the wire (vendors.md §5.2).

use crate::dialect::gemini::settings::Settings;
use crate::dialect::gemini::tools::ToolConfig;
use crate::dialect::gemini::tools::Tools;
use serde::Serialize;
use serde::Serializer;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system_instruction: Option<Instruction<'a>>,
    pub(super) contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) safety_settings: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cached_content: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
    pub(super) generation_config: Settings<'a>,
}

#[derive(Serialize)]
pub(super) struct Instruction<'a> {
    pub(super) parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
pub(super) struct Content<'a> {
    pub(super) role: Role,
    pub(super) parts: Vec<Part<'a>>,
}

/// There are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Model,
}

/// One of the fields but the last two says what it is.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inline_data: Option<Blob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<File<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_response: Option<Outcome<'a>>,
    /// The text is a thought.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob<'a> {
    pub(super) mime_type: Cow<'a, str>,
    /// Base64.
    pub(super) data: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File<'a> {
    pub(super) file_uri: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) args: Object<'a>,
}

/// What a function gave back.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) response: Object<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Part<'a>>,
}

/// A JSON object, where nothing else will do.
pub(super) enum Object<'a> {
    Raw(&'a RawValue),
    /// Text under a name.
    Under(&'static str, Cow<'a, str>),
    Empty,
}

impl<'a> Object<'a> {
    /// The object that `json` is, or else its text under `name`.
    pub(super) fn of(json: &'a str, name: &'static str) -> Object<'a> {
        let is_object = json.trim_ascii_start().starts_with('{');
        match serde_json::from_str::<&RawValue>(json) {
            Ok(raw) if is_object => Object::Raw(raw),
            Ok(_) | Err(_) => Object::Under(name, Cow::Borrowed(json)),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Object::Raw(raw) => raw.serialize(writer),
            Object::Under(name, text) => writer.collect_map([(name, text)]),
            Object::Empty => writer.collect_map::<&str, &str, _>([]),
        }
    }
}

impl<'a> Part<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Part<'a> {
        Part { text: Some(text.into()), ..Part::default() }
    }

    pub(super) fn inline(mime_type: impl Into<Cow<'a, str>>, data: &'a str) -> Part<'a> {
        Part { inline_data: Some(Blob { mime_type: mime_type.into(), data }), ..Part::default() }
    }

    pub(super) fn file(uri: impl Into<Cow<'a, str>>) -> Part<'a> {
        Part { file_data: Some(File { file_uri: uri.into() }), ..Part::default() }
    }
}
