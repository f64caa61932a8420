//! Writes the tools of a request to a provider: flat, where chat completions nest (vendors.md §11.1).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use crate::dialect::responses::json;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Object;
use serde_json::value::RawValue;

/// In front of the type of a vendor's own tool, as the name of an extra that holds it.
pub const HOSTED: &str = "tools.";

/// Whether an extra of this name is a vendor's own tool.
pub fn is_hosted(name: &str) -> bool {
    name.starts_with(HOSTED)
}

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub fn write(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    dropped: &mut Dropped,
    object: &mut Object<'_>,
) {
    let hosted: Vec<&RawValue> =
        request.extras.iter().filter(|(name, _)| is_hosted(name)).map(|(_, raw)| *raw).collect();
    // A client of this dialect has said its search among the vendor's own tools already.
    let search = request.web_search.filter(|_| !hosted.iter().any(|raw| is_search(raw)));
    if request.tools.is_empty() && hosted.is_empty() && search.is_none() {
        return;
    }
    let mut tools = List::open(object.nest("tools"));
    request.tools.iter().for_each(|tool| write_tool(tool, tools.item()));
    hosted.iter().for_each(|raw| tools.item().extend_from_slice(raw.get().as_bytes()));
    if let Some(options) = search {
        write_search(options, tools.item());
    }
    tools.close();
    write_choice(request, traits, dropped, object);
    let parallel = request.parallel_tool_calls;
    match traits.refuses("parallel_tool_calls", false) {
        true => dropped.note_if(parallel.is_some(), "parallel_tool_calls"),
        false => {
            object.put_some("parallel_tool_calls", parallel);
        }
    }
}

fn write_tool(tool: &Tool<'_>, out: &mut Vec<u8>) {
    let mut object = Object::of(out, if tool.custom { "custom" } else { "function" });
    object.put("name", tool.name.as_ref());
    object.put_some("description", tool.description.as_deref());
    match (tool.custom, tool.parameters) {
        (true, Some(format)) => write_grammar(format, object.nest("format")),
        (true, None) => {}
        (false, parameters) => {
            let schema = parameters.map_or(r#"{"type":"object","properties":{}}"#, |schema| schema.get());
            object.put_raw("parameters", schema.as_bytes());
            // Unsaid it would be strict here, and is not in any other dialect.
            object.put("strict", &tool.strict.unwrap_or(false));
        }
    }
    object.close();
}

/// Chat completions put a grammar into an object of its own.
fn write_grammar(format: &RawValue, out: &mut Vec<u8>) {
    let nested = json::object::<Members<'_>>(format).and_then(|format| format.find("grammar"));
    match nested.and_then(json::object::<Members<'_>>) {
        None => out.extend_from_slice(format.get().as_bytes()),
        Some(grammar) => {
            let mut object = Object::of(out, "grammar");
            grammar.0.iter().for_each(|(key, value)| {
                object.put(key, value);
            });
            object.close();
        }
    }
}

/// Chat completions put the place of the user into an object of its own.
fn write_search(options: &RawValue, out: &mut Vec<u8>) {
    let options = json::object::<Members<'_>>(options).unwrap_or_default();
    let mut object = Object::of(out, "web_search");
    object.put_some("search_context_size", options.find("search_context_size"));
    if let Some(location) = options.find("user_location").and_then(json::object::<Members<'_>>) {
        let place = location.find("approximate").and_then(json::object).unwrap_or(location);
        let mut written = Object::of(object.nest("user_location"), "approximate");
        let known =
            place.0.iter().filter(|(key, _)| ["city", "country", "region", "timezone"].contains(&&**key));
        known.for_each(|(key, value)| {
            written.put(key, value);
        });
        written.close();
    }
    object.close();
}

fn is_search(raw: &RawValue) -> bool {
    let kind = json::object::<Members<'_>>(raw).and_then(|tool| tool.text("type"));
    kind.is_some_and(|kind| kind.starts_with("web_search"))
}

fn write_choice(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    dropped: &mut Dropped,
    object: &mut Object<'_>,
) {
    let Some(choice) = &request.tool_choice else { return };
    let forces = match choice {
        ToolChoice::Auto | ToolChoice::None => false,
        ToolChoice::Required | ToolChoice::Named(_) => true,
        ToolChoice::Allowed { required, .. } => *required,
    };
    if forces && !traits.forced_tool_choice {
        return dropped.note("tool_choice");
    }
    let of = |name: &str| match request.tools.iter().any(|tool| tool.custom && tool.name == name) {
        true => "custom",
        false => "function",
    };
    let named = |name: &str, out: &mut Vec<u8>| {
        let mut object = Object::of(out, of(name));
        object.put("name", name);
        object.close();
    };
    match choice {
        ToolChoice::Auto => {
            object.put("tool_choice", "auto");
        }
        ToolChoice::None => {
            object.put("tool_choice", "none");
        }
        ToolChoice::Required => {
            object.put("tool_choice", "required");
        }
        ToolChoice::Named(name) => named(name, object.nest("tool_choice")),
        ToolChoice::Allowed { names, required } => {
            let mut allowed = Object::of(object.nest("tool_choice"), "allowed_tools");
            allowed.put("mode", if *required { "required" } else { "auto" });
            let mut list = List::open(allowed.nest("tools"));
            names.iter().for_each(|name| named(name, list.item()));
            list.close();
            allowed.close();
        }
    }
}
