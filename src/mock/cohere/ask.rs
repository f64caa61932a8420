//! The body of a chat, read and checked against the bounds of vendors.md §8.1.

use crate::mock::ask::Ask;
use crate::mock::ask::read;
use crate::mock::cohere::known;
use crate::mock::cohere::known::invalid;
use crate::mock::refusal::Refusal;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

#[derive(Deserialize)]
struct Chat {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<String>,
    response_format: Option<Shape>,
    max_tokens: Option<usize>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    temperature: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    k: Option<u64>,
    p: Option<f64>,
    #[serde(rename = "seed")]
    _seed: Option<u64>,
    thinking: Option<Thinking>,
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
    tool_call_id: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Words(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    r#type: String,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    id: String,
    #[serde(rename = "function")]
    _function: Called,
}

/// Arguments are JSON text.
#[derive(Deserialize)]
struct Called {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "arguments")]
    _arguments: String,
}

#[derive(Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(rename = "parameters")]
    _parameters: Map<String, Value>,
}

#[derive(Deserialize)]
struct Shape {
    r#type: String,
}

#[derive(Deserialize)]
struct Thinking {
    r#type: String,
    token_budget: Option<u64>,
}

/// Reads a chat.
pub fn chat(body: &[u8]) -> Result<Ask, Refusal> {
    known::only(body, &known::CHAT)?;
    let chat: Chat = read(body)?;
    let messages = chat.messages.as_deref().filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| Refusal::missing("messages"))?;
    spoken_well(messages)?;
    if let Some(wrong) = chat.out_of_bounds() {
        return Err(invalid(&format!("invalid request: `{wrong}` is out of its bounds")));
    }
    Ok(Ask {
        prompt: messages.iter().map(Message::words).collect::<Vec<_>>().join("\n"),
        images: messages.iter().map(Message::images).sum(),
        may_call: messages.last().is_some_and(|message| message.role == "user")
            && chat.tool_choice.as_deref() != Some("NONE"),
        model: chat.model.ok_or_else(|| Refusal::missing("model"))?,
        stream: chat.stream.unwrap_or(false),
        usage: true,
        max_tokens: chat.max_tokens,
        tools: chat.tools.into_iter().map(|tool| tool.function.name).collect(),
        thinks: chat.thinking.is_some_and(|thinking| thinking.r#type == "enabled"),
    })
}

/// Every message says something in a role that is known, and every result answers a call.
fn spoken_well(messages: &[Message]) -> Result<(), Refusal> {
    let mut called: Vec<&str> = Vec::new();
    for message in messages {
        let calls = !message.tool_calls.is_empty();
        let well = match message.role.as_str() {
            "system" => message.says_something(&["text"]),
            "user" => message.says_something(&["text", "image_url"]),
            "assistant" => calls || message.says_something(&["text", "thinking"]),
            "tool" => {
                message.says_something(&["text", "document"])
                    && message.tool_call_id.as_deref().is_some_and(|id| called.contains(&id))
            }
            _ => false,
        };
        if !well {
            return Err(invalid(&format!("invalid request: a message of `{}` is not valid", message.role)));
        }
        called.extend(message.tool_calls.iter().map(|call| call.id.as_str()));
    }
    Ok(())
}

impl Message {
    fn says_something(&self, kinds: &[&str]) -> bool {
        match &self.content {
            None => false,
            Some(Content::Words(words)) => !words.is_empty(),
            Some(Content::Blocks(blocks)) => {
                !blocks.is_empty() && blocks.iter().all(|block| kinds.contains(&block.r#type.as_str()))
            }
        }
    }

    fn words(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Words(words)) => words.clone(),
            Some(Content::Blocks(blocks)) => {
                blocks.iter().filter_map(|block| block.text.as_deref()).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn images(&self) -> usize {
        match &self.content {
            Some(Content::Blocks(blocks)) => {
                blocks.iter().filter(|block| block.r#type == "image_url").count()
            }
            Some(Content::Words(_)) | None => 0,
        }
    }
}

impl Chat {
    /// The first field whose value Cohere does not take.
    fn out_of_bounds(&self) -> Option<&'static str> {
        let within =
            |said: Option<f64>, least: f64, most: f64| said.is_none_or(|it| (least..=most).contains(&it));
        let choice = self.tool_choice.as_deref();
        let checks = [
            (within(self.temperature, 0.0, 1.0), "temperature"),
            (within(self.p, 0.01, 0.99), "p"),
            (self.k.is_none_or(|k| k <= 500), "k"),
            (within(self.frequency_penalty, 0.0, 1.0), "frequency_penalty"),
            (within(self.presence_penalty, 0.0, 1.0), "presence_penalty"),
            (self.stop_sequences.len() <= 5, "stop_sequences"),
            (matches!(choice, None | Some("REQUIRED" | "NONE")), "tool_choice"),
            (choice.is_none() || !self.tools.is_empty(), "tools"),
            (self.response_format.as_ref().is_none_or(Shape::is_known), "response_format"),
            (self.thinking.as_ref().is_none_or(Thinking::is_known), "thinking"),
        ];
        checks.into_iter().find(|(well, _)| !well).map(|(_, name)| name)
    }
}

impl Shape {
    fn is_known(&self) -> bool {
        matches!(self.r#type.as_str(), "text" | "json_object")
    }
}

impl Thinking {
    fn is_known(&self) -> bool {
        matches!(self.r#type.as_str(), "enabled" | "disabled")
            && self.token_budget.is_none_or(|most| most > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(fields: Value) -> Result<Ask, Refusal> {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }],
            "tools": [{ "type": "function", "function": { "name": "f", "parameters": {} } }] });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        chat(body.to_string().as_bytes())
    }

    #[test]
    fn a_chat_is_read() {
        let picture = json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,QUI=" } });
        let messages = json!([
            { "role": "system", "content": "be brief" },
            { "role": "assistant", "tool_plan": "p", "tool_calls":
                [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c", "content": "42" },
            { "role": "user", "content": [{ "type": "text", "text": "so?" }, picture] },
        ]);
        let ask = asked(json!({ "messages": messages, "thinking": { "type": "enabled" }, "stream": true }))
            .unwrap();
        assert_eq!((ask.prompt.as_str(), ask.images), ("be brief\n\n42\nso?", 1));
        assert!(ask.stream && ask.thinks && ask.may_call);
        assert!(!asked(json!({ "tool_choice": "NONE" })).unwrap().may_call);
    }

    #[test]
    fn what_cohere_refuses_is_refused() {
        for fields in [
            json!({ "model": null }),
            json!({ "messages": [] }),
            json!({ "messages": [{ "role": "developer", "content": "x" }] }),
            json!({ "messages": [{ "role": "user", "content": "" }] }),
            json!({ "messages": [{ "role": "tool", "content": "x", "tool_call_id": "never" }] }),
            json!({ "top_p": 0.5 }),
            json!({ "stop": ["x"] }),
            json!({ "temperature": 1.5 }),
            json!({ "p": 1.0 }),
            json!({ "k": 501 }),
            json!({ "seed": -1 }),
            json!({ "presence_penalty": -0.5 }),
            json!({ "tool_choice": "auto" }),
            json!({ "tool_choice": "REQUIRED", "tools": [] }),
            json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] }),
            json!({ "response_format": { "type": "json_schema" } }),
            json!({ "thinking": { "type": "enabled", "token_budget": 0 } }),
        ] {
            let refused = asked(fields.clone()).map_err(|no| no.status.is_client_error()).err();
            assert_eq!(refused, Some(true), "{fields}");
        }
    }
}
