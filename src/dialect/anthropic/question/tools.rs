//! Tools, and how they are to be chosen.

use crate::dialect::anthropic::block;
use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::question::fields::Fields;
use crate::dialect::anthropic::question::fields::read as read_raw;
use crate::dialect::anthropic::question::fields::wrong;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

const A_LIST: &str = "a list of tools, each with a `name`";

#[derive(Deserialize)]
struct Offered<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    input_schema: Option<&'a RawValue>,
    strict: Option<bool>,
    #[serde(borrow)]
    cache_control: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    disable_parallel_tool_use: Option<bool>,
}

/// Reads tools and choice into `request`. The vendor's own tools cannot be had elsewhere and become extras, so that
/// they are named among what was left out; a search of the web can.
pub(super) fn read<'a>(fields: &mut Fields<'a>, request: &mut ChatRequest<'a>) -> Result<(), BadRequest> {
    let listed: Vec<&'a RawValue> = fields.find("tools", A_LIST)?.unwrap_or_default();
    for raw in listed {
        let tool: Offered<'a> = read_raw(raw).ok_or_else(|| wrong("tools", A_LIST))?;
        let kind = said(tool.kind.clone());
        match kind.as_ref() {
            "" | "custom" => request.tools.push(client_tool(tool)?),
            kind if kind.starts_with("web_search_") => request.web_search = read_empty(),
            kind => fields.extras.push((Cow::Owned(format!("tools.{kind}")), raw)),
        }
    }
    choose(fields, request)
}

fn client_tool(tool: Offered<'_>) -> Result<Tool<'_>, BadRequest> {
    Ok(Tool {
        name: tool.name.filter(|name| !name.0.is_empty()).ok_or_else(|| wrong("tools", A_LIST))?.0,
        description: tool.description.map(|text| text.0),
        parameters: tool.input_schema,
        strict: tool.strict,
        custom: false,
        cache: tool.cache_control.and_then(block::mark),
    })
}

fn read_empty() -> Option<&'static RawValue> {
    serde_json::from_str("{}").ok()
}

fn choose<'a>(fields: &Fields<'a>, request: &mut ChatRequest<'a>) -> Result<(), BadRequest> {
    let choice: Option<Choice<'a>> = fields.find("tool_choice", "an object with a `type`")?;
    let Some(choice) = choice else { return Ok(()) };
    request.parallel_tool_calls = choice.disable_parallel_tool_use.filter(|one| *one).map(|_| false);
    request.tool_choice = match (said(choice.kind).as_ref(), choice.name) {
        ("auto", _) => Some(ToolChoice::Auto),
        ("any", _) => Some(ToolChoice::Required),
        ("none", _) => Some(ToolChoice::None),
        // One of the vendor's own tools cannot be called where it is not.
        ("tool", Some(name)) => {
            let offered = request.tools.iter().any(|tool| tool.name == name.0);
            offered.then_some(ToolChoice::Named(name.0))
        }
        _ => return Err(wrong("tool_choice", "of type `auto`, `any`, `none`, or `tool` with a `name`")),
    };
    Ok(())
}
