//! Requests of clients.

use crate::dialect::anthropic::CLIENT;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::Role;
use crate::dialect::hub::ToolChoice;
use crate::dialect::side::ClientSide;
use serde_json::Value;
use serde_json::json;
use std::borrow::Cow;

const QUESTION: &str = include_str!("../fixtures/question.json");

fn read(body: &str) -> Result<ChatRequest<'_>, BadRequest> {
    CLIENT.read(body.as_bytes())
}

/// The smallest request with more fields.
fn with(fields: Value) -> String {
    let mut body =
        json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body.to_string()
}

/// What a part is, in short.
fn told(part: &Part<'_>) -> String {
    match part {
        Part::Text(text) => format!("text {:?} {}", text.text, text.citations.len()),
        Part::Thinking(t) => format!("thinking {:?} {:?} {:?}", t.text, t.signature, t.redacted),
        Part::ToolCall(call) => format!("call {} {} {}", call.id, call.name, call.arguments),
        Part::ToolResult(result) => {
            let content: Vec<String> = result.content.iter().map(told).collect();
            format!(
                "result {} {} {:?} [{}]",
                result.call_id,
                result.is_error,
                result.cache,
                content.join(", ")
            )
        }
        Part::Image(image) => format!("image {}", place(&image.media)),
        Part::Document(document) => format!("document {:?} {}", document.name, place(&document.media)),
        Part::Audio(_) | Part::Refusal(_) => panic!("{part:?}"),
    }
}

fn place(media: &Media<'_>) -> String {
    match media {
        Media::Url(url) => url.to_string(),
        Media::Inline { kind, data } => format!("{kind} {data}"),
        Media::FileId(id) => id.to_string(),
        Media::Plain(text) => format!("{text:?}"),
    }
}

fn parts(message: &Message<'_>) -> Vec<String> {
    message.parts.iter().map(told).collect()
}

