//! Which fields a body may have: Cohere refuses those it does not know.

use crate::mock::refusal::Refusal;
use http::StatusCode;
use serde_json::Value;

pub const CHAT: [&str; 22] = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "strict_tools",
    "documents",
    "citation_options",
    "response_format",
    "safety_mode",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "k",
    "p",
    "logprobs",
    "thinking",
    "priority",
    "stream",
    "raw_prompting",
];
pub const EMBED: [&str; 8] =
    ["model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension", "truncate"];
pub const RERANK: [&str; 6] = ["model", "query", "documents", "top_n", "max_tokens_per_doc", "priority"];

/// Refuses a body that has other fields than these.
pub fn only(body: &[u8], fields: &[&str]) -> Result<(), Refusal> {
    let body = crate::mock::ask::read::<Value>(body)?;
    let said = body.as_object().ok_or_else(|| invalid("the body must be an object"))?;
    match said.keys().find(|name| !fields.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("unknown field: parameter '{name}' is not a valid field"))),
        None => Ok(()),
    }
}

pub fn invalid(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, None, message)
}
