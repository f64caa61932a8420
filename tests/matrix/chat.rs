//! A client of chat completions.

use crate::stage::Call;
use crate::stage::Client;
use crate::stage::PNG;
use crate::stage::Said;
use serde_json::Value;
use serde_json::json;

pub struct Chat;

fn tools() -> Value {
    json!([{ "type": "function", "function": { "name": "look_up", "description": "the weather",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" },
            "days": { "type": "integer" } }, "required": ["city"] } } }])
}

impl Client for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn question(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": text }] });
        if stream {
            body["stream"] = true.into();
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    fn with_tool(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = self.question(model, text, stream);
        body["tools"] = tools();
        body
    }

    fn with_result(&self, model: &str, text: &str, called: &Said, stream: bool) -> Value {
        let mut body = self.with_tool(model, text, stream);
        let result = json!({ "role": "tool", "tool_call_id": called.calls[0].id, "content": "21 degrees" });
        body["messages"] = json!([{ "role": "system", "content": "be kind" },
            { "role": "user", "content": text }, called.turn, result]);
        body
    }

    fn with_picture(&self, model: &str, text: &str) -> Value {
        let mut body = self.question(model, text, false);
        let url = format!("data:image/png;base64,{PNG}");
        body["messages"][0]["content"] = json!([{ "type": "text", "text": text },
            { "type": "image_url", "image_url": { "url": url } }]);
        body
    }

    fn thinking(&self, mut body: Value) -> Value {
        body["reasoning_effort"] = "low".into();
        body
    }

    fn read(&self, body: &Value) -> Said {
        assert_eq!(body["object"], "chat.completion", "{body}");
        for required in ["id", "created", "model", "choices", "usage"] {
            assert!(!body[required].is_null(), "{required}: {body}");
        }
        assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"), "{body}");
        let choice = &body["choices"][0];
        for required in ["content", "refusal"] {
            assert!(choice["message"].get(required).is_some(), "{required}: {body}");
        }
        assert!(choice.get("logprobs").is_some(), "{body}");
        let message = &choice["message"];
        let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
        let calls: Vec<_> = calls
            .iter()
            .map(|call| Call {
                id: call["id"].as_str().unwrap().to_owned(),
                name: call["function"]["name"].as_str().unwrap().to_owned(),
                arguments: call["function"]["arguments"].as_str().unwrap().to_owned(),
            })
            .collect();
        Said {
            text: message["content"].as_str().unwrap_or_default().to_owned(),
            thought: message["reasoning_content"].as_str().unwrap_or_default().to_owned(),
            turn: turn(message["content"].as_str(), &calls),
            calls,
            finish: choice["finish_reason"].as_str().unwrap().to_owned(),
            input: body["usage"]["prompt_tokens"].as_u64().unwrap(),
            output: body["usage"]["completion_tokens"].as_u64().unwrap(),
        }
    }

    fn read_stream(&self, events: &[(Option<String>, Value)]) -> Said {
        let mut said = Said::default();
        let (first, last) = (&events[0].1, &events.last().unwrap().1);
        for (name, chunk) in events {
            assert_eq!(*name, None);
            assert_eq!(chunk["object"], "chat.completion.chunk", "{chunk}");
            for same in ["id", "created", "model"] {
                assert_eq!(chunk[same], first[same], "{chunk}");
            }
            let Some(choice) = chunk["choices"].get(0) else { continue };
            let delta = &choice["delta"];
            said.text += delta["content"].as_str().unwrap_or_default();
            said.thought += delta["reasoning_content"].as_str().unwrap_or_default();
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let at = call["index"].as_u64().unwrap() as usize;
                assert!(at <= said.calls.len(), "{chunk}");
                if at == said.calls.len() {
                    let id = call["id"].as_str().unwrap().to_owned();
                    let name = call["function"]["name"].as_str().unwrap().to_owned();
                    said.calls.push(Call { id, name, arguments: String::new() });
                } else {
                    assert!(call.get("id").is_none() && call["function"].get("name").is_none(), "{chunk}");
                }
                said.calls[at].arguments += call["function"]["arguments"].as_str().unwrap_or_default();
            }
            if let Some(finish) = choice["finish_reason"].as_str() {
                assert!(said.finish.is_empty(), "two ends: {chunk}");
                said.finish = finish.to_owned();
            }
        }
        assert_eq!(first["choices"][0]["delta"]["role"], "assistant", "{first}");
        assert_eq!(last["choices"], json!([]), "{last}");
        said.input = last["usage"]["prompt_tokens"].as_u64().unwrap();
        said.output = last["usage"]["completion_tokens"].as_u64().unwrap();
        said.turn = turn(Some(&said.text).filter(|text| !text.is_empty()).map(String::as_str), &said.calls);
        said
    }

    fn says_done(&self) -> bool {
        true
    }

    fn stopped(&self) -> &'static str {
        "stop"
    }

    fn called(&self) -> &'static str {
        "tool_calls"
    }

    fn call_prefix(&self) -> &'static str {
        "call_"
    }

    fn check_error(&self, body: &Value, _status: u16) {
        for field in ["message", "type", "param", "code"] {
            assert!(body["error"].get(field).is_some(), "{field}: {body}");
        }
    }
}

/// What OpenAI's SDKs send back: only the fields they know.
fn turn(text: Option<&str>, calls: &[Call]) -> Value {
    let call = |call: &Call| {
        json!({ "id": call.id, "type": "function",
            "function": { "name": call.name, "arguments": call.arguments } })
    };
    let calls: Vec<_> = calls.iter().map(call).collect();
    json!({ "role": "assistant", "content": text, "tool_calls": calls })
}
