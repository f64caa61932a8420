//! What the vendor refuses: fields of the older dialect, half of a call, reasoning that is not its own.

use crate::mock::refusal::Refusal;
use http::StatusCode;
use serde_json::Map;
use serde_json::Value;

/// In front of the id of a reasoning item, in its seal.
pub(super) const SEAL: &str = "sim:";

/// The smallest limit of an answer that is taken.
const LEAST_OUTPUT: u64 = 16;

const KNOWN: &[&str] = &[
    "background",
    "client_metadata",
    "context_management",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

fn refused(code: &'static str, param: &'static str, message: String) -> Refusal {
    Refusal { param: Some(param), ..Refusal::new(StatusCode::BAD_REQUEST, Some(code), message) }
}

/// The fields of a request.
pub(super) fn fields(fields: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let message = format!("unknown parameter: `{unknown}`");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, Some("unknown_parameter"), message));
    }
    if let Some(id) = fields.get("previous_response_id").and_then(Value::as_str) {
        let message = format!("previous response with id `{id}` not found");
        return Err(refused("previous_response_not_found", "previous_response_id", message));
    }
    if fields.get("max_output_tokens").and_then(Value::as_u64).is_some_and(|most| most < LEAST_OUTPUT) {
        let message = format!("`max_output_tokens` must be at least {LEAST_OUTPUT}");
        return Err(refused("integer_below_min_value", "max_output_tokens", message));
    }
    let reasoning = fields.get("reasoning").is_some_and(|options| !options.is_null());
    let older = fields.get("model").and_then(Value::as_str).is_some_and(|model| model.starts_with("gpt-4"));
    if older && (reasoning || wants_seals(fields)) {
        let message = "this model does not reason".to_owned();
        return Err(refused("unsupported_parameter", "reasoning.effort", message));
    }
    Ok(())
}

fn wants_seals(fields: &Map<String, Value>) -> bool {
    let include = fields.get("include").and_then(Value::as_array);
    include.is_some_and(|names| names.iter().any(|name| name == "reasoning.encrypted_content"))
}

/// Names of the tools, which are flat here.
pub(super) fn tools(tools: &[Value]) -> Result<Vec<String>, Refusal> {
    let callable = tools.iter().filter(|tool| tool["type"] == "function" || tool["type"] == "custom");
    callable
        .map(|tool| {
            let named = tool["name"].as_str().map(str::to_owned);
            named.ok_or_else(|| {
                refused("missing_required_parameter", "tools[0].name", "a tool has no `name`".into())
            })
        })
        .collect()
}

/// The items of the input, one after the other and in their order.
pub(super) fn items(items: &[Value]) -> Result<(), Refusal> {
    for (at, item) in items.iter().enumerate() {
        match item["type"].as_str().unwrap_or("message") {
            "message" => message(item)?,
            "reasoning" => reasoning(item, items.get(at + 1))?,
            "function_call" | "custom_tool_call" => answered(item, &items[at..])?,
            "function_call_output" | "custom_tool_call_output" => called(item, &items[..at])?,
            _ => {}
        }
    }
    Ok(())
}

fn message(item: &Value) -> Result<(), Refusal> {
    let own = match item["role"].as_str() {
        Some("assistant") => true,
        Some("user" | "system" | "developer") => false,
        _ => return Err(refused("invalid_value", "input", "a message has no known `role`".to_owned())),
    };
    let parts = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    for part in parts {
        let kind = part["type"].as_str().unwrap_or_default();
        let fits = match own {
            true => ["output_text", "refusal"].contains(&kind),
            false => kind.starts_with("input_"),
        };
        if !fits {
            let message = format!("`{kind}` is no content of this role");
            return Err(refused("invalid_value", "input", message));
        }
    }
    Ok(())
}

/// Nothing is kept, so reasoning has to bring its seal, and what it led to has to follow.
fn reasoning(item: &Value, next: Option<&Value>) -> Result<(), Refusal> {
    let id = item["id"].as_str().unwrap_or_default();
    let Some(seal) = item["encrypted_content"].as_str() else {
        let message = format!("item with id `{id}` not found; items are not kept when `store` is false");
        return Err(Refusal::new(StatusCode::NOT_FOUND, None, message));
    };
    if seal.strip_prefix(SEAL) != Some(id) {
        let message = format!("the encrypted content of item `{id}` could not be verified");
        return Err(refused("invalid_encrypted_content", "input", message));
    }
    let kind = next.map(|next| next["type"].as_str().unwrap_or("message"));
    match kind {
        Some("function_call" | "custom_tool_call" | "reasoning") => Ok(()),
        Some("message") if next.is_some_and(|next| next["role"] == "assistant") => Ok(()),
        _ => {
            let message =
                format!("item `{id}` of type `reasoning` was provided without its required following item");
            Err(refused("invalid_value", "input", message))
        }
    }
}

fn answered(call: &Value, rest: &[Value]) -> Result<(), Refusal> {
    let is_answer = |item: &&Value| {
        item["call_id"] == call["call_id"]
            && item["type"].as_str().is_some_and(|kind| kind.ends_with("_output"))
    };
    match rest.iter().find(is_answer) {
        Some(_) => Ok(()),
        None => {
            let message = format!("no tool output found for function call {}", call["call_id"]);
            Err(refused("invalid_value", "input", message))
        }
    }
}

fn called(output: &Value, before: &[Value]) -> Result<(), Refusal> {
    let kind = output["type"].as_str().and_then(|kind| kind.strip_suffix("_output"));
    match before.iter().any(|item| item["call_id"] == output["call_id"] && item["type"].as_str() == kind) {
        true => Ok(()),
        false => {
            let message =
                format!("no tool call found for function call output with call_id {}", output["call_id"]);
            Err(refused("invalid_value", "input", message))
        }
    }
}
