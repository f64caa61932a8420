//! What Converse refuses: fields and blocks it does not know, and conversations that cannot be.

use crate::mock::refusal::Refusal;
use serde_json::Value;

const FIELDS: [&str; 12] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "outputConfig",
    "guardrailConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
];
const INFERENCE: [&str; 4] = ["maxTokens", "temperature", "topP", "stopSequences"];
const BLOCKS: [&str; 7] =
    ["text", "image", "document", "toolUse", "toolResult", "reasoningContent", "cachePoint"];
const PICTURES: [&str; 4] = ["png", "jpeg", "gif", "webp"];
const LONGEST_ID: usize = 64;

/// Refuses what Converse would.
pub fn check(body: &Value) -> Result<(), Refusal> {
    only(body, &FIELDS)?;
    only(&body["inferenceConfig"], &INFERENCE)?;
    let between = |name: &str, low: f64, high: f64| {
        let value = body["inferenceConfig"][name].as_f64();
        value.is_none_or(|value| (low..=high).contains(&value)).then_some(()).ok_or_else(|| {
            invalid(&format!("Value at 'inferenceConfig.{name}' failed to satisfy constraint"))
        })
    };
    between("temperature", 0.0, 1.0)?;
    between("topP", 0.0, 1.0)?;
    between("maxTokens", 1.0, f64::MAX)?;
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    turns(messages)?;
    blocks(body["system"].as_array().into_iter().flatten())?;
    blocks(messages.iter().flat_map(content))?;
    calls(messages, body["toolConfig"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()))
}

pub fn content(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

pub fn invalid(message: &str) -> Refusal {
    Refusal::unreadable(message)
}

fn only(value: &Value, known: &[&str]) -> Result<(), Refusal> {
    let mut names = value.as_object().into_iter().flat_map(|object| object.keys());
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(&format!("extraneous key [{name}] is not permitted"))),
        None => Ok(()),
    }
}

fn turns(messages: &[Value]) -> Result<(), Refusal> {
    let roles: Vec<&str> = messages.iter().filter_map(|message| message["role"].as_str()).collect();
    if roles.first() != Some(&"user") {
        return Err(invalid("A conversation must start with a user message. Try again with one."));
    }
    if roles.windows(2).any(|pair| pair[0] == pair[1])
        || roles.iter().any(|role| !["user", "assistant"].contains(role))
    {
        return Err(invalid("A conversation must alternate between user and assistant roles."));
    }
    match messages.iter().any(|message| content(message).next().is_none()) {
        true => Err(invalid("The content field in the Message object is empty. Add a ContentBlock object.")),
        false => Ok(()),
    }
}

fn blocks<'a>(mut blocks: impl Iterator<Item = &'a Value>) -> Result<(), Refusal> {
    blocks.try_for_each(|block| {
        only(block, &BLOCKS)?;
        if block.as_object().is_none_or(|fields| fields.len() != 1) {
            return Err(invalid("A ContentBlock must set exactly one of its members"));
        }
        let is_blank = block["text"].as_str().is_some_and(|text| text.trim().is_empty());
        let format = block["image"]["format"].as_str();
        match () {
            () if is_blank => {
                Err(invalid("The text field in the ContentBlock object is blank. Add text to it."))
            }
            () if format.is_some_and(|format| !PICTURES.contains(&format)) => {
                Err(invalid("Value at 'image.format' failed to satisfy constraint"))
            }
            () => Ok(()),
        }
    })
}

/// Every call has its result in the next turn, every result its call in the last one, and all of them a tool.
fn calls(messages: &[Value], has_tools: bool) -> Result<(), Refusal> {
    let ids = |message: Option<&Value>, kind: &str| -> Vec<String> {
        let blocks = message.into_iter().flat_map(content);
        blocks.filter_map(|block| Some(block.get(kind)?["toolUseId"].as_str()?.to_owned())).collect()
    };
    for at in 0..messages.len() {
        let called = ids(messages.get(at), "toolUse");
        if !called.is_empty() && !has_tools {
            return Err(invalid(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            ));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        if called.iter().any(|id| id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(allowed)) {
            return Err(invalid("Value at 'toolUseId' failed to satisfy constraint"));
        }
        let mut called = called;
        let mut results = ids(messages.get(at + 1), "toolResult");
        called.sort();
        results.sort();
        if at + 1 < messages.len() && called != results {
            return Err(invalid(
                "Expected toolResult blocks for the toolUse blocks of the turn before, and no others",
            ));
        }
    }
    Ok(())
}
