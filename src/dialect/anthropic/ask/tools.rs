//! Tools, and how they are to be chosen (vendors.md §4.2, §4.4).

use crate::dialect::anthropic::ask::body::CacheControl;
use crate::dialect::anthropic::json;
use crate::dialect::anthropic::schema;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ToolChoice;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

const WEB_SEARCH: &str = "web_search";

/// What takes free text is given an object with one string.
const FREE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

#[derive(Serialize)]
pub(super) struct Tool<'a> {
    /// Of the vendor's own tools.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<Cow<'a, RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<Location<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
pub(super) struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// Where the asker is; read in OpenAI's form, written in Anthropic's.
#[derive(Deserialize, Serialize)]
struct Location<'a> {
    #[serde(skip_deserializing, default = "approximate", rename = "type")]
    kind: &'static str,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    city: Option<Str<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    country: Option<Str<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    region: Option<Str<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    timezone: Option<Str<'a>>,
}

fn approximate() -> &'static str {
    "approximate"
}

#[derive(Deserialize)]
struct SearchOptions<'a> {
    #[serde(borrow)]
    user_location: Option<SearchLocation<'a>>,
}

#[derive(Deserialize)]
struct SearchLocation<'a> {
    #[serde(borrow)]
    approximate: Option<Location<'a>>,
}

/// The tools a model may call.
pub(super) fn write<'a>(
    request: &'a ChatRequest<'_>,
    traits: &ModelTraits,
    dropped: &mut Dropped,
) -> Vec<Tool<'a>> {
    let allowed = |tool: &&hub::Tool<'_>| match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
        Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required | ToolChoice::Named(_)) | None => {
            true
        }
    };
    let offered = request.tools.iter().filter(allowed);
    let mut tools: Vec<Tool<'_>> = offered.map(|tool| function(tool, traits, dropped)).collect();
    if let Some(options) = request.web_search {
        match tools.iter().any(|tool| tool.name == WEB_SEARCH) {
            true => dropped.note("web_search_options"),
            false => tools.push(web_search(options)),
        }
    }
    tools
}

fn function<'a>(tool: &'a hub::Tool<'_>, traits: &ModelTraits, dropped: &mut Dropped) -> Tool<'a> {
    let strict = tool.strict == Some(true) && traits.json_schema && !tool.custom;
    dropped.note_if(tool.strict == Some(true) && !strict, "strict");
    let input_schema = match tool.custom {
        true => schema::of_tool(json::object(FREE_TEXT), false),
        false => schema::of_tool(tool.parameters, strict),
    };
    Tool {
        kind: None,
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: Some(input_schema),
        strict: strict.then_some(true),
        user_location: None,
        cache_control: CacheControl::of(tool.cache),
    }
}

fn web_search(options: &RawValue) -> Tool<'_> {
    let options: Option<SearchOptions<'_>> = serde_json::from_str(options.get()).ok();
    Tool {
        kind: Some("web_search_20250305"),
        name: WEB_SEARCH,
        description: None,
        input_schema: None,
        strict: None,
        user_location: options.and_then(|options| options.user_location?.approximate),
        cache_control: None,
    }
}

/// How tools are to be chosen; `thinks`: the model is told to think, and then it cannot be forced to call.
pub(super) fn choose<'a>(
    request: &'a ChatRequest<'_>,
    traits: &ModelTraits,
    tools: &[Tool<'_>],
    thinks: bool,
    dropped: &mut Dropped,
) -> Option<Choice<'a>> {
    if tools.is_empty() {
        return None;
    }
    let (kind, name) = match &request.tool_choice {
        None => ("auto", None),
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name.as_ref())),
    };
    let forced = matches!(kind, "any" | "tool");
    let unforced = forced && (thinks || !traits.forced_tool_choice);
    dropped.note_if(unforced, "tool_choice");
    let (kind, name) = if unforced { ("auto", None) } else { (kind, name) };
    let one_by_one = request.parallel_tool_calls == Some(false) && kind != "none";
    let unsaid = request.tool_choice.is_none() && !one_by_one;
    (!unsaid).then_some(Choice { kind, name, disable_parallel_tool_use: one_by_one.then_some(true) })
}
