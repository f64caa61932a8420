//! The tools a model may call, and whether it has to.

use crate::dialect::bedrock::blocks;
use crate::dialect::bedrock::wire::Choice;
use crate::dialect::bedrock::wire::Schema;
use crate::dialect::bedrock::wire::Tool;
use crate::dialect::bedrock::wire::ToolConfig;
use crate::dialect::bedrock::wire::ToolSpec;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Part;
use crate::dialect::hub::ToolChoice;
use crate::dialect::side::Target;
use serde_json::value::RawValue;

/// Of a tool without arguments.
const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;
/// Of a tool that takes free text, which Converse has no word for.
const FREE_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// The tools of a request; `None` where there are none to declare.
///
/// Converse cannot forbid calls, so tools that may not be called are left out. It refuses calls in the history
/// without tools, though: then they stay, and `tool_choice` is dropped.
pub fn config<'a>(
    request: &'a ChatRequest<'a>,
    target: &Target<'_>,
    thinks: bool,
    dropped: &mut Dropped,
) -> Option<ToolConfig<'a>> {
    let called = calls(request);
    let forbidden = request.tool_choice == Some(ToolChoice::None);
    if forbidden && called.is_empty() {
        return None;
    }
    let mut tools = Vec::new();
    for tool in request.tools.iter().filter(|tool| is_allowed(tool, request.tool_choice.as_ref())) {
        tools.push(Tool::ToolSpec(spec(tool)));
        let mark = tool.cache.filter(|_| target.traits.cache_marks);
        tools.extend(mark.map(|mark| Tool::CachePoint(blocks::cache_point(mark))));
    }
    if tools.is_empty() {
        tools.extend(called.into_iter().map(|name| Tool::ToolSpec(remembered(name))));
    }
    dropped.note_if(request.parallel_tool_calls == Some(false) && !tools.is_empty(), "parallel_tool_calls");
    let may_force = target.traits.forced_tool_choice && !thinks;
    let tool_choice = choice(request.tool_choice.as_ref(), may_force, dropped);
    (!tools.is_empty()).then_some(ToolConfig { tools, tool_choice })
}

fn choice<'a>(
    asked: Option<&'a ToolChoice<'a>>,
    may_force: bool,
    dropped: &mut Dropped,
) -> Option<Choice<'a>> {
    let forced = match asked? {
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => return Some(Choice::Auto {}),
        ToolChoice::None => {
            dropped.note("tool_choice");
            return Some(Choice::Auto {});
        }
        ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => Choice::Any {},
        ToolChoice::Named(name) => Choice::Tool { name },
    };
    dropped.note_if(!may_force, "tool_choice");
    Some(if may_force { forced } else { Choice::Auto {} })
}

fn is_allowed(tool: &hub::Tool<'_>, choice: Option<&ToolChoice<'_>>) -> bool {
    match choice {
        Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
        Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required | ToolChoice::Named(_)) | None => {
            true
        }
    }
}

fn spec<'a>(tool: &'a hub::Tool<'a>) -> ToolSpec<'a> {
    let schema = match (tool.custom, tool.parameters) {
        (true, _) => raw(FREE_TEXT),
        (false, Some(parameters)) if parameters.get().starts_with('{') => parameters,
        (false, _) => raw(NO_ARGUMENTS),
    };
    let description = tool.description.as_deref().filter(|text| !text.is_empty());
    ToolSpec { name: &tool.name, description, input_schema: Schema { json: schema }, strict: tool.strict }
}

/// A tool of which only its calls are left.
fn remembered(name: &str) -> ToolSpec<'_> {
    ToolSpec { name, description: None, input_schema: Schema { json: raw(NO_ARGUMENTS) }, strict: None }
}

/// The names of the tools that were called, each once.
fn calls<'a>(request: &'a ChatRequest<'a>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        if let Part::ToolCall(call) = part
            && !names.contains(&call.name.as_ref())
        {
            names.push(&call.name);
        }
    }
    names
}

fn raw(text: &'static str) -> &'static RawValue {
    serde_json::from_str(text).unwrap_or(RawValue::NULL)
}
