//! Reads the tools of a client's request: flat, where chat completions nest (vendors.md §11.1).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a client's model may use.
#[derive(Debug, Default)]
pub struct Toolbox<'a> {
    pub tools: Vec<Tool<'a>>,
    pub web_search: Option<&'a RawValue>,
    /// OpenAI's own tools, as extras.
    pub hosted: Vec<(Cow<'a, str>, &'a RawValue)>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    strict: Option<&'a RawValue>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    mode: Option<Text<'a>>,
    #[serde(borrow)]
    tools: Option<Vec<Named<'a>>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

const TOOLS: &str = "tools";
const CHOICE: &str = "tool_choice";

/// Reads `tools`.
pub fn read(raw: Option<&RawValue>) -> Result<Toolbox<'_>, BadRequest> {
    let mut toolbox = Toolbox::default();
    let Some(raw) = raw else { return Ok(toolbox) };
    for raw in json::elements(raw).ok_or_else(|| wrong(TOOLS, "an array"))? {
        let said: Said<'_> =
            json::object(raw).ok_or_else(|| wrong(TOOLS, "an array of objects that have a `type` each"))?;
        match &*said.kind {
            "function" => toolbox.tools.push(tool(&said, said.parameters, false)?),
            "custom" => toolbox.tools.push(tool(&said, said.format, true)?),
            kind => {
                if kind.starts_with("web_search") {
                    // Chat completions word its options otherwise; those are kept in the tool itself.
                    toolbox.web_search = serde_json::from_str("{}").ok();
                }
                toolbox.hosted.push((Cow::Owned(format!("tools.{kind}")), raw));
            }
        }
    }
    Ok(toolbox)
}

fn tool<'a>(said: &Said<'a>, parameters: Option<&'a RawValue>, custom: bool) -> Result<Tool<'a>, BadRequest> {
    let name = said.name.and_then(json::text).filter(|name| !name.is_empty());
    Ok(Tool {
        name: name.ok_or_else(|| wrong(TOOLS, "an array of tools with a `name` each"))?,
        description: said.description.and_then(json::text),
        parameters,
        strict: said.strict.and_then(json::plain),
        custom,
        cache: None,
    })
}

/// Reads `tool_choice`; `None` where one of OpenAI's own tools is to be used.
pub fn choice(raw: &RawValue) -> Result<Option<ToolChoice<'_>>, BadRequest> {
    if let Some(word) = json::text(raw) {
        return match word.as_ref() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(wrong(CHOICE, "`auto`, `none`, `required` or an object")),
        };
    }
    let choice: Choice<'_> =
        json::object(raw).ok_or_else(|| wrong(CHOICE, "a string or an object with a `type`"))?;
    match &*choice.kind {
        "function" | "custom" => {
            let name = choice.name.ok_or_else(|| wrong(CHOICE, "an object with a `name`"))?;
            Ok(Some(ToolChoice::Named(name.0)))
        }
        "allowed_tools" => {
            let names = choice.tools.into_iter().flatten().filter_map(|tool| tool.name).map(|name| name.0);
            let required = choice.mode.as_deref() == Some("required");
            Ok(Some(ToolChoice::Allowed { names: names.collect(), required }))
        }
        _ => Ok(None),
    }
}
