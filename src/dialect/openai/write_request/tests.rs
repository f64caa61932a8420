//! Requests as providers of OpenAI's dialect get them.

use super::*;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message as Told;
use crate::dialect::hub::Part;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolChoice;
use crate::dialect::hub::ToolResult;
use crate::dialect::openai::ask;
use crate::dialect::side::Fetched;
use crate::dialect::side::FetchedFile;
use serde_json::Value;
use serde_json::json;

fn try_write(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    fetched: &Fetched,
) -> Result<(Value, Vec<String>), Unsayable> {
    let target = Target { model: "gpt-5.2", traits, fetched, stream_options: true };
    let mut dropped = Dropped::default();
    let body = write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}

fn written(request: &ChatRequest<'_>, traits: &ModelTraits) -> (Value, Vec<String>) {
    try_write(request, traits, &Fetched::new()).unwrap()
}

fn told(role: Role, parts: Vec<Part<'_>>) -> Told<'_> {
    Told { role, parts, name: None }
}

fn talk(messages: Vec<Told<'_>>) -> ChatRequest<'_> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn greeting() -> ChatRequest<'static> {
    talk(vec![told(Role::User, vec![Part::text("hi")])])
}

fn tool() -> Tool<'static> {
    Tool { name: "f".into(), description: None, parameters: None, strict: None, custom: false, cache: None }
}

fn image(media: Media<'_>) -> Part<'_> {
    Part::Image(Image { media, detail: None, cache: None })
}

#[test]
fn a_rich_request_is_written_word_for_word() {
    let request = ask::read(include_bytes!("../fixtures/ask.json")).unwrap();
    let file = FetchedFile { kind: "image/png".into(), data: "QQ==".into() };
    let fetched = Fetched::from([("https://e.x/b.png".to_owned(), file)]);
    let (body, dropped) = try_write(&request, &ModelTraits::UNKNOWN, &fetched).unwrap();
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    assert_eq!(dropped, ["top_k", "tools.web_search_preview", "metadata", "store", "modalities"]);
}

#[test]
fn schemas_and_maps_are_passed_on_as_they_came() {
    let request = ask::read(include_bytes!("../fixtures/ask.json")).unwrap();
    let target =
        Target { model: "m", traits: &ModelTraits::UNKNOWN, fetched: &Fetched::new(), stream_options: true };
    let body = write(&request, &target, &mut Dropped::default()).unwrap();
    let body = String::from_utf8(body).unwrap();
    let schema = r#"{"type": "object", "properties": {"city": {"type": "string"}}, "maximum": 1.50}"#;
    assert!(body.contains(schema), "{body}");
}

#[test]
fn counts_are_asked_for_in_every_stream_of_a_provider_that_knows_how() {
    let request = ChatRequest { stream: true, ..greeting() };
    let (traits, fetched) = (ModelTraits::UNKNOWN, Fetched::new());
    for (stream_options, expected) in [(true, json!({"include_usage": true})), (false, Value::Null)] {
        let target = Target { model: "m", traits: &traits, fetched: &fetched, stream_options };
        let body = write(&request, &target, &mut Dropped::default()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["stream"], &body["stream_options"]), (&json!(true), &expected));
    }
    assert_eq!(
        written(&greeting(), &ModelTraits::UNKNOWN).0,
        json!({"model": "gpt-5.2", "messages": [{"role": "user", "content": "hi"}]}),
        "nothing that was not said"
    );
}

#[test]
fn results_come_right_behind_their_calls_and_before_what_else_is_said() {
    let result = |id: &'static str, content, is_error| {
        Part::ToolResult(ToolResult { call_id: id.into(), content, is_error, ..ToolResult::default() })
    };
    let call = |id: &'static str, arguments: &'static str| {
        Part::ToolCall(ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: arguments.into(),
            ..ToolCall::default()
        })
    };
    let url = || image(Media::Url("https://e.x/a.png".into()));
    let request = talk(vec![
        told(Role::Assistant, vec![call("a", ""), call("b", "{\"x\"")]),
        told(
            Role::User,
            vec![
                Part::text("and then"),
                result("a", vec![Part::text("one"), url(), Part::text("two")], false),
                result("b", vec![Part::text("no")], true),
            ],
        ),
        told(Role::User, vec![result("a", Vec::new(), false)]),
    ]);
    let (body, _) = written(&request, &ModelTraits::UNKNOWN);
    let called = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "assistant", "content": null,
                "tool_calls": [called("a", "{}"), called("b", r#"{"_raw":"{\"x\""}"#)]},
            {"role": "tool", "tool_call_id": "a", "content": "one\ntwo"},
            {"role": "tool", "tool_call_id": "b", "content": "Error: no"},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://e.x/a.png"}},
                {"type": "text", "text": "and then"}]},
            {"role": "tool", "tool_call_id": "a", "content": ""},
        ])
    );
}

