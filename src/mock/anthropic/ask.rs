//! The body of a request, read and checked as the vendor checks it.

use crate::mock::anthropic::BETAS;
use crate::mock::anthropic::VERSION;
use crate::mock::anthropic::rules;
use crate::mock::anthropic::wrong;
use crate::mock::ask::Ask;
use crate::mock::refusal::Refusal;
use http::HeaderMap;
use serde_json::Map;
use serde_json::Value;

/// Fields that the vendor knows (vendors.md §4.2); any other is refused.
const FIELDS: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "service_tier",
    "speed",
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "diagnostics",
    "user_profile_id",
];

/// Fields that only those may use who name a beta.
const OF_BETAS: &[(&str, &str)] = &[("context_management", "context-management-2025-06-27")];

/// A question; `counted`: only its tokens are wanted, and no answer has to be bounded.
pub(super) fn read(body: &[u8], headers: &HeaderMap, counted: bool) -> Result<Ask, Refusal> {
    if !headers.contains_key(VERSION) {
        return Err(wrong(format!("{VERSION}: header is required")));
    }
    let fields: Map<String, Value> = crate::mock::ask::read(body)?;
    let known = |field: &str| FIELDS.contains(&field) && beta(field).is_none_or(|beta| named(headers, beta));
    if let Some(field) = fields.keys().find(|field| !known(field)) {
        return Err(wrong(format!("{field}: Extra inputs are not permitted")));
    }
    let required =
        ["model", "max_tokens", "messages"].into_iter().filter(|field| !(counted && *field == "max_tokens"));
    for field in required {
        if fields.get(field).is_none_or(Value::is_null) {
            return Err(wrong(format!("{field}: Field required")));
        }
    }
    rules::check(&fields)?;
    Ok(ask(&Value::Object(fields)))
}

fn beta(field: &str) -> Option<&'static str> {
    OF_BETAS.iter().find(|(known, _)| *known == field).map(|(_, beta)| *beta)
}

fn named(headers: &HeaderMap, beta: &str) -> bool {
    let lines = headers.get_all(BETAS).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|named| named.trim() == beta)
}

fn ask(body: &Value) -> Ask {
    let turns = list(&body["messages"]);
    let texts: Vec<String> = std::iter::once(&body["system"])
        .filter(|system| !system.is_null())
        .chain(turns.iter().map(|turn| &turn["content"]))
        .map(spoken)
        .collect();
    let last = turns.last().map(|turn| (turn["role"] == "user", list(&turn["content"])));
    Ask {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        prompt: texts.join("\n"),
        images: turns
            .iter()
            .flat_map(|turn| list(&turn["content"]))
            .filter(|block| block["type"] == "image")
            .count(),
        stream: body["stream"] == true,
        usage: true,
        max_tokens: body["max_tokens"].as_u64().and_then(|most| usize::try_from(most).ok()),
        tools: list(&body["tools"])
            .iter()
            .filter(|tool| tool["type"].is_null() || tool["type"] == "custom")
            .filter_map(|tool| Some(tool["name"].as_str()?.to_owned()))
            .collect(),
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: last
            .is_some_and(|(user, blocks)| user && !blocks.iter().any(|block| block["type"] == "tool_result"))
            && body["tool_choice"]["type"] != "none",
        thinks: matches!(body["thinking"]["type"].as_str(), Some("enabled" | "adaptive")),
    }
}

/// The text of a string, of blocks, and of what tools gave back.
fn spoken(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        _ => {
            let texts = list(content).iter().filter_map(|block| match block["type"].as_str() {
                Some("text") => block["text"].as_str().map(str::to_owned),
                Some("tool_result") => Some(spoken(&block["content"])),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        }
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
