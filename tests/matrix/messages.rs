//! A client of Anthropic's messages.

use crate::stage::Call;
use crate::stage::Client;
use crate::stage::PNG;
use crate::stage::Said;
use serde_json::Value;
use serde_json::json;

pub struct Messages;

impl Client for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn path(&self) -> &'static str {
        "/v1/messages"
    }

    fn question(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = json!({ "model": model, "max_tokens": 4096,
            "messages": [{ "role": "user", "content": text }] });
        if stream {
            body["stream"] = true.into();
        }
        body
    }

    fn with_tool(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = self.question(model, text, stream);
        body["tools"] = json!([{ "name": "look_up", "description": "the weather",
            "input_schema": { "type": "object", "properties": { "city": { "type": "string" },
                "days": { "type": "integer" } }, "required": ["city"] } }]);
        body
    }

    fn with_result(&self, model: &str, text: &str, called: &Said, stream: bool) -> Value {
        let mut body = self.with_tool(model, text, stream);
        let result = json!({ "type": "tool_result", "tool_use_id": called.calls[0].id,
            "content": [{ "type": "text", "text": "21 degrees" }] });
        body["system"] = json!([{ "type": "text", "text": "be kind",
            "cache_control": { "type": "ephemeral" } }]);
        body["messages"] = json!([{ "role": "user", "content": text }, called.turn,
            { "role": "user", "content": [result] }]);
        body
    }

    fn with_picture(&self, model: &str, text: &str) -> Value {
        let mut body = self.question(model, text, false);
        body["messages"][0]["content"] = json!([{ "type": "text", "text": text },
            { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } }]);
        body
    }

    fn thinking(&self, mut body: Value) -> Value {
        body["thinking"] = json!({ "type": "enabled", "budget_tokens": 1024 });
        body
    }

    fn read(&self, body: &Value) -> Said {
        assert_eq!((&body["type"], &body["role"]), (&"message".into(), &"assistant".into()), "{body}");
        assert!(body["id"].as_str().unwrap().starts_with("msg_"), "{body}");
        assert!(body.get("stop_sequence").is_some() && body["model"].is_string(), "{body}");
        let blocks = body["content"].as_array().unwrap();
        let mut said = Said {
            finish: body["stop_reason"].as_str().unwrap().to_owned(),
            input: body["usage"]["input_tokens"].as_u64().unwrap(),
            output: body["usage"]["output_tokens"].as_u64().unwrap(),
            turn: json!({ "role": "assistant", "content": blocks }),
            ..Said::default()
        };
        blocks.iter().for_each(|block| said.add(block));
        said
    }

    fn read_stream(&self, events: &[(Option<String>, Value)]) -> Said {
        let mut said = Said::default();
        let mut blocks: Vec<Value> = Vec::new();
        let (mut open, mut parts) = (None, String::new());
        let mut kinds = Vec::new();
        for (name, event) in events {
            let kind = event["type"].as_str().unwrap();
            assert_eq!(name.as_deref(), Some(kind), "{event}");
            kinds.push(kind.to_owned());
            match kind {
                "message_start" => {
                    let message = &event["message"];
                    assert_eq!(message["content"], json!([]), "{event}");
                    assert!(message["usage"]["input_tokens"].is_u64(), "{event}");
                }
                "content_block_start" => {
                    assert_eq!(open, None, "two blocks at once: {event}");
                    assert_eq!(event["index"], blocks.len(), "{event}");
                    open = event["index"].as_u64();
                    parts.clear();
                    blocks.push(event["content_block"].clone());
                }
                "content_block_delta" => {
                    assert_eq!(event["index"].as_u64(), open, "{event}");
                    let (delta, block) = (&event["delta"], blocks.last_mut().unwrap());
                    let mut grow = |field: &str| {
                        let more = delta[field].as_str().unwrap();
                        block[field] = format!("{}{more}", block[field].as_str().unwrap()).into();
                    };
                    match delta["type"].as_str().unwrap() {
                        "text_delta" => grow("text"),
                        "thinking_delta" => grow("thinking"),
                        "signature_delta" => grow("signature"),
                        "input_json_delta" => parts += delta["partial_json"].as_str().unwrap(),
                        other => panic!("{other}"),
                    }
                }
                "content_block_stop" => {
                    assert_eq!(event["index"].as_u64(), open.take(), "{event}");
                    let block = blocks.last_mut().unwrap();
                    if block["type"] == "tool_use" && !parts.is_empty() {
                        block["input"] = serde_json::from_str(&parts).unwrap();
                    }
                }
                "message_delta" => {
                    said.finish = event["delta"]["stop_reason"].as_str().unwrap().to_owned();
                    said.output = event["usage"]["output_tokens"].as_u64().unwrap();
                    said.input = event["usage"]["input_tokens"].as_u64().unwrap();
                }
                "message_stop" | "ping" => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(kinds.first().map(String::as_str), Some("message_start"));
        assert_eq!(kinds.last().map(String::as_str), Some("message_stop"));
        blocks.iter().for_each(|block| said.add(block));
        said.turn = json!({ "role": "assistant", "content": blocks });
        said
    }

    fn says_done(&self) -> bool {
        false
    }

    fn stopped(&self) -> &'static str {
        "end_turn"
    }

    fn called(&self) -> &'static str {
        "tool_use"
    }

    fn call_prefix(&self) -> &'static str {
        "toolu_"
    }

    fn check_error(&self, body: &Value, status: u16) {
        assert_eq!(body["type"], "error", "{body}");
        let kind = if status == 404 { "not_found_error" } else { "invalid_request_error" };
        assert_eq!(body["error"]["type"], kind, "{body}");
        assert!(body["error"]["message"].is_string(), "{body}");
    }
}

impl Said {
    fn add(&mut self, block: &Value) {
        match block["type"].as_str().unwrap() {
            "text" => self.text += block["text"].as_str().unwrap(),
            "thinking" => {
                assert!(!block["signature"].as_str().unwrap().is_empty(), "{block}");
                self.thought += block["thinking"].as_str().unwrap();
            }
            "tool_use" => self.calls.push(Call {
                id: block["id"].as_str().unwrap().to_owned(),
                name: block["name"].as_str().unwrap().to_owned(),
                arguments: block["input"].to_string(),
            }),
            other => panic!("{other}"),
        }
    }
}