#[test]
fn pictures_in_results_wait_until_every_result_is_said() {
    let result = |id: &'static str, content| {
        Part::ToolResult(ToolResult { call_id: id.into(), content, ..ToolResult::default() })
    };
    let url = || vec![image(Media::Url("https://e.x/a.png".into()))];
    let request = talk(vec![
        told(Role::User, vec![result("a", url())]),
        told(Role::User, vec![result("b", url())]),
        told(Role::Assistant, vec![Part::text("x")]),
        told(Role::User, vec![result("c", url())]),
    ]);
    let (body, _) = written(&request, &ModelTraits::UNKNOWN);
    let roles: Vec<_> =
        body["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["tool", "tool", "user", "assistant", "tool", "user"]);
    assert_eq!(body["messages"][2]["content"].as_array().map(Vec::len), Some(2), "both pictures");
}

#[test]
fn thinking_is_said_back_only_to_those_who_want_it() {
    let think = |text: &'static str| {
        Part::Thinking(Thinking { text: text.into(), signature: Some("s".into()), ..Thinking::default() })
    };
    let request = talk(vec![
        told(Role::Assistant, vec![think("hm"), Part::text("x")]),
        told(Role::Assistant, vec![Part::text("y")]),
    ]);
    let (plain, _) = written(&request, &ModelTraits::UNKNOWN);
    assert_eq!(
        plain["messages"],
        json!([{"role": "assistant", "content": "x"}, {"role": "assistant", "content": "y"}])
    );
    let wants = ModelTraits { replays_reasoning: true, ..ModelTraits::UNKNOWN };
    assert_eq!(
        written(&request, &wants).0["messages"],
        json!([
            {"role": "assistant", "content": "x", "reasoning_content": "hm"},
            {"role": "assistant", "content": "y", "reasoning_content": " "},
        ])
    );
}

#[test]
fn what_has_no_place_is_refused_by_name() {
    let document = |media| Part::Document(Document { media, name: None, cache: None });
    for part in [image(Media::FileId("file-1".into())), document(Media::Url("https://e.x/a.pdf".into()))] {
        let request = talk(vec![told(Role::User, vec![part])]);
        let refused = try_write(&request, &ModelTraits::UNKNOWN, &Fetched::new()).unwrap_err();
        assert_eq!(refused.param, "messages", "{refused}");
    }
    let file = FetchedFile { kind: "application/pdf".into(), data: "QQ==".into() };
    let fetched = Fetched::from([("https://e.x/a.pdf".to_owned(), file)]);
    let request = talk(vec![told(Role::User, vec![document(Media::Url("https://e.x/a.pdf".into()))])]);
    let (body, _) = try_write(&request, &ModelTraits::UNKNOWN, &fetched).unwrap();
    assert_eq!(
        body["messages"][0]["content"],
        json!([{"type": "file",
            "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "document.pdf"}}])
    );
}

#[test]
fn a_choice_of_tools_is_said_only_where_there_are_tools() {
    let choosing = |tools, choice| ChatRequest {
        tools,
        tool_choice: Some(choice),
        parallel_tool_calls: Some(true),
        ..greeting()
    };
    let (bare, dropped) = written(&choosing(Vec::new(), ToolChoice::Auto), &ModelTraits::UNKNOWN);
    assert_eq!((bare.get("tool_choice"), bare.get("parallel_tool_calls"), dropped.len()), (None, None, 0));
    let custom = Tool { name: "g".into(), custom: true, ..tool() };
    let shy = ModelTraits { forced_tool_choice: false, ..ModelTraits::UNKNOWN };
    let named = |name: &'static str| ToolChoice::Named(name.into());
    let allowed = ToolChoice::Allowed { names: vec!["f".into(), "g".into()], required: true };
    let function = json!({"type": "function", "function": {"name": "f"}});
    let free = json!({"type": "custom", "custom": {"name": "g"}});
    let both = |mode: &str| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [function, free]}});
    for (choice, said, unforced) in [
        (ToolChoice::Auto, json!("auto"), json!("auto")),
        (ToolChoice::None, json!("none"), json!("none")),
        (ToolChoice::Required, json!("required"), json!("auto")),
        (named("f"), function.clone(), json!("auto")),
        (named("g"), free.clone(), json!("auto")),
        (allowed, both("required"), both("auto")),
    ] {
        let request = choosing(vec![tool(), custom.clone()], choice);
        assert_eq!(written(&request, &ModelTraits::UNKNOWN).0["tool_choice"], said);
        let (body, dropped) = written(&request, &shy);
        assert_eq!(body["tool_choice"], unforced);
        assert_eq!(dropped.contains(&"tool_choice".to_owned()), said != unforced, "{said}");
    }
}

