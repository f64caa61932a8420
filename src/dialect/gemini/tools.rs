//! Functions that may be called, and whether they must be.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use serde::Serialize;
use serde_json::value::RawValue;

/// The only argument of a function that stands in for a tool of free text.
pub(super) const CUSTOM_INPUT: &str = "input";
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// One entry of `tools`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tools<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    function_declarations: Vec<Declaration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    google_search: Option<Nothing>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_function_names: Vec<&'a str>,
}

/// What a request says about tools: `tools`, `toolConfig`.
pub(super) fn write<'a>(
    request: &'a ChatRequest<'_>,
    traits: &ModelTraits,
    dropped: &mut Dropped,
) -> (Vec<Tools<'a>>, Option<ToolConfig<'a>>) {
    let offered = request.tools.iter().filter(|tool| is_offered(tool, request.tool_choice.as_ref()));
    let declared: Vec<Declaration<'a>> = offered.map(|tool| declaration(tool, dropped)).collect();
    let config = request.tool_choice.as_ref().filter(|_| !declared.is_empty());
    let config = config.map(|choice| {
        let forced = calling(choice);
        let may = traits.forced_tool_choice || forced.mode != "ANY";
        dropped.note_if(!may, "tool_choice");
        let calling = if may { forced } else { Calling { mode: "AUTO", allowed_function_names: Vec::new() } };
        ToolConfig { function_calling_config: calling }
    });
    let mut tools = Vec::new();
    if !declared.is_empty() {
        tools.push(Tools { function_declarations: declared, google_search: None });
    }
    if request.web_search.is_some() {
        tools.push(Tools { function_declarations: Vec::new(), google_search: Some(Nothing {}) });
    }
    (tools, config)
}

/// Names can only be allowed where a call is forced; else those that are not allowed are not offered.
fn is_offered(tool: &Tool<'_>, choice: Option<&ToolChoice<'_>>) -> bool {
    match choice {
        Some(ToolChoice::Allowed { names, required: false }) => names.contains(&tool.name),
        Some(
            ToolChoice::Allowed { required: true, .. }
            | ToolChoice::Auto
            | ToolChoice::None
            | ToolChoice::Required
            | ToolChoice::Named(_),
        )
        | None => true,
    }
}

fn declaration<'a>(tool: &'a Tool<'_>, dropped: &mut Dropped) -> Declaration<'a> {
    let parameters_json_schema = match tool.custom {
        true => {
            dropped.note_if(tool.parameters.is_some(), "custom.format");
            serde_json::from_str(CUSTOM_SCHEMA).ok()
        }
        false => tool.parameters,
    };
    Declaration { name: &tool.name, description: tool.description.as_deref(), parameters_json_schema }
}

fn calling<'a>(choice: &'a ToolChoice<'_>) -> Calling<'a> {
    let (mode, allowed_function_names) = match choice {
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => ("AUTO", Vec::new()),
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Required => ("ANY", Vec::new()),
        ToolChoice::Named(name) => ("ANY", vec![name.as_ref()]),
        ToolChoice::Allowed { names, required: true } => ("ANY", names.iter().map(AsRef::as_ref).collect()),
    };
    Calling { mode, allowed_function_names }
}