#[test]
fn turns_are_read_part_by_part() {
    let request = read(QUESTION).unwrap();
    let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User, Role::System]);
    assert_eq!(parts(&request.messages[0]), [r#"text "You are a coder." 0"#]);
    let Part::Text(system) = &request.messages[0].parts[0] else { panic!() };
    assert_eq!(system.cache, Some(CacheMark { long: true }));
    assert_eq!(parts(&request.messages[1]), [r#"text "Hi \"you\"" 0"#]);
    let assistant = [
        r#"thinking "Hm.\n" Some("ErUB+/aa==") None"#,
        r#"thinking "nobody's" None None"#,
        r#"thinking "" None Some("EmwK")"#,
        r#"text "Let me look." 1"#,
        r#"call toolu_1 Read {"path": "a"}"#,
    ];
    assert_eq!(parts(&request.messages[2]), assistant);
    let user = [
        r#"result toolu_1 true Some(CacheMark { long: false }) [text "no file" 0, image image/png iVBO]"#,
        "result toolu_2 false None []",
        r#"text "see" 0"#,
        "image https://a.example/x.png",
        r#"document Some("a.pdf") application/pdf JVBE"#,
        r#"document None "words""#,
        r#"document None "one\ntwo""#,
        "document None file_1",
        r#"text "B\nhttps://b.example\nfound" 0"#,
    ];
    assert_eq!(parts(&request.messages[3]), user);
    assert_eq!(parts(&request.messages[4]), [r#"text "Be quick." 0"#]);
}

#[test]
fn settings_are_read() {
    let request = read(QUESTION).unwrap();
    assert!(matches!(request.model, Cow::Borrowed("claude-opus-4-8")));
    assert_eq!((request.max_output, request.stream), (Some(32_000), true));
    let sampling = &request.sampling;
    assert_eq!((sampling.temperature, sampling.top_p, sampling.top_k), (Some(0.5), Some(0.9), None));
    assert_eq!(request.stop, ["END", "\n"]);
    assert_eq!((request.user.as_deref(), request.service_tier.as_deref()), (Some("user_1"), Some("default")));
    let Some(Format::JsonSchema { name, schema: Some(schema), strict: Some(true), .. }) = &request.format
    else {
        panic!("{:?}", request.format)
    };
    assert_eq!((name.as_ref(), schema.get()), ("output", r#"{"type":"object"}"#));
    let extras: Vec<_> = request.extras.iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!(extras, ["context_management", "tools.bash_20250124"]);
}

#[test]
fn tools_are_read_and_what_only_the_vendor_has_is_left() {
    let request = read(QUESTION).unwrap();
    let [first, second] = &request.tools[..] else { panic!("{:?}", request.tools) };
    assert_eq!((first.name.as_ref(), first.description.as_deref()), ("Read", Some("Reads a file.")));
    assert_eq!((first.strict, first.cache), (Some(true), Some(CacheMark { long: false })));
    assert_eq!(first.parameters.map(|raw| raw.get()), Some(r#"{"type":"object"}"#));
    assert_eq!((second.name.as_ref(), second.cache), ("Write", None));
    assert_eq!(request.web_search.map(|raw| raw.get()), Some("{}"));
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("Read".into())));
    assert_eq!(request.parallel_tool_calls, Some(false));
}

#[test]
fn every_way_to_choose_a_tool_is_read() {
    let cases = [
        (json!({ "type": "auto", "disable_parallel_tool_use": false }), Some(ToolChoice::Auto), None),
        (json!({ "type": "any" }), Some(ToolChoice::Required), None),
        (json!({ "type": "none" }), Some(ToolChoice::None), None),
        // A tool that is not offered here.
        (json!({ "type": "tool", "name": "web_search" }), None, None),
    ];
    for (choice, expected, parallel) in cases {
        let body = with(json!({ "tool_choice": choice, "tools": [{ "name": "f", "input_schema": {} }] }));
        let request = read(&body).unwrap();
        assert_eq!((request.tool_choice, request.parallel_tool_calls), (expected, parallel));
    }
}

#[test]
fn thinking_is_read_as_effort_or_budget() {
    let plain = Reasoning::default();
    let cases = [
        (json!({}), None),
        (
            json!({ "thinking": { "type": "disabled" } }),
            Some(Reasoning { effort: Some(Effort::None), ..plain.clone() }),
        ),
        (
            json!({ "thinking": { "type": "enabled", "budget_tokens": 5000 } }),
            Some(Reasoning { budget: Some(5000), show: Some(true), ..plain.clone() }),
        ),
        (
            json!({ "thinking": { "type": "adaptive", "display": "omitted" } }),
            Some(Reasoning { effort: Some(Effort::Medium), show: Some(false), ..plain.clone() }),
        ),
        (
            json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": "max" } }),
            Some(Reasoning { effort: Some(Effort::Max), ..plain.clone() }),
        ),
        (
            json!({ "output_config": { "effort": "low" } }),
            Some(Reasoning { effort: Some(Effort::Low), ..plain.clone() }),
        ),
        (json!({ "output_config": { "effort": "heroic" } }), None),
    ];
    for (fields, expected) in cases {
        assert_eq!(read(&with(fields.clone())).unwrap().reasoning, expected, "{fields}");
    }
}

#[test]
fn a_request_that_the_vendor_would_refuse_is_refused() {
    let cases = [
        (r#"{"max_tokens":1,"messages":[]}"#.to_owned(), Some("model"), "model: field required"),
        (r#"{"model":"m","messages":[]}"#.to_owned(), Some("max_tokens"), "max_tokens: field required"),
        (with(json!({ "max_tokens": null })), Some("max_tokens"), "max_tokens: field required"),
        (with(json!({ "messages": null })), Some("messages"), "messages: field required"),
        (with(json!({ "messages": [] })), Some("messages"), "messages: must be at least one message"),
        (with(json!({ "model": 4 })), Some("model"), "model: must be a string"),
        (with(json!({ "max_tokens": "9" })), Some("max_tokens"), "max_tokens: must be a whole number"),
        (with(json!({ "max_tokens": -9 })), Some("max_tokens"), "max_tokens: must be a whole number"),
        (with(json!({ "stream": "yes" })), Some("stream"), "stream: must be true or false"),
        (with(json!({ "temperature": [] })), Some("temperature"), "temperature: must be a number"),
        (with(json!({ "system": 1 })), Some("system"), "system: must be"),
        (with(json!({ "tools": {} })), Some("tools"), "tools: must be"),
        (with(json!({ "tools": [{ "input_schema": {} }] })), Some("tools"), "tools: must be"),
        (with(json!({ "tool_choice": { "type": "some" } })), Some("tool_choice"), "tool_choice: must be"),
        (with(json!({ "thinking": "hard" })), Some("thinking"), "thinking: must be"),
        (
            with(json!({ "messages": [{ "role": "user", "content": "secret" }, { "role": "user" }] })),
            Some("messages"),
            "messages.1:",
        ),
        (with(json!({ "messages": [{ "role": "user", "content": 5 }] })), Some("messages"), "messages.0:"),
        (
            with(json!({ "messages": [{ "role": "tool", "content": "x" }] })),
            Some("messages"),
            "messages: must be",
        ),
        (
            with(
                json!({ "messages": [{ "role": "user", "content": [{ "type": "image", "source": { "type": "x" } }] }] }),
            ),
            Some("messages"),
            "messages: must be given with images",
        ),
        (r#"{"model":"a","model":"b"}"#.to_owned(), Some("model"), "model: given twice"),
        ("[]".to_owned(), None, "the request body is not valid JSON"),
        ("{".to_owned(), None, "the request body is not valid JSON"),
    ];
    for (body, param, message) in cases {
        let bad = read(&body).unwrap_err();
        assert_eq!(bad.param, param, "{body}");
        assert!(bad.message.starts_with(message), "{body}: {}", bad.message);
        assert!(!bad.message.contains("secret"), "a refusal does not repeat the prompt");
    }
}

#[test]
fn part_of_a_request_is_refused_not_guessed() {
    for end in 0..QUESTION.trim_end().len() {
        assert!(CLIENT.read(&QUESTION.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn results_nested_without_end_are_cut_off() {
    let deep = format!(
        r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":[{}[]{}]}}]}}"#,
        r#"{"type":"tool_result","tool_use_id":"a","content":["#.repeat(5000),
        "]}".repeat(5000)
    );
    assert_eq!(parts(&read(&deep).unwrap().messages[0]), ["result a false None []"]);
}
