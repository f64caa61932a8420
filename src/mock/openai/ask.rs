//! The bodies of chat and text completions, read and checked.

use crate::mock::ask::Ask;
use crate::mock::ask::read;
use crate::mock::refusal::Refusal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Chat {
    messages: Option<Vec<Message>>,
    max_completion_tokens: Option<usize>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
    reasoning_effort: Option<String>,
}

/// What both endpoints share.
#[derive(Deserialize)]
struct Common {
    model: Option<String>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<usize>,
    n: Option<u32>,
}

#[derive(Deserialize)]
struct Text {
    prompt: Option<Prompt>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

#[derive(Deserialize)]
struct Tool {
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
}

/// Reads a chat.
pub fn chat(body: &[u8]) -> Result<Ask, Refusal> {
    let (common, chat): (Common, Chat) = (read(body)?, read(body)?);
    let messages = chat.messages.filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| Refusal::missing("messages"))?;
    let ask = self::common(common)?;
    Ok(Ask {
        prompt: messages.iter().map(|message| spoken(&message.content)).collect::<Vec<_>>().join("\n"),
        images: messages.iter().map(|message| pictures(&message.content)).sum(),
        max_tokens: chat.max_completion_tokens.or(ask.max_tokens),
        tools: chat.tools.into_iter().flatten().filter_map(|tool| Some(tool.function?.name)).collect(),
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: messages
            .iter()
            .rfind(|message| !matches!(message.role.as_str(), "system" | "developer"))
            .is_some_and(|message| message.role == "user")
            && chat.tool_choice.is_none_or(|choice| choice != "none"),
        thinks: chat.reasoning_effort.is_some_and(|effort| effort != "none"),
        ..ask
    })
}

/// Reads a text completion.
pub fn text(body: &[u8]) -> Result<Ask, Refusal> {
    let (common, text): (Common, Text) = (read(body)?, read(body)?);
    let ask = self::common(common)?;
    let prompt = match text.prompt.ok_or_else(|| Refusal::missing("prompt"))? {
        Prompt::One(prompt) => prompt,
        Prompt::Many(prompts) => only(prompts)?,
    };
    Ok(Ask { prompt, ..ask })
}

fn common(common: Common) -> Result<Ask, Refusal> {
    let stream = common.stream.unwrap_or(false);
    if common.stream_options.is_some() && !stream {
        return Err(Refusal::unsupported("stream_options", "`stream_options` needs `stream` to be true"));
    }
    if common.n.is_some_and(|n| n != 1) {
        return Err(Refusal::unsupported("n", "the simulated provider gives one choice; leave out `n`"));
    }
    Ok(Ask {
        model: common.model.ok_or_else(|| Refusal::missing("model"))?,
        stream,
        usage: common.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
        max_tokens: common.max_tokens,
        ..Ask::default()
    })
}

fn spoken(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

fn pictures(content: &Value) -> usize {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().filter(|part| part["type"] == "image_url").count()
}

fn only(prompts: Vec<String>) -> Result<String, Refusal> {
    let [prompt] = <[String; 1]>::try_from(prompts)
        .map_err(|_| Refusal::unsupported("prompt", "the simulated provider takes one prompt at a time"))?;
    Ok(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(body: Value) -> Result<Ask, Refusal> {
        chat(body.to_string().as_bytes())
    }

    #[test]
    fn text_is_gathered_from_strings_and_parts() {
        let ask = ask(json!({ "model": "m", "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": [{ "type": "text", "text": "hi" }, { "type": "image_url" }] },
            { "role": "assistant", "content": null },
        ]}));
        assert_eq!(ask.unwrap().prompt, "be brief\nhi\n");
    }

    #[test]
    fn tools_are_called_for_a_user_only() {
        let body = |role: &str, choice: Value| {
            let last = json!({ "role": "system", "content": "be kind" });
            json!({ "model": "m", "messages": [{ "role": role, "content": "x" }, last], "tool_choice": choice,
                "tools": [{ "type": "custom", "custom": { "name": "c" } },
                          { "type": "function", "function": { "name": "f" } }] })
        };
        assert_eq!(
            ask(body("user", json!("auto"))).unwrap().call().map(|call| call.name).as_deref(),
            Some("f")
        );
        assert_eq!(ask(body("user", json!("none"))).unwrap().call(), None);
        assert_eq!(ask(body("tool", Value::Null)).unwrap().call(), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        let user = json!([{ "role": "user", "content": "x" }]);
        let cases = [
            (json!({ "messages": user }), "model"),
            (json!({ "model": "m" }), "messages"),
            (json!({ "model": "m", "messages": [] }), "messages"),
            (json!({ "model": "m", "messages": user, "stream_options": {} }), "stream_options"),
            (json!({ "model": "m", "messages": user, "n": 2 }), "n"),
        ];
        for (body, param) in cases {
            assert_eq!(ask(body).unwrap_err().param, Some(param));
        }
        assert_eq!(text(br#"{"model":"m"}"#).unwrap_err().param, Some("prompt"));
        assert_eq!(chat(b"{").unwrap_err().status.as_u16(), 400);
    }
}
