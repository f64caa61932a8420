//! What the vendor refuses beyond a missing field (vendors.md §4.2, §4.4), so that requests made here are really tried.

use crate::mock::anthropic::ask::list;
use crate::mock::anthropic::wire::SEAL;
use crate::mock::anthropic::wrong;
use crate::mock::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;

/// Cache marks that one request may have.
const MARKS: usize = 4;
const LEAST_BUDGET: u64 = 1024;

pub(super) fn check(body: &Map<String, Value>) -> Result<(), Refusal> {
    let null = Value::Null;
    let field = |name: &str| body.get(name).unwrap_or(&null);
    let turns = list(field("messages"));
    let thinks = matches!(field("thinking")["type"].as_str(), Some("enabled" | "adaptive"));
    order(turns)?;
    for (at, turn) in turns.iter().enumerate() {
        blocks(at, turn)?;
    }
    results(turns)?;
    if thinks {
        thoughts(turns)?;
        sampling(body)?;
    }
    budget(field("thinking"), field("max_tokens"))?;
    tools(list(field("tools")), field("tool_choice"), thinks)?;
    match marks(&Value::Object(body.clone())) > MARKS {
        true => Err(wrong("A maximum of 4 blocks with cache_control may be provided")),
        false => Ok(()),
    }
}

fn order(turns: &[Value]) -> Result<(), Refusal> {
    if turns.is_empty() {
        return Err(wrong("messages: at least one message is required"));
    }
    let known = |turn: &Value| matches!(turn["role"].as_str(), Some("user" | "assistant" | "system"));
    if let Some(at) = turns.iter().position(|turn| !known(turn)) {
        return Err(wrong(format!("messages.{at}.role: Input should be 'user' or 'assistant'")));
    }
    match turns.first().is_some_and(|turn| turn["role"] == "user") {
        true => Ok(()),
        false => Err(wrong("messages: first message must use the \"user\" role")),
    }
}

fn blocks(at: usize, turn: &Value) -> Result<(), Refusal> {
    let content = &turn["content"];
    if !content.is_string() && !content.is_array() {
        return Err(wrong(format!("messages.{at}.content: Field required")));
    }
    if content.as_str().is_some_and(str::is_empty) || content.as_array().is_some_and(Vec::is_empty) {
        return Err(wrong(format!("messages.{at}: all messages must have non-empty content")));
    }
    for block in list(content) {
        let assistant = turn["role"] == "assistant";
        let fits = match block["type"].as_str() {
            Some("text") => block["text"].as_str().is_some_and(|text| !text.trim().is_empty()),
            Some("image" | "document") => !assistant && block["source"].is_object(),
            Some("thinking") => assistant && block["signature"] == SEAL,
            Some("redacted_thinking") => assistant && block["data"].is_string(),
            Some("tool_use") => assistant && is_id(&block["id"]) && block["input"].is_object(),
            Some("tool_result") => !assistant && is_id(&block["tool_use_id"]),
            Some("search_result" | "server_tool_use" | "web_search_tool_result") => true,
            _ => false,
        };
        if !fits {
            return Err(wrong(format!("messages.{at}.content: invalid {} block", block["type"])));
        }
    }
    Ok(())
}

fn is_id(id: &Value) -> bool {
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-');
    id.as_str().is_some_and(|id| !id.is_empty() && id.chars().all(allowed))
}

/// Every call is answered in the next turn, before anything else is said there, and nothing else is.
fn results(turns: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&Value> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let content = list(&turn["content"]);
        let given = content.iter().take_while(|block| block["type"] == "tool_result");
        let given: Vec<&Value> = given.map(|block| &block["tool_use_id"]).collect();
        let all = content.iter().filter(|block| block["type"] == "tool_result").count();
        if given.len() != all || given.iter().any(|id| !open.contains(id)) {
            return Err(wrong(format!(
                "messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks"
            )));
        }
        if open.iter().any(|id| !given.contains(id)) {
            return Err(wrong(format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks"
            )));
        }
        open = content.iter().filter(|block| block["type"] == "tool_use").map(|block| &block["id"]).collect();
    }
    Ok(())
}

