//! The body of a Converse request, read and checked.

use crate::mock::ask::Ask;
use crate::mock::ask::read;
use crate::mock::bedrock::known;
use crate::mock::bedrock::known::content;
use crate::mock::refusal::Refusal;
use serde_json::Value;

/// Reads a conversation; the model and whether it is a stream stand in the path.
pub fn converse(body: &[u8]) -> Result<Ask, Refusal> {
    let body: Value = read(body)?;
    known::check(&body)?;
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let system = body["system"].as_array().into_iter().flatten();
    let blocks: Vec<&Value> = system.chain(messages.iter().flat_map(content)).collect();
    let tools = body["toolConfig"]["tools"].as_array().into_iter().flatten();
    let last = messages.last();
    Ok(Ask {
        prompt: blocks.iter().flat_map(|block| spoken(block)).collect::<Vec<_>>().join("\n"),
        images: blocks.iter().filter(|block| block.get("image").is_some()).count(),
        usage: true,
        max_tokens: body["inferenceConfig"]["maxTokens"].as_u64().and_then(|most| usize::try_from(most).ok()),
        tools: tools.filter_map(|tool| Some(tool["toolSpec"]["name"].as_str()?.to_owned())).collect(),
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: !last.into_iter().flat_map(content).any(|block| block.get("toolResult").is_some()),
        thinks: thinks(&body["additionalModelRequestFields"]),
        ..Ask::default()
    })
}

fn spoken(block: &Value) -> Vec<&str> {
    let results = block["toolResult"]["content"].as_array().into_iter().flatten();
    std::iter::once(block).chain(results).filter_map(|block| block["text"].as_str()).collect()
}

fn thinks(fields: &Value) -> bool {
    let kind = fields["thinking"]["type"].as_str();
    kind.is_some_and(|kind| kind != "disabled") || fields["reasoning_effort"].is_string()
}