#[test]
fn effort_is_said_in_the_words_of_the_model() {
    const SOME: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
    let asked = |effort, budget| ChatRequest {
        reasoning: Some(Reasoning { effort, budget, ..Reasoning::default() }),
        ..greeting()
    };
    let some = ModelTraits { efforts: SOME, ..ModelTraits::UNKNOWN };
    let none = ModelTraits { efforts: &[], ..ModelTraits::UNKNOWN };
    for (effort, budget, traits, said) in [
        (Some(Effort::None), None, &ModelTraits::UNKNOWN, json!("none")),
        (Some(Effort::None), None, &some, json!("low")),
        (Some(Effort::Max), None, &some, json!("high")),
        (None, Some(3000), &some, json!("medium")),
        (Some(Effort::Low), Some(9000), &some, json!("low")),
        (Some(Effort::High), None, &none, Value::Null),
        (None, None, &some, Value::Null),
    ] {
        let (body, _) = written(&asked(effort, budget), traits);
        assert_eq!(body["reasoning_effort"], said, "{effort:?} {budget:?}");
    }
}

#[test]
fn limits_are_kept_and_called_by_their_name() {
    let request = ChatRequest { max_output: Some(32_000), ..greeting() };
    let small = ModelTraits { max_output: Some(8192), ..ModelTraits::UNKNOWN };
    for (name, said) in [
        (MaxTokensName::Either, "max_tokens"),
        (MaxTokensName::MaxTokens, "max_tokens"),
        (MaxTokensName::MaxCompletionTokens, "max_completion_tokens"),
    ] {
        let (body, _) = written(&request, &ModelTraits { max_tokens_name: name, ..small.clone() });
        let names: Vec<_> = body.as_object().unwrap().keys().filter(|key| key.starts_with("max_")).collect();
        assert_eq!(names, [said]);
        assert_eq!(body[said], 8192);
    }
}

#[test]
fn what_a_model_refuses_is_left_out_and_told() {
    let mut request =
        ChatRequest { stop: vec!["a".into(); 5], user: Some("u".repeat(65).into()), ..greeting() };
    request.sampling.temperature = Some(1.5);
    request.sampling.choices = Some(1);
    request.sampling.seed = Some(7);
    let mild = ModelTraits { max_temperature: 1.0, refuses: &["seed"], ..ModelTraits::UNKNOWN };
    let (body, dropped) = written(&request, &mild);
    assert_eq!((&body["temperature"], body["stop"].as_array().map(Vec::len)), (&json!(1.0), Some(4)));
    assert_eq!((body.get("n"), body.get("seed"), body.get("user")), (None, None, None));
    assert_eq!(dropped, ["stop", "user", "seed"]);
    let thinker = ModelTraits {
        sampling_needs_no_reasoning: true,
        default_effort: Some(Effort::Medium),
        refuses_reasoning: &["stop"],
        ..ModelTraits::UNKNOWN
    };
    let (body, dropped) = written(&request, &thinker);
    assert_eq!((body.get("temperature"), body.get("stop")), (None, None));
    assert!(dropped.iter().any(|name| name == "temperature"), "{dropped:?}");
    let quiet = Reasoning { effort: Some(Effort::None), ..Reasoning::default() };
    let (body, _) = written(&ChatRequest { reasoning: Some(quiet), ..request }, &thinker);
    assert_eq!(body["temperature"], 1.5, "it does not reason now");
}

#[test]
fn an_effort_that_cannot_be_asked_for_is_named() {
    let plain = ModelTraits { efforts: &[], ..ModelTraits::UNKNOWN };
    for (effort, expected) in [(Effort::High, vec!["reasoning_effort".to_owned()]), (Effort::None, vec![])] {
        let reasoning = Some(Reasoning { effort: Some(effort), ..Reasoning::default() });
        let (body, dropped) = written(&ChatRequest { reasoning, ..greeting() }, &plain);
        assert_eq!((body.get("reasoning_effort"), dropped), (None, expected));
    }
}

#[test]
fn who_knows_only_functions_gets_no_others() {
    let free = Tool { name: "g".into(), custom: true, ..tool() };
    let call = ToolCall {
        id: "c".into(),
        name: "g".into(),
        custom: true,
        arguments: "a\"b".into(),
        ..ToolCall::default()
    };
    let names = vec!["g".into()];
    let request = ChatRequest {
        tools: vec![tool(), free],
        tool_choice: Some(ToolChoice::Allowed { names, required: true }),
        ..talk(vec![
            told(Role::User, vec![Part::text("x")]),
            told(Role::Assistant, vec![Part::ToolCall(call)]),
        ])
    };
    let traits = ModelTraits { custom_tools: false, ..ModelTraits::UNKNOWN };
    let (body, dropped) = written(&request, &traits);
    assert_eq!(body["tools"][0]["function"]["parameters"]["required"], json!(["input"]));
    assert_eq!((body["tools"].as_array().unwrap().len(), &body["tool_choice"]), (1, &json!("required")));
    let called = &body["messages"][1]["tool_calls"][0]["function"];
    assert_eq!(called, &json!({ "name": "g", "arguments": r#"{"input":"a\"b"}"# }));
    assert_eq!(dropped, [""; 0]);
}
