//! What a simulated provider is asked: the bodies of chat and text completions, read and checked.

use crate::mock::refusal::Refusal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A question, whichever endpoint it came through.
#[derive(Debug)]
pub struct Ask {
    pub model: String,
    /// All text of the question.
    pub prompt: String,
    pub stream: bool,
    /// Whether a stream ends with its usage.
    pub usage: bool,
    pub max_tokens: Option<usize>,
    /// The function that is to be called instead of saying something.
    pub call: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    messages: Option<Vec<Message>>,
    max_completion_tokens: Option<usize>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
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

impl Ask {
    pub fn chat(body: &[u8]) -> Result<Ask, Refusal> {
        let (common, chat): (Common, Chat) = (read(body)?, read(body)?);
        let messages = chat.messages.as_deref().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or_else(|| Refusal::missing("messages"))?;
        let call = called(messages, chat.tools.as_deref(), chat.tool_choice.as_ref());
        let mut ask = Ask::common(common)?;
        ask.prompt = messages.iter().map(|message| spoken(&message.content)).collect::<Vec<_>>().join("\n");
        ask.max_tokens = chat.max_completion_tokens.or(ask.max_tokens);
        ask.call = call;
        Ok(ask)
    }

    pub fn text(body: &[u8]) -> Result<Ask, Refusal> {
        let (common, text): (Common, Text) = (read(body)?, read(body)?);
        let mut ask = Ask::common(common)?;
        ask.prompt = match text.prompt.ok_or_else(|| Refusal::missing("prompt"))? {
            Prompt::One(prompt) => prompt,
            Prompt::Many(prompts) => only(prompts)?,
        };
        Ok(ask)
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
            prompt: String::new(),
            stream,
            usage: common.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
            max_tokens: common.max_tokens,
            call: None,
        })
    }
}

/// Reads a JSON body; what is wrong with it goes back to the caller.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::unreadable(format!("we could not read the JSON body of your request: {error}"))
    })
}

/// A call answers a person; whatever comes after its result is said in words, so that a loop ends.
fn called(messages: &[Message], tools: Option<&[Tool]>, choice: Option<&Value>) -> Option<String> {
    let asked_by_user = messages.last().is_some_and(|message| message.role == "user");
    let forbidden = choice.is_some_and(|choice| choice == "none");
    let mut functions = tools?.iter().filter_map(|tool| tool.function.as_ref());
    let function = functions.next().filter(|_| asked_by_user && !forbidden)?;
    Some(function.name.clone())
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

fn only(prompts: Vec<String>) -> Result<String, Refusal> {
    let [prompt] = <[String; 1]>::try_from(prompts)
        .map_err(|_| Refusal::unsupported("prompt", "the simulated provider takes one prompt at a time"))?;
    Ok(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chat(body: Value) -> Result<Ask, Refusal> {
        Ask::chat(body.to_string().as_bytes())
    }

    #[test]
    fn text_is_gathered_from_strings_and_parts() {
        let ask = chat(json!({ "model": "m", "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": [{ "type": "text", "text": "hi" }, { "type": "image_url" }] },
            { "role": "assistant", "content": null },
        ]}));
        assert_eq!(ask.unwrap().prompt, "be brief\nhi\n");
    }

    #[test]
    fn tools_are_called_for_a_user_only() {
        let body = |role: &str, choice: Value| {
            json!({ "model": "m", "messages": [{ "role": role, "content": "x" }], "tool_choice": choice,
                "tools": [{ "type": "custom", "custom": { "name": "c" } },
                          { "type": "function", "function": { "name": "f" } }] })
        };
        assert_eq!(chat(body("user", json!("auto"))).unwrap().call.as_deref(), Some("f"));
        assert_eq!(chat(body("user", json!("none"))).unwrap().call, None);
        assert_eq!(chat(body("tool", Value::Null)).unwrap().call, None);
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
            assert_eq!(chat(body).unwrap_err().param, Some(param));
        }
        assert_eq!(Ask::text(br#"{"model":"m"}"#).unwrap_err().param, Some("prompt"));
        assert_eq!(Ask::chat(b"{").unwrap_err().status.as_u16(), 400);
    }
}
