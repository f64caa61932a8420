//! The body of a Converse request, as it is sent.

use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    pub messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Inference::is_empty")]
    pub inference_config: Inference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Additional::is_empty")]
    pub additional_model_request_fields: Additional,
    #[serde(skip_serializing_if = "Output::is_empty")]
    pub output_config: Output<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Kind<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_config: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_metadata: Option<&'a RawValue>,
}

#[derive(Serialize)]
pub struct Message<'a> {
    pub role: &'static str,
    pub content: Vec<Block<'a>>,
}

/// One piece of a message, named by its only field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Block<'a> {
    Text(Cow<'a, str>),
    Image(File<'a>),
    Document(File<'a>),
    ToolUse(ToolUse<'a>),
    ToolResult(ToolResult<'a>),
    ReasoningContent(Reasoning<'a>),
    CachePoint(CachePoint),
}

/// An image, or a document, which has a name.
#[derive(Serialize)]
pub struct File<'a> {
    pub format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    pub source: Source<'a>,
}

#[derive(Serialize)]
pub struct Source<'a> {
    /// Base64.
    pub bytes: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse<'a> {
    pub tool_use_id: Cow<'a, str>,
    pub name: &'a str,
    pub input: Cow<'a, RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult<'a> {
    pub tool_use_id: Cow<'a, str>,
    pub content: Vec<Block<'a>>,
    /// Only some models take it, so it is said only of errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reasoning<'a> {
    ReasoningText { text: &'a str, signature: &'a str },
    RedactedContent(&'a str),
}

#[derive(Serialize)]
pub struct CachePoint {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<&'static str>,
}

#[derive(Serialize, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Inference<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<&'a str>,
}

impl Inference<'_> {
    fn is_empty(&self) -> bool {
        *self == Inference::default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig<'a> {
    pub tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<Choice<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tool<'a> {
    ToolSpec(ToolSpec<'a>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    pub input_schema: Schema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

#[derive(Serialize)]
pub struct Schema<'a> {
    pub json: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Choice<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}

/// What Converse hands on to the model as it is.
#[derive(Serialize, Default, PartialEq)]
pub struct Additional {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<&'static str>,
}

impl Additional {
    fn is_empty(&self) -> bool {
        *self == Additional::default()
    }
}

#[derive(Serialize, PartialEq)]
pub struct Thinking {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'static str>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_format: Option<TextFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<&'static str>,
}

impl Output<'_> {
    fn is_empty(&self) -> bool {
        self.text_format.is_none() && self.effort.is_none()
    }
}

#[derive(Serialize)]
pub struct TextFormat<'a> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub structure: Structure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Structure<'a> {
    pub json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
pub struct JsonSchema<'a> {
    /// As text, not as an object.
    pub schema: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Kind<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
}
