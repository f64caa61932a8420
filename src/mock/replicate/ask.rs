//! The body of an order, read and checked.

use crate::mock::ask::Ask;
use crate::mock::ask::read;
use crate::mock::refusal::Refusal;
use http::StatusCode;
use serde_json::Value;

const FIELDS: [&str; 5] = ["input", "stream", "version", "webhook", "webhook_events_filter"];

/// What some model or other has a field for.
const INPUT: [&str; 20] = [
    "prompt",
    "messages",
    "system_prompt",
    "max_tokens",
    "max_new_tokens",
    "max_completion_tokens",
    "min_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "image",
    "image_input",
    "reasoning_effort",
    "verbosity",
    "prompt_template",
    "length_penalty",
];

/// Reads an order for a `model`, or for the version the body names.
pub fn prediction(body: &[u8], model: Option<String>) -> Result<Ask, Refusal> {
    let body: Value = read(body)?;
    only(&body, &FIELDS)?;
    let input = &body["input"];
    only(input, &INPUT)?;
    let model = match (model, body["version"].as_str()) {
        (Some(model), None) => model,
        (None, Some(version)) => version.to_owned(),
        _ => return Err(invalid("- version is required, here and nowhere else")),
    };
    let turns = input["messages"].as_array().into_iter().flatten().map(|turn| &turn["content"]);
    let spoken = [&input["system_prompt"], &input["prompt"]].into_iter().chain(turns);
    let spoken: Vec<&str> = spoken.filter_map(Value::as_str).collect();
    if spoken.is_empty() {
        return Err(invalid("- input: prompt is required"));
    }
    let stop = &input["stop_sequences"];
    if !(stop.is_null() || stop.is_string()) {
        return Err(invalid("- input.stop_sequences: Invalid type. Expected: string"));
    }
    let images =
        input["image_input"].as_array().map_or(0, Vec::len) + usize::from(input["image"].is_string());
    let limits = ["max_tokens", "max_new_tokens", "max_completion_tokens"];
    let limit = limits.iter().find_map(|name| input[*name].as_u64());
    Ok(Ask {
        model,
        prompt: spoken.join("\n"),
        images,
        stream: body["stream"] == true,
        max_tokens: limit.and_then(|limit| usize::try_from(limit).ok()),
        ..Ask::default()
    })
}

fn only(value: &Value, known: &[&str]) -> Result<(), Refusal> {
    let fields = value.as_object().ok_or_else(|| invalid("- input is required"))?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("- input: Additional property {name} is not allowed"))),
        None => Ok(()),
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, None, format!("Input validation failed: {message}"))
}
