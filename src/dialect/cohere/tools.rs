//! The tools of a request, and which of them are to be called.

use crate::dialect::custom;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ToolChoice;
use crate::dialect::side::Target;
use serde::Serialize;
use serde_json::value::RawValue;

/// All that is said about tools.
#[derive(Serialize)]
pub struct Toolbox<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict_tools: Option<bool>,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Parameters<'a> {
    Schema(&'a RawValue),
    None(NoParameters),
}

/// The schema of a function that takes nothing.
#[derive(Serialize)]
struct NoParameters {
    r#type: &'static str,
    properties: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

/// The tools that may be called. One of several cannot be named, but it can be the only one that is shown.
pub fn of<'a>(request: &'a ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Toolbox<'a> {
    let choice = request.tool_choice.as_ref();
    let functions = || request.eligible_tools();
    let has_format = |tool: &hub::Tool<'_>| tool.custom && tool.parameters.is_some();
    dropped.note_if(request.tools.iter().any(has_format), "custom.format");
    let wanted = word(choice).filter(|_| functions().next().is_some());
    let tool_choice = wanted.filter(|_| target.traits.forced_tool_choice);
    dropped.note_if(wanted != tool_choice && wanted == Some(REQUIRED), "tool_choice");
    // Where it cannot be said that none may be called, none is shown.
    let shown = tool_choice == wanted || wanted != Some(NONE);
    Toolbox {
        tools: functions().filter(|_| shown).map(Tool::of).collect(),
        tool_choice,
        strict_tools: strict(functions().filter(|_| shown), dropped),
    }
}

const NONE: &str = "NONE";
const REQUIRED: &str = "REQUIRED";

fn word(choice: Option<&ToolChoice<'_>>) -> Option<&'static str> {
    match choice? {
        ToolChoice::None => Some(NONE),
        ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { required: true, .. } => {
            Some(REQUIRED)
        }
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => None,
    }
}

/// Cohere is strict with all tools or with none.
fn strict<'t>(tools: impl Iterator<Item = &'t hub::Tool<'t>>, dropped: &mut Dropped) -> Option<bool> {
    let (strict, lax): (Vec<_>, Vec<_>) = tools.partition(|tool| tool.strict == Some(true));
    dropped.note_if(!strict.is_empty() && !lax.is_empty(), "strict");
    (!strict.is_empty() && lax.is_empty()).then_some(true)
}

impl<'a> Tool<'a> {
    fn of(tool: &'a hub::Tool<'_>) -> Tool<'a> {
        let none = || Parameters::None(NoParameters { r#type: "object", properties: Nothing {} });
        // Free text has to be the one argument of a function here.
        let schema = if tool.custom { serde_json::from_str(custom::SCHEMA).ok() } else { tool.parameters };
        let function = Function {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: schema.map_or_else(none, Parameters::Schema),
        };
        Tool { r#type: "function", function }
    }
}
