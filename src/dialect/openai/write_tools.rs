//! Tools and which of them may be called, as a provider of this dialect takes them (vendors.md §1.1).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SaidTool<'a> {
    Function { function: Function<'a> },
    Custom { custom: Custom<'a> },
}

#[derive(Serialize)]
pub struct Function<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
pub struct Custom<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Choice<'a> {
    Word(&'static str),
    Tool(Named<'a>),
    Allowed { r#type: &'static str, allowed_tools: AllowedTools<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Named<'a> {
    Function { function: Name<'a> },
    Custom { custom: Name<'a> },
}

#[derive(Serialize)]
pub struct Name<'a> {
    pub name: &'a str,
}

#[derive(Serialize)]
pub struct AllowedTools<'a> {
    mode: &'static str,
    tools: Vec<Named<'a>>,
}

impl<'a> SaidTool<'a> {
    pub fn of(tool: &'a Tool<'_>) -> SaidTool<'a> {
        let (name, description): (&str, _) = (&tool.name, tool.description.as_deref());
        match tool.custom {
            true => SaidTool::Custom { custom: Custom { name, description, format: tool.parameters } },
            false => {
                let (parameters, strict) = (tool.parameters, tool.strict);
                SaidTool::Function { function: Function { name, description, parameters, strict } }
            }
        }
    }
}

impl<'a> Choice<'a> {
    pub fn of(choice: &'a ToolChoice<'_>, request: &ChatRequest<'_>) -> Choice<'a> {
        match choice {
            ToolChoice::Auto => Choice::Word("auto"),
            ToolChoice::None => Choice::Word("none"),
            ToolChoice::Required => Choice::Word("required"),
            ToolChoice::Named(name) => Choice::Tool(Named::of(name, request)),
            ToolChoice::Allowed { names, required } => {
                let tools = names.iter().map(|name| Named::of(name, request)).collect();
                let mode = if *required { "required" } else { "auto" };
                Choice::Allowed { r#type: "allowed_tools", allowed_tools: AllowedTools { mode, tools } }
            }
        }
    }

    /// The nearest choice of a model that cannot be forced.
    pub fn unforced(self) -> Choice<'a> {
        match self {
            Choice::Word("required") | Choice::Tool(_) => Choice::Word("auto"),
            Choice::Allowed { r#type, allowed_tools } => {
                Choice::Allowed { r#type, allowed_tools: AllowedTools { mode: "auto", ..allowed_tools } }
            }
            choice @ Choice::Word(_) => choice,
        }
    }
}

/// Whether some tool has to be called.
pub fn forces(choice: &ToolChoice<'_>) -> bool {
    match choice {
        ToolChoice::Auto | ToolChoice::None => false,
        ToolChoice::Required | ToolChoice::Named(_) => true,
        ToolChoice::Allowed { required, .. } => *required,
    }
}

impl<'a> Named<'a> {
    fn of(name: &'a str, request: &ChatRequest<'_>) -> Named<'a> {
        match request.tools.iter().any(|tool| tool.custom && tool.name == name) {
            true => Named::Custom { custom: Name { name } },
            false => Named::Function { function: Name { name } },
        }
    }
}
