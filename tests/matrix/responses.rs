//! A client of OpenAI's Responses API.

use crate::stage::Call;
use crate::stage::Client;
use crate::stage::PNG;
use crate::stage::Said;
use serde_json::Value;
use serde_json::json;

pub struct Responses;

impl Client for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn path(&self) -> &'static str {
        "/v1/responses"
    }

    fn question(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = json!({ "model": model, "input": text });
        if stream {
            body["stream"] = true.into();
        }
        body
    }

    fn with_tool(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = self.question(model, text, stream);
        body["tools"] = json!([{ "type": "function", "name": "look_up", "description": "the weather",
            "parameters": { "type": "object", "properties": { "city": { "type": "string" },
                "days": { "type": "integer" } }, "required": ["city"] }, "strict": false }]);
        body
    }

    fn with_result(&self, model: &str, text: &str, called: &Said, stream: bool) -> Value {
        let mut body = self.with_tool(model, text, stream);
        let mut input = vec![json!({ "role": "user", "content": text })];
        input.extend(called.turn.as_array().unwrap().iter().cloned());
        input.push(json!({ "type": "function_call_output", "call_id": called.calls[0].id,
            "output": "21 degrees" }));
        body["instructions"] = "be kind".into();
        body["input"] = input.into();
        body
    }

    fn with_picture(&self, model: &str, text: &str) -> Value {
        let mut body = self.question(model, text, false);
        let url = format!("data:image/png;base64,{PNG}");
        body["input"] = json!([{ "role": "user", "content": [{ "type": "input_text", "text": text },
            { "type": "input_image", "image_url": url, "detail": "auto" }] }]);
        body
    }

    fn thinking(&self, mut body: Value) -> Value {
        body["reasoning"] = json!({ "effort": "low", "summary": "auto" });
        body["include"] = json!(["reasoning.encrypted_content"]);
        body
    }

    fn read(&self, body: &Value) -> Said {
        assert_eq!(body["object"], "response", "{body}");
        for required in [
            "id",
            "created_at",
            "status",
            "error",
            "incomplete_details",
            "instructions",
            "model",
            "output",
            "parallel_tool_calls",
            "tool_choice",
            "tools",
            "temperature",
            "top_p",
            "metadata",
            "usage",
        ] {
            assert!(body.get(required).is_some(), "{required}: {body}");
        }
        assert!(body["id"].as_str().unwrap().starts_with("resp_"), "{body}");
        let usage = &body["usage"];
        for details in ["input_tokens_details", "output_tokens_details"] {
            assert!(usage[details].is_object(), "{body}");
        }
        let items = body["output"].as_array().unwrap();
        let mut said = Said {
            finish: body["status"].as_str().unwrap().to_owned(),
            input: usage["input_tokens"].as_u64().unwrap(),
            output: usage["output_tokens"].as_u64().unwrap(),
            turn: items.clone().into(),
            ..Said::default()
        };
        for item in items {
            match item["type"].as_str().unwrap() {
                "message" => said.text += item["content"][0]["text"].as_str().unwrap(),
                "reasoning" => {
                    let texts = item["summary"].as_array().unwrap().iter();
                    said.thought.extend(texts.filter_map(|part| part["text"].as_str()));
                }
                "function_call" => said.calls.push(Call {
                    id: item["call_id"].as_str().unwrap().to_owned(),
                    name: item["name"].as_str().unwrap().to_owned(),
                    arguments: item["arguments"].as_str().unwrap().to_owned(),
                }),
                other => panic!("{other}"),
            }
        }
        said
    }

    fn read_stream(&self, events: &[(Option<String>, Value)]) -> Said {
        let mut done = Vec::new();
        let (mut text, mut arguments) = (String::new(), String::new());
        for (number, (name, event)) in events.iter().enumerate() {
            let kind = event["type"].as_str().unwrap();
            assert_eq!(name.as_deref(), Some(kind), "{event}");
            assert_eq!(event["sequence_number"], number, "{event}");
            match kind {
                "response.output_text.delta" => text += event["delta"].as_str().unwrap(),
                "response.function_call_arguments.delta" => arguments += event["delta"].as_str().unwrap(),
                "response.output_item.done" => done.push(event["item"].clone()),
                _ => {}
            }
        }
        assert_eq!(events[0].1["type"], "response.created");
        let (_, last) = events.last().unwrap();
        assert_eq!(last["type"], "response.completed", "{last}");
        assert_eq!(last["response"]["output"], Value::from(done), "{last}");
        let said = self.read(&last["response"]);
        assert_eq!(said.text, text);
        let called: String = said.calls.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(called, arguments);
        said
    }

    fn says_done(&self) -> bool {
        false
    }

    fn stopped(&self) -> &'static str {
        "completed"
    }

    fn called(&self) -> &'static str {
        "completed"
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