/// Who thinks must have thought before every call.
fn thoughts(turns: &[Value]) -> Result<(), Refusal> {
    let lost = |turn: &Value| {
        let content = list(&turn["content"]);
        let thought = content
            .first()
            .is_some_and(|block| matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking")));
        content.iter().any(|block| block["type"] == "tool_use") && !thought
    };
    match turns.iter().position(lost) {
        Some(at) => Err(wrong(format!(
            "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`"
        ))),
        None => Ok(()),
    }
}

fn sampling(body: &Map<String, Value>) -> Result<(), Refusal> {
    match body.get("temperature").and_then(Value::as_f64) {
        Some(degrees) if degrees < 1.0 => {
            Err(wrong("`temperature` may only be set to 1 when thinking is enabled"))
        }
        Some(_) | None => Ok(()),
    }
}

fn budget(thinking: &Value, max_tokens: &Value) -> Result<(), Refusal> {
    let Some(budget) = thinking["budget_tokens"].as_u64() else { return Ok(()) };
    if budget < LEAST_BUDGET {
        return Err(wrong("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"));
    }
    match max_tokens.as_u64().is_some_and(|most| most <= budget) {
        true => Err(wrong("`max_tokens` must be greater than `thinking.budget_tokens`")),
        false => Ok(()),
    }
}

fn tools(tools: &[Value], choice: &Value, thinks: bool) -> Result<(), Refusal> {
    for (at, tool) in tools.iter().enumerate() {
        let own = !tool["type"].is_null() && tool["type"] != "custom";
        if !is_id(&tool["name"]) || !(own || tool["input_schema"]["type"] == "object") {
            return Err(wrong(format!("tools.{at}.custom.input_schema.type: Field required")));
        }
    }
    let kind = choice["type"].as_str();
    if kind.is_some() && tools.is_empty() {
        return Err(wrong("tool_choice may only be specified while providing tools"));
    }
    match kind {
        Some("any" | "tool") if thinks => {
            Err(wrong("Thinking may not be enabled when tool_choice forces tool use"))
        }
        Some("auto" | "any" | "none" | "tool") | None => Ok(()),
        Some(_) => Err(wrong("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'")),
    }
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(fields) => {
            // What a tool is called with, or described by, is its own affair.
            let looked_at =
                fields.iter().filter(|(name, _)| !matches!(name.as_str(), "input" | "input_schema"));
            looked_at
                .map(|(name, value)| usize::from(name == "cache_control" && !value.is_null()) + marks(value))
                .sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(fields: Value) -> Option<String> {
        let mut body =
            json!({ "model": "m", "max_tokens": 2000, "messages": [{ "role": "user", "content": "hi" }] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        check(body.as_object().unwrap()).err().map(|refusal| refusal.message)
    }

    fn turn(role: &str, content: Value) -> Value {
        json!({ "role": role, "content": content })
    }

    fn call(id: &str) -> Value {
        json!({ "type": "tool_use", "id": id, "name": "f", "input": {} })
    }

    fn result(id: &str) -> Value {
        json!({ "type": "tool_result", "tool_use_id": id })
    }

    #[test]
    fn what_the_vendor_takes_is_taken() {
        let user =
            turn("user", json!([{ "type": "text", "text": "hi", "cache_control": { "type": "ephemeral" } }]));
        let thought = json!({ "type": "thinking", "thinking": "", "signature": SEAL });
        let messages = json!([
            user,
            turn("assistant", json!([thought, call("a"), call("b")])),
            turn("user", json!([result("b"), result("a")]))
        ]);
        let fields = json!({ "messages": messages, "thinking": { "type": "enabled", "budget_tokens": 1024 },
            "tools": [{ "name": "f", "input_schema": { "type": "object" } }, { "type": "web_search_20250305", "name": "web_search" }],
            "tool_choice": { "type": "auto" }, "temperature": 1.0 });
        assert_eq!(refused(fields), None);
    }

    #[test]
    fn what_the_vendor_refuses_is_refused() {
        let user = || turn("user", json!("hi"));
        let text =
            |text: &str| json!({ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } });
        let tool = json!([{ "name": "f", "input_schema": { "type": "object" } }]);
        let on = json!({ "type": "adaptive" });
        let cases = [
            (json!({ "messages": [turn("assistant", json!("hi"))] }), "first message"),
            (json!({ "messages": [turn("tool", json!("hi"))] }), "messages.0.role"),
            (json!({ "messages": [turn("user", json!(""))] }), "non-empty content"),
            (json!({ "messages": [turn("user", json!([text(" ")]))] }), "invalid \"text\" block"),
            (
                json!({ "messages": [user(), turn("assistant", json!([call("a.b")])), user()] }),
                "invalid \"tool_use\"",
            ),
            (
                json!({ "messages": [user(), turn("assistant", json!([call("a")])), user()] }),
                "without `tool_result`",
            ),
            (json!({ "messages": [turn("user", json!([result("a")]))] }), "unexpected `tool_use_id`"),
            (
                json!({ "messages": [user(), turn("assistant", json!([call("a")])), turn("user", json!([text("x"), result("a")]))] }),
                "unexpected `tool_use_id`",
            ),
            (
                json!({ "thinking": on, "messages": [user(), turn("assistant", json!([call("a")])), turn("user", json!([result("a")]))] }),
                "Expected `thinking`",
            ),
            (
                json!({ "messages": [user(), turn("assistant", json!([{ "type": "thinking", "thinking": "x", "signature": "forged" }]))] }),
                "invalid \"thinking\"",
            ),
            (json!({ "thinking": on, "temperature": 0.5 }), "may only be set to 1"),
            (json!({ "thinking": { "type": "enabled", "budget_tokens": 2000 } }), "must be greater than"),
            (
                json!({ "thinking": { "type": "enabled", "budget_tokens": 10 } }),
                "greater than or equal to 1024",
            ),
            (json!({ "tool_choice": { "type": "none" } }), "while providing tools"),
            (json!({ "tools": tool, "tool_choice": { "type": "any" }, "thinking": on }), "forces tool use"),
            (json!({ "tools": [{ "name": "f", "input_schema": {} }] }), "input_schema"),
            (json!({ "system": [text("a"), text("b"), text("c"), text("d"), text("e")] }), "maximum of 4"),
        ];
        for (fields, expected) in cases {
            let message = refused(fields.clone()).unwrap_or_default();
            assert!(message.contains(expected), "{fields}: {message}");
        }
    }
}
