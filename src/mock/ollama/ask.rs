//! The body of a chat, read and checked as strictly as Ollama does it: unknown fields pass, wrong types do not.

use crate::mock::ask::Ask;
use crate::mock::ask::read;
use crate::mock::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

#[derive(Deserialize)]
struct Chat {
    #[serde(default)]
    model: String,
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    tools: Vec<Tool>,
    format: Option<Value>,
    think: Option<Value>,
    stream: Option<bool>,
    #[serde(default)]
    options: Options,
}

#[derive(Default, Deserialize)]
struct Options {
    num_predict: Option<usize>,
    #[serde(default, rename = "stop")]
    _stop: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default, rename = "tool_calls")]
    _tool_calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(rename = "function")]
    _function: Called,
}

/// Arguments as text are refused.
#[derive(Deserialize)]
struct Called {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "arguments")]
    _arguments: Map<String, Value>,
}

#[derive(Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    model: String,
}

const LEVELS: [&str; 4] = ["low", "medium", "high", "max"];
const ROLES: [&str; 4] = ["system", "user", "assistant", "tool"];

/// Reads a chat.
pub fn chat(body: &[u8]) -> Result<Ask, Refusal> {
    let chat: Chat = read(body)?;
    let model = named(chat.model)?;
    if let Some(role) =
        chat.messages.iter().map(|message| &message.role).find(|role| !ROLES.contains(&role.as_str()))
    {
        return Err(Refusal::unreadable(format!("invalid role: {role}")));
    }
    let images: Vec<_> = chat.messages.iter().flat_map(|message| &message.images).collect();
    if images.iter().any(|image| STANDARD.decode(image).is_err()) {
        return Err(Refusal::unreadable("illegal base64 data in `images`"));
    }
    if chat.format.is_some_and(|format| format != "json" && !format.is_object()) {
        return Err(Refusal::unreadable("invalid format: expected \"json\" or a valid JSON Schema object"));
    }
    Ok(Ask {
        model,
        prompt: chat.messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n"),
        images: images.len(),
        stream: chat.stream.unwrap_or(true),
        usage: true,
        max_tokens: chat.options.num_predict,
        tools: chat.tools.into_iter().map(|tool| tool.function.name).collect(),
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: chat.messages.last().is_some_and(|message| message.role == "user"),
        thinks: thinks(chat.think)?,
    })
}

/// The model a body names.
pub fn model(body: &[u8]) -> Result<String, Refusal> {
    read::<Named>(body).and_then(|named| self::named(named.model))
}

/// In Ollama's words.
pub fn unknown(model: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, None, format!("model '{model}' not found"))
}

fn named(model: String) -> Result<String, Refusal> {
    if model.is_empty() { Err(Refusal::unreadable("model is required")) } else { Ok(model) }
}

fn thinks(think: Option<Value>) -> Result<bool, Refusal> {
    match think {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(thinks)) => Ok(thinks),
        Some(Value::String(level)) if LEVELS.contains(&level.as_str()) => Ok(true),
        Some(other) => Err(Refusal::unreadable(format!("invalid think value: {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(fields: Value) -> Result<Ask, Refusal> {
        let mut body =
            json!({ "model": "m", "messages": [{ "role": "user", "content": "x", "images": ["QUI="] }] });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        chat(body.to_string().as_bytes())
    }

    #[test]
    fn a_chat_streams_unless_told_otherwise() {
        let ask = asked(json!({ "options": { "num_predict": 3 }, "think": "low", "unknown": 1 })).unwrap();
        assert!(ask.stream && ask.thinks && ask.may_call);
        assert_eq!((ask.max_tokens, ask.images), (Some(3), 1));
        assert!(!asked(json!({ "stream": false, "think": false })).unwrap().stream);
    }

    #[test]
    fn what_ollama_refuses_is_refused() {
        for fields in [
            json!({ "model": "" }),
            json!({ "messages": [{ "role": "developer", "content": "x" }] }),
            json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }] }] }),
            json!({ "messages": [{ "role": "user", "content": "x", "images": ["data:image/png;base64,QUI="] }] }),
            json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] }] }),
            json!({ "think": "minimal" }),
            json!({ "think": 3 }),
            json!({ "format": "json_object" }),
            json!({ "options": { "stop": "x" } }),
        ] {
            assert_eq!(asked(fields.clone()).map_err(|no| no.status.as_u16()).err(), Some(400), "{fields}");
        }
    }
}
