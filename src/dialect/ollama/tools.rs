//! The tools of a request.

use crate::dialect::custom;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ToolChoice;
use crate::dialect::text::object;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;

/// One function.
#[derive(Serialize)]
pub struct Tool<'a> {
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

/// The tools the model may call. No tool can be forced on it; those that may not be called are not shown to it, which
/// is all that can be said.
pub fn offered<'a>(request: &'a ChatRequest<'_>, dropped: &mut Dropped) -> Vec<Tool<'a>> {
    let forced = match &request.tool_choice {
        Some(ToolChoice::Required | ToolChoice::Named(_)) => true,
        Some(ToolChoice::Allowed { required, .. }) => *required,
        None | Some(ToolChoice::Auto | ToolChoice::None) => false,
    };
    dropped.note_if(forced, "tool_choice");
    let has_format = |tool: &hub::Tool<'_>| tool.custom && tool.parameters.is_some();
    dropped.note_if(request.tools.iter().any(has_format), "custom.format");
    let may_call = request.tool_choice != Some(ToolChoice::None);
    request.eligible_tools().filter(|_| may_call).map(Tool::of).collect()
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

/// A call the model made before.
#[derive(Serialize)]
pub struct Call<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Option<Box<RawValue>>,
}

/// The free text of a custom tool.
#[derive(Serialize)]
struct Free<'a> {
    input: &'a str,
}

impl<'a> Call<'a> {
    pub fn of(call: &'a hub::ToolCall<'_>) -> Call<'a> {
        let arguments = match call.custom {
            true => to_raw_value(&Free { input: &call.arguments }),
            false => RawValue::from_string(object(&call.arguments).into_owned()),
        };
        // Neither can fail: the one is text, the other is an object already.
        Call { id: &call.id, function: Called { name: &call.name, arguments: arguments.ok() } }
    }
}
