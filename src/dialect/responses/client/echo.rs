//! The fields of a request that its answer repeats (vendors.md §11.2).

use crate::dialect::responses::json;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Object;
use serde_json::value::RawValue;

/// What stands there where the client said nothing.
const ECHOED: &[(&str, &str)] = &[
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", "{}"),
    ("safety_identifier", "null"),
    ("store", "true"),
    ("temperature", "1"),
    ("text", "{}"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_logprobs", "0"),
    ("top_p", "1"),
    ("truncation", "\"disabled\""),
    ("user", "null"),
];

const REASONING: &[(&str, &str)] = &[("effort", "null"), ("summary", "null")];
const TEXT: &[(&str, &str)] = &[("format", r#"{"type":"text"}"#)];
const FUNCTION: &[(&str, &str)] = &[("parameters", "null"), ("strict", "null")];

/// The entries as they stand in an answer to `request`, without braces around them.
pub fn entries(request: &[u8]) -> Vec<u8> {
    let request: Members<'_> = serde_json::from_slice(request).unwrap_or_default();
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    // Whoever asks is answered while they wait.
    object.put("background", &false);
    for (name, default) in ECHOED {
        write(name, request.find(name), default, object.nest(name));
    }
    // The brace that opened it.
    out.split_off(1)
}

fn write(name: &str, said: Option<&RawValue>, default: &str, out: &mut Vec<u8>) {
    let json = said.map_or(default, RawValue::get);
    match (name, said.and_then(json::elements)) {
        ("tools", Some(tools)) => {
            let mut list = List::open(out);
            tools.into_iter().for_each(|tool| write_tool(tool, list.item()));
            list.close();
        }
        ("reasoning", _) => complete(json, REASONING, out),
        ("text", _) => complete(json, TEXT, out),
        _ => out.extend_from_slice(json.as_bytes()),
    }
}

fn write_tool(tool: &RawValue, out: &mut Vec<u8>) {
    let kind = json::object::<Members<'_>>(tool).and_then(|tool| tool.text("type"));
    match kind.as_deref() {
        Some("function") => complete(tool.get(), FUNCTION, out),
        _ => out.extend_from_slice(tool.get().as_bytes()),
    }
}

/// An object, and what is missing of the fields that every answer has.
fn complete(json: &str, required: &[(&str, &str)], out: &mut Vec<u8>) {
    let Ok(members) = serde_json::from_str::<Members<'_>>(json) else {
        return out.extend_from_slice(json.as_bytes());
    };
    let mut object = Object::open(out);
    members.0.iter().for_each(|(key, value)| {
        object.put_raw(key, value.get().as_bytes());
    });
    for (key, default) in required {
        if !members.0.iter().any(|(known, _)| known == key) {
            object.put_raw(key, default.as_bytes());
        }
    }
    object.close();
}
