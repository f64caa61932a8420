//! What is asked of Converse.

use super::*;
use crate::dialect::hub::*;
use crate::dialect::side::FetchedFile;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

fn written(request: &ChatRequest<'_>, traits: &ModelTraits) -> (Value, Vec<String>) {
    let mut dropped = Dropped::default();
    let body = PROVIDER.write(request, &target(traits), &mut dropped).unwrap();
    (serde_json::from_slice(&body).unwrap(), dropped.names().to_vec())
}

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

fn user(text: &str) -> Message<'_> {
    message(Role::User, vec![Part::text(text)])
}

fn asked(messages: Vec<Message<'_>>) -> ChatRequest<'_> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

fn call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> Part<'a> {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() })
}

fn result<'a>(id: &'a str, text: &'a str) -> Part<'a> {
    let content = vec![Part::text(text)];
    Part::ToolResult(ToolResult { call_id: id.into(), content, ..ToolResult::default() })
}

fn tool<'a>(name: &'a str, parameters: Option<&'a RawValue>) -> Tool<'a> {
    Tool { name: name.into(), description: None, parameters, strict: None, custom: false, cache: None }
}

fn rich() -> ChatRequest<'static> {
    let mark = Some(CacheMark { long: true });
    let system = Part::Text(Text { text: "Be brief.".into(), cache: mark, ..Text::default() });
    let media = Media::Inline { kind: "image/jpeg".into(), data: "/9j/".into() };
    let image = Part::Image(Image { media, detail: None, cache: None });
    let media = Media::Inline { kind: "application/pdf".into(), data: "JVBE".into() };
    let paper = Part::Document(Document { media, name: Some("my_report.pdf".into()), cache: None });
    let seal = Some("c2VhbA==".into());
    let thought = Part::Thinking(Thinking { text: "Look it up.".into(), signature: seal, redacted: None });
    let hidden = Part::Thinking(Thinking { redacted: Some("aGlkZGVu".into()), ..Thinking::default() });
    let failed = Part::ToolResult(ToolResult { is_error: true, ..tool_result("t2", "down") });
    ChatRequest {
        model: "fast".into(),
        messages: vec![
            message(Role::System, vec![system]),
            message(Role::User, vec![Part::text("What is this?"), image, paper]),
            message(
                Role::Assistant,
                vec![
                    thought,
                    hidden,
                    Part::text("Looking."),
                    call("t1", "look", "{\"q\": \"x\"}"),
                    call("t2", "look", ""),
                ],
            ),
            message(Role::User, vec![result("t1", "42")]),
            message(Role::User, vec![Part::text("And?"), failed]),
        ],
        tools: vec![
            Tool {
                description: Some("Looks up".into()),
                strict: Some(true),
                cache: Some(CacheMark { long: false }),
                ..tool("look", Some(raw(r#"{"type":"object","properties":{"q":{"type":"string"}}}"#)))
            },
            tool("wait", None),
        ],
        tool_choice: Some(ToolChoice::Required),
        max_output: Some(500),
        sampling: Sampling {
            temperature: Some(1.5),
            top_p: Some(0.5),
            top_k: Some(4),
            ..Sampling::default()
        },
        stop: vec!["END".into(), " ".into()],
        format: Some(Format::JsonSchema {
            name: "answer".into(),
            description: None,
            schema: Some(raw(r#"{"type":"object"}"#)),
            strict: Some(true),
        }),
        service_tier: Some("flex".into()),
        stream: true,
        ..ChatRequest::default()
    }
}

fn tool_result<'a>(id: &'a str, text: &'a str) -> ToolResult<'a> {
    ToolResult { call_id: id.into(), content: vec![Part::text(text)], ..ToolResult::default() }
}

#[test]
fn a_rich_request_says_everything() {
    let (body, dropped) = written(&rich(), &CLAUDE);
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn results_come_first_in_the_turn_after_the_calls() {
    let (body, _) = written(&rich(), &CLAUDE);
    let roles: Vec<&str> =
        body["messages"].as_array().unwrap().iter().filter_map(|m| m["role"].as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    let last = body["messages"][2]["content"].as_array().unwrap();
    assert!(last[0].get("toolResult").is_some() && last[1].get("toolResult").is_some());
    assert_eq!(last[2], json!({ "text": "And?" }));
}

#[test]
fn what_converse_cannot_say_is_named() {
    let mut request = asked(vec![user("x")]);
    request.sampling =
        Sampling { seed: Some(1), choices: Some(2), presence_penalty: Some(1.0), ..Sampling::default() };
    request.user = Some("u".into());
    request.extras =
        vec![("store".into(), raw("true")), ("guardrailConfig".into(), raw(r#"{"trace":"enabled"}"#))];
    request.service_tier = Some("scale".into());
    let (body, dropped) = written(&request, &CLAUDE);
    assert_eq!(dropped, ["service_tier", "n", "seed", "presence_penalty", "user", "store"]);
    assert_eq!(body["guardrailConfig"], json!({ "trace": "enabled" }));
}

#[test]
fn a_budget_stays_below_the_limit_of_the_answer_and_takes_the_sampling_with_it() {
    let mut request = asked(vec![user("x")]);
    request.sampling.temperature = Some(0.5);
    request.reasoning = Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() });
    let (body, dropped) = written(&request, &CLAUDE);
    assert_eq!(
        body["additionalModelRequestFields"]["thinking"],
        json!({ "type": "enabled", "budget_tokens": 4096 })
    );
    assert_eq!(
        (&body["inferenceConfig"], dropped),
        (&json!({ "maxTokens": 8192 }), vec!["temperature".to_owned()])
    );
    request.max_output = Some(2000);
    assert_eq!(
        written(&request, &CLAUDE).0["additionalModelRequestFields"]["thinking"]["budget_tokens"],
        1024
    );
    request.max_output = Some(1024);
    let (body, dropped) = written(&request, &CLAUDE);
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(dropped, ["reasoning_effort"]);
    let endless = Reasoning { budget: Some(u64::MAX), ..Reasoning::default() };
    request = ChatRequest { reasoning: Some(endless), ..asked(vec![user("x")]) };
    let body = written(&request, &CLAUDE).0;
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["budget_tokens"], 32_000);
    assert_eq!(body["inferenceConfig"]["maxTokens"], 36_096);
}

#[test]
fn models_that_decide_for_themselves_are_given_an_effort() {
    let traits = ModelTraits {
        thinking: ThinkingStyle::Adaptive { always: false },
        efforts: &[Effort::Low, Effort::High],
        sampling: false,
        ..CLAUDE
    };
    let mut request = asked(vec![user("x")]);
    request.reasoning =
        Some(Reasoning { effort: Some(Effort::Max), show: Some(true), ..Reasoning::default() });
    let body = written(&request, &traits).0;
    let thinking = json!({ "type": "adaptive", "display": "summarized" });
    assert_eq!(body["additionalModelRequestFields"], json!({ "thinking": thinking }));
    assert_eq!(body["outputConfig"], json!({ "effort": "high" }));
    request.reasoning = Some(Reasoning { effort: Some(Effort::None), ..Reasoning::default() });
    let body = written(&request, &traits).0;
    assert_eq!(body["additionalModelRequestFields"], json!({ "thinking": { "type": "disabled" } }));
    let always = ModelTraits { thinking: ThinkingStyle::Adaptive { always: true }, ..traits };
    let (body, dropped) = written(&request, &always);
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(dropped, ["reasoning_effort"]);
}

#[test]
fn every_choice_of_tools_has_its_form() {
    let auto = json!({ "auto": {} });
    let table = [
        (None, Value::Null, 2),
        (Some(ToolChoice::Auto), auto.clone(), 2),
        (Some(ToolChoice::Required), json!({ "any": {} }), 2),
        (Some(ToolChoice::Named("b".into())), json!({ "tool": { "name": "b" } }), 2),
        (Some(ToolChoice::Allowed { names: vec!["b".into()], required: false }), auto.clone(), 1),
        (Some(ToolChoice::Allowed { names: vec!["b".into()], required: true }), json!({ "any": {} }), 1),
    ];
    for (choice, form, tools) in table {
        let mut request = asked(vec![user("x")]);
        request.tools = vec![tool("a", None), tool("b", None)];
        request.tool_choice = choice.clone();
        let (body, dropped) = written(&request, &CLAUDE);
        assert_eq!(body["toolConfig"]["toolChoice"], form, "{choice:?}");
        assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), tools, "{choice:?}");
        assert_eq!(dropped, Vec::<String>::new());
        let unforced = ModelTraits { forced_tool_choice: false, ..CLAUDE };
        let (body, dropped) = written(&request, &unforced);
        let is_forced = form != auto && form != Value::Null;
        assert_eq!(dropped.contains(&"tool_choice".to_owned()), is_forced, "{choice:?}");
        assert_eq!(body["toolConfig"]["toolChoice"], if is_forced { auto.clone() } else { form });
    }
}

#[test]
fn forbidden_tools_are_left_out_unless_the_history_needs_them() {
    let mut request = asked(vec![user("x")]);
    request.tools = vec![tool("a", None)];
    request.tool_choice = Some(ToolChoice::None);
    assert_eq!(written(&request, &CLAUDE).0.get("toolConfig"), None);
    request.messages.push(message(Role::Assistant, vec![call("t", "a", "{}")]));
    request.messages.push(message(Role::User, vec![result("t", "1")]));
    let (body, dropped) = written(&request, &CLAUDE);
    assert_eq!(body["toolConfig"]["toolChoice"], json!({ "auto": {} }));
    assert_eq!(dropped, ["tool_choice"]);
    request.tools.clear();
    request.tool_choice = None;
    let body = written(&request, &CLAUDE).0;
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "a");
}

#[test]
fn a_form_the_model_does_not_take_is_asked_for_in_words() {
    let mut request = asked(vec![user("x")]);
    request.format = Some(Format::JsonObject);
    let (body, dropped) = written(&request, &CLAUDE);
    assert_eq!(body["system"], json!([{ "text": "Answer with one JSON object and nothing else." }]));
    assert_eq!(dropped, ["response_format"]);
}

#[test]
fn later_system_messages_are_said_by_the_user() {
    let system = |text| message(Role::System, vec![Part::text(text)]);
    let (body, _) = written(&asked(vec![system("a"), user("b"), system("c")]), &CLAUDE);
    assert_eq!(body["system"], json!([{ "text": "a" }]));
    assert_eq!(body["messages"], json!([{ "role": "user", "content": [{ "text": "b" }, { "text": "c" }] }]));
    let (body, _) = written(&asked(vec![system("only")]), &CLAUDE);
    assert_eq!((&body["messages"][0]["content"][0]["text"], body.get("system")), (&json!("only"), None));
}

#[test]
fn blank_text_and_unsealed_thoughts_are_left_out() {
    let unsealed = Part::Thinking(Thinking { text: "hm".into(), ..Thinking::default() });
    let assistant = message(Role::Assistant, vec![unsealed, Part::text(" \n")]);
    let (body, _) = written(&asked(vec![user("a"), assistant, user("b")]), &CLAUDE);
    assert_eq!(body["messages"], json!([{ "role": "user", "content": [{ "text": "a" }, { "text": "b" }] }]));
}

#[test]
fn arguments_are_always_an_object() {
    let parts = vec![
        call("1", "f", " "),
        call("2", "f", "[1]"),
        call("3", "f", "{\"a\": 1, \"b\""),
        call("4", "f", "{}"),
    ];
    let (body, _) = written(&asked(vec![user("a"), message(Role::Assistant, parts), user("x")]), &CLAUDE);
    let content = body["messages"][1]["content"].as_array().unwrap();
    let inputs: Vec<Value> = content.iter().map(|block| block["toolUse"]["input"].clone()).collect();
    assert_eq!(
        inputs,
        [json!({}), json!({ "_raw": "[1]" }), json!({ "_raw": "{\"a\": 1, \"b\"" }), json!({})]
    );
}

#[test]
fn ids_are_made_fit_the_same_way_on_both_sides() {
    let long = format!("call|{}", "x".repeat(80));
    let messages = vec![
        user("a"),
        message(Role::Assistant, vec![call(&long, "f", "{}"), call("ok_1.:-", "f", "{}")]),
        message(Role::User, vec![result(&long, "1"), result("ok_1.:-", "2")]),
    ];
    let (body, _) = written(&asked(messages), &CLAUDE);
    let called = body["messages"][1]["content"][0]["toolUse"]["toolUseId"].as_str().unwrap();
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["toolUseId"], called);
    assert!(called.len() == 64 && called.starts_with("call_xxx"), "{called}");
    assert_eq!(body["messages"][2]["content"][1]["toolResult"]["toolUseId"], "ok_1.:-");
}

#[test]
fn files_are_sent_as_they_were_fetched() {
    let url = "https://e.x/a.png";
    let image = Part::Image(Image { media: Media::Url(url.into()), detail: None, cache: None });
    let request = asked(vec![message(Role::User, vec![image])]);
    let file = FetchedFile { kind: "image/png; charset=x".into(), data: "iVBO".into() };
    let fetched = Fetched::from([(url.to_owned(), file)]);
    let target = Target { fetched: &fetched, ..target(&CLAUDE) };
    let body = PROVIDER.write(&request, &target, &mut Dropped::default()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let image = json!({ "format": "png", "source": { "bytes": "iVBO" } });
    assert_eq!(body["messages"][0]["content"], json!([{ "image": image }]));
}

#[test]
fn what_would_be_another_question_is_refused() {
    let image = |media| Part::Image(Image { media, detail: None, cache: None });
    let inline = |kind: &'static str| Media::Inline { kind: kind.into(), data: "".into() };
    let audio = Part::Audio(Audio { format: "wav".into(), data: "".into(), transcript: None });
    let document = Part::Document(Document { media: inline("application/zip"), name: None, cache: None });
    let parts = [
        audio,
        document,
        image(inline("image/tiff")),
        image(Media::Url("https://e.x".into())),
        image(Media::FileId("file-1".into())),
    ];
    for part in parts {
        let request = asked(vec![message(Role::User, vec![part])]);
        let refused = PROVIDER.write(&request, &target(&CLAUDE), &mut Dropped::default()).unwrap_err();
        assert_eq!(refused.param, "messages", "{refused}");
    }
    let no_prefill = ModelTraits { prefill: false, ..CLAUDE };
    let request = asked(vec![user("a"), message(Role::Assistant, vec![Part::text("b")])]);
    assert!(PROVIDER.write(&request, &target(&no_prefill), &mut Dropped::default()).is_err());
    assert!(PROVIDER.write(&request, &target(&CLAUDE), &mut Dropped::default()).is_ok());
}

#[test]
fn who_thinks_by_a_budget_does_not_think_on_from_lost_thoughts() {
    let reasoning = Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() });
    let history = |own: Vec<Part<'static>>| {
        let said = message(Role::Assistant, own);
        let messages = vec![user("a"), said, message(Role::User, vec![result("t1", "42")])];
        ChatRequest { reasoning: reasoning.clone(), ..asked(messages) }
    };
    let (body, dropped) = written(&history(vec![call("t1", "look", "{}")]), &CLAUDE);
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(dropped, ["reasoning_effort"]);
    let thought = Part::Thinking(Thinking { signature: Some("s".into()), ..Thinking::default() });
    let (body, dropped) = written(&history(vec![thought, call("t1", "look", "{}")]), &CLAUDE);
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "enabled");
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn the_user_speaks_first() {
    let hello = message(Role::Assistant, vec![Part::text("Hello!")]);
    let (body, _) = written(&asked(vec![hello, user("hi")]), &CLAUDE);
    let roles: Vec<&str> =
        body["messages"].as_array().unwrap().iter().filter_map(|m| m["role"].as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
}

#[test]
fn of_too_many_cache_marks_the_last_stay() {
    let marked = |text: &'static str| {
        let cache = Some(CacheMark { long: false });
        Part::Text(Text { text: text.into(), cache, ..Text::default() })
    };
    let words = ["b", "c", "d", "e", "f"].map(marked).into();
    let messages = vec![message(Role::System, vec![marked("a")]), message(Role::User, words)];
    let (body, dropped) = written(&asked(messages), &CLAUDE);
    assert_eq!(body["system"], json!([{ "text": "a" }]));
    let said = body["messages"][0]["content"].as_array().unwrap();
    let marks = said.iter().filter(|block| block.get("cachePoint").is_some());
    assert_eq!((marks.count(), &said[1]), (4, &json!({ "text": "c" })));
    assert_eq!(dropped, ["cache_control"]);
}
