//! The body of a request, read and checked.

use crate::mock::ask::Ask;
use crate::mock::ask::read as read_json;
use crate::mock::refusal::Refusal;
use crate::mock::responses::check;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    input: Option<Input>,
    instructions: Option<String>,
    stream: Option<bool>,
    max_output_tokens: Option<usize>,
    tools: Option<Vec<Value>>,
    tool_choice: Option<Value>,
    reasoning: Option<Reasoning>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Value>),
}

#[derive(Deserialize)]
struct Reasoning {
    effort: Option<String>,
}

/// Reads a request.
pub fn read(body: &[u8]) -> Result<Ask, Refusal> {
    let fields: Map<String, Value> = read_json(body)?;
    check::fields(&fields)?;
    let body: Body = read_json(body)?;
    let items = match body.input.ok_or_else(|| Refusal::missing("input"))? {
        Input::Text(text) => vec![serde_json::json!({ "role": "user", "content": text })],
        Input::Items(items) => items,
    };
    check::items(&items)?;
    let said = body.instructions.into_iter().chain(items.iter().map(spoken));
    Ok(Ask {
        model: body.model.ok_or_else(|| Refusal::missing("model"))?,
        prompt: said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n"),
        images: items.iter().map(pictures).sum(),
        stream: body.stream.unwrap_or(false),
        max_tokens: body.max_output_tokens,
        tools: check::tools(body.tools.as_deref().unwrap_or_default())?,
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: items.last().is_some_and(|item| item["role"] == "user")
            && body.tool_choice.is_none_or(|choice| choice != "none"),
        thinks: body.reasoning.and_then(|reasoning| reasoning.effort).is_some_and(|effort| effort != "none"),
        ..Ask::default()
    })
}

fn spoken(item: &Value) -> String {
    let content = if item["content"].is_null() { &item["output"] } else { &item["content"] };
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

fn pictures(item: &Value) -> usize {
    let parts = item["content"].as_array().or_else(|| item["output"].as_array());
    parts.map_or(0, |parts| parts.iter().filter(|part| part["type"] == "input_image").count())
}
