//! What is asked, against the shapes of vendors.md §6.9, and what is left out.

use crate::dialect::hub::CacheMark;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Document;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::Format;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Part;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::Role;
use crate::dialect::hub::Sampling;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolChoice;
use crate::dialect::hub::ToolResult;
use crate::dialect::ollama::PROVIDER;
use crate::dialect::side::Fetched;
use crate::dialect::side::FetchedFile;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

const HALF_KNOWN: ModelTraits = ModelTraits {
    efforts: &[Effort::Low, Effort::Medium, Effort::High],
    json_schema: false,
    max_output: Some(100),
    ..ModelTraits::UNKNOWN
};

fn written_for(request: &ChatRequest<'_>, traits: &ModelTraits) -> Result<(Value, Vec<String>), Unsayable> {
    let file = FetchedFile { kind: "image/png".to_owned(), data: "RkVUQ0g=".to_owned() };
    let fetched = Fetched::from([("https://e.x/a.png".to_owned(), file)]);
    let target = Target { model: "gpt-oss:20b", traits, fetched: &fetched, stream_options: true };
    let mut dropped = Dropped::default();
    let body = PROVIDER.write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}

fn written(request: &ChatRequest<'_>) -> (Value, Vec<String>) {
    written_for(request, &ModelTraits::UNKNOWN).unwrap()
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn says<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

fn asks<'a>(parts: Vec<Part<'a>>) -> ChatRequest<'a> {
    ChatRequest { messages: vec![says(Role::User, parts)], ..ChatRequest::default() }
}

fn image(media: Media<'static>) -> Part<'static> {
    Part::Image(Image { media, detail: Some("low".into()), cache: None })
}

fn tool(name: &'static str) -> Tool<'static> {
    Tool { name: name.into(), description: None, parameters: None, strict: None, custom: false, cache: None }
}

fn call(id: &'static str, name: &'static str, arguments: &'static str) -> Part<'static> {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() })
}

fn history() -> Vec<Message<'static>> {
    let inline = Media::Inline { kind: "image/jpeg".into(), data: "SU5MSU5F".into() };
    let note = Document { media: Media::Plain("a note".into()), name: None, cache: None };
    let thinking = Thinking { text: "hm".into(), signature: Some("s".into()), redacted: None };
    let seen = vec![Part::text("sunny"), image(Media::Url("https://e.x/a.png".into()))];
    let first = ToolResult { call_id: "c1".into(), content: seen, ..ToolResult::default() };
    let failed = vec![Part::text("no such city")];
    let second = ToolResult { call_id: "c2".into(), content: failed, is_error: true, cache: None };
    let asked = vec![
        Part::text("what is"),
        image(inline),
        Part::text("this?"),
        Part::Document(note),
        image(Media::Url("https://e.x/a.png".into())),
    ];
    let calls = vec![
        Part::Thinking(thinking),
        Part::text("I will look."),
        call("c1", "weather", "{\"city\": \"Paris\"}"),
        call("c2", "clock", ""),
        call("c3", "broken", "{\"a\":"),
    ];
    vec![
        says(Role::System, vec![Part::text("be brief"), Part::text("be kind")]),
        says(Role::User, asked),
        says(Role::Assistant, calls),
        says(Role::User, vec![Part::ToolResult(first), Part::ToolResult(second), Part::text("so?")]),
    ]
}

#[test]
fn a_rich_request_is_written() {
    let parameters = raw(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#);
    let weather = Tool {
        description: Some("the weather".into()),
        parameters: Some(parameters),
        cache: Some(CacheMark { long: false }),
        ..tool("weather")
    };
    let sampling = Sampling {
        temperature: Some(0.7),
        top_p: Some(0.9),
        top_k: Some(40),
        seed: Some(-7),
        frequency_penalty: Some(0.5),
        presence_penalty: Some(-0.5),
        logprobs: Some(true),
        top_logprobs: Some(2),
        ..Sampling::default()
    };
    let schema = Some(raw(r#"{"type":"object"}"#));
    let format = Format::JsonSchema { name: "n".into(), description: None, schema, strict: Some(true) };
    let request = ChatRequest {
        model: "as-the-client-names-it".into(),
        messages: history(),
        tools: vec![weather, tool("clock")],
        tool_choice: Some(ToolChoice::Auto),
        max_output: Some(256),
        sampling,
        stop: vec!["END".into(), "\n\n".into()],
        format: Some(format),
        reasoning: Some(Reasoning { effort: Some(Effort::Minimal), ..Reasoning::default() }),
        stream: true,
        extras: vec![
            ("num_ctx".into(), raw("8192")),
            ("options".into(), raw(r#"{"mirostat":1,"temperature":2,"num_ctx":1}"#)),
            ("keep_alive".into(), raw("\"5m\"")),
            ("store".into(), raw("null")),
        ],
        ..ChatRequest::default()
    };
    let (body, dropped) = written(&request);
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_plain_request_says_nothing_more_than_it_must() {
    let (body, dropped) = written(&asks(vec![Part::text("hi")]));
    let messages = json!([{ "role": "user", "content": "hi" }]);
    assert_eq!(body, json!({ "model": "gpt-oss:20b", "messages": messages, "stream": false }));
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn what_cannot_be_said_is_named() {
    let sampling = Sampling { choices: Some(2), logit_bias: Some(raw("{\"1\":2}")), ..Sampling::default() };
    let request = ChatRequest {
        tools: vec![Tool { custom: true, parameters: Some(raw("{}")), ..tool("free") }],
        tool_choice: Some(ToolChoice::Required),
        parallel_tool_calls: Some(false),
        sampling,
        service_tier: Some("flex".into()),
        user: Some("u".into()),
        verbosity: Some("low".into()),
        prompt_cache_key: Some("k".into()),
        web_search: Some(raw("{}")),
        extras: vec![("store".into(), raw("true")), ("options".into(), raw("3"))],
        ..asks(vec![Part::text("hi")])
    };
    let (body, dropped) = written(&request);
    assert_eq!(body.get("options"), None);
    let mut expected = [
        "n",
        "logit_bias",
        "parallel_tool_calls",
        "service_tier",
        "user",
        "verbosity",
        "prompt_cache_key",
        "web_search_options",
        "store",
        "options",
        "tool_choice",
        "custom.format",
    ];
    let mut dropped: Vec<&str> = dropped.iter().map(String::as_str).collect();
    dropped.sort_unstable();
    expected.sort_unstable();
    assert_eq!(dropped, expected);
}

#[test]
fn what_asks_for_nothing_special_is_not_named() {
    let request = ChatRequest {
        sampling: Sampling { choices: Some(1), ..Sampling::default() },
        parallel_tool_calls: Some(true),
        service_tier: Some("auto".into()),
        format: Some(Format::Text),
        ..asks(vec![Part::text("hi")])
    };
    let (body, dropped) = written(&request);
    assert_eq!((body.get("format"), dropped), (None, Vec::new()));
}

#[test]
fn tools_that_may_not_be_called_are_not_shown() {
    let names = |choice: ToolChoice<'static>| {
        let request = ChatRequest {
            tools: vec![tool("a"), tool("b")],
            tool_choice: Some(choice),
            ..asks(vec![Part::text("hi")])
        };
        let (body, dropped) = written(&request);
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = tools.iter().map(|tool| tool["function"]["name"].clone()).collect();
        (names, dropped)
    };
    let forced = vec!["tool_choice".to_owned()];
    let allowed = |required| ToolChoice::Allowed { names: vec!["b".into()], required };
    assert_eq!(names(ToolChoice::None), (vec![], vec![]));
    assert_eq!(names(ToolChoice::Auto), (vec![json!("a"), json!("b")], vec![]));
    assert_eq!(names(ToolChoice::Required), (vec![json!("a"), json!("b")], forced.clone()));
    assert_eq!(names(ToolChoice::Named("a".into())), (vec![json!("a")], forced.clone()));
    assert_eq!(names(allowed(false)), (vec![json!("b")], vec![]));
    assert_eq!(names(allowed(true)), (vec![json!("b")], forced));
}

#[test]
fn efforts_become_levels_that_the_model_knows() {
    let think = |reasoning: Reasoning<'static>, traits: &ModelTraits| {
        let request = ChatRequest { reasoning: Some(reasoning), ..asks(vec![Part::text("hi")]) };
        let (body, dropped) = written_for(&request, traits).unwrap();
        (body.get("think").cloned().unwrap_or_default(), dropped)
    };
    let effort = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
    let budget = |tokens| Reasoning { budget: Some(tokens), ..Reasoning::default() };
    let levels = [
        json!(false),
        json!("low"),
        json!("low"),
        json!("medium"),
        json!("high"),
        json!("max"),
        json!("max"),
    ];
    for (given, level) in Effort::ALL.into_iter().zip(levels) {
        assert_eq!(think(effort(given), &ModelTraits::UNKNOWN), (level, vec![]), "{given:?}");
    }
    assert_eq!(think(effort(Effort::None), &HALF_KNOWN).0, json!("low"));
    assert_eq!(think(effort(Effort::Max), &HALF_KNOWN).0, json!("high"));
    assert_eq!(think(budget(3000), &ModelTraits::UNKNOWN).0, json!("medium"));
    assert_eq!(think(budget(0), &ModelTraits::UNKNOWN).0, json!(false));
    let thoughtless = ModelTraits { efforts: &[], ..ModelTraits::UNKNOWN };
    assert_eq!(think(effort(Effort::High), &thoughtless), (Value::Null, vec!["reasoning_effort".to_owned()]));
    assert_eq!(think(effort(Effort::None), &thoughtless), (Value::Null, vec![]));
}

#[test]
fn a_limit_of_the_model_bounds_the_answer_and_its_form() {
    let schema = Some(raw(r#"{"type":"object"}"#));
    let request = ChatRequest {
        max_output: Some(256),
        format: Some(Format::JsonSchema { name: "n".into(), description: None, schema, strict: None }),
        ..asks(vec![Part::text("hi")])
    };
    let (body, dropped) = written_for(&request, &HALF_KNOWN).unwrap();
    assert_eq!((&body["options"]["num_predict"], &body["format"]), (&json!(100), &json!("json")));
    assert_eq!(dropped, ["response_format"]);
    let (body, _) = written(&ChatRequest { format: Some(Format::JsonObject), ..asks(vec![]) });
    assert_eq!(body["format"], "json");
}

#[test]
fn what_would_make_another_question_is_refused() {
    let audio = crate::dialect::hub::Audio { format: "wav".into(), data: "eA==".into(), transcript: None };
    let pdf = Media::Inline { kind: "application/pdf".into(), data: "eA==".into() };
    for part in [
        Part::Audio(audio),
        Part::Document(Document { media: pdf, name: None, cache: None }),
        image(Media::Url("https://e.x/never-fetched.png".into())),
        image(Media::FileId("file-1".into())),
    ] {
        let refused = written_for(&asks(vec![part.clone()]), &ModelTraits::UNKNOWN);
        assert_eq!(refused.err().map(|why| why.param), Some("messages"), "{part:?}");
    }
}

#[test]
fn a_result_of_an_unknown_call_is_still_told() {
    let result =
        ToolResult { call_id: "lost".into(), content: vec![Part::text("42")], ..ToolResult::default() };
    let (body, _) = written(&asks(vec![Part::ToolResult(result)]));
    assert_eq!(body["messages"], json!([{ "role": "tool", "content": "42", "tool_call_id": "lost" }]));
}

#[test]
fn vectors_are_asked_for() {
    let fetched = Fetched::new();
    let target = Target {
        model: "nomic-embed-text",
        traits: &ModelTraits::UNKNOWN,
        fetched: &fetched,
        stream_options: true,
    };
    let mut dropped = Dropped::default();
    let request = EmbedRequest {
        model: "x".into(),
        inputs: vec!["a".into(), "b\n".into()],
        dimensions: Some(64),
        base64: true,
        input_type: Some("search_query".into()),
        user: Some("u".into()),
    };
    let body = PROVIDER.write_embed(&request, &target, &mut dropped).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, json!({ "model": "nomic-embed-text", "input": ["a", "b\n"], "dimensions": 64 }));
    assert_eq!(dropped.names(), ["input_type", "user"]);
    assert_eq!(PROVIDER.embed_path("m").as_deref(), Some("/api/embed"));
}

#[test]
fn a_tool_of_free_text_is_a_function_with_one_string() {
    let tools = vec![Tool { custom: true, ..tool("patch") }];
    let (body, dropped) = written(&ChatRequest { tools, ..asks(vec![Part::text("hi")]) });
    let parameters = json!({ "type": "object", "properties": { "input": { "type": "string" } },
        "required": ["input"] });
    let function = json!({ "name": "patch", "parameters": parameters });
    assert_eq!(body["tools"], json!([{ "type": "function", "function": function }]));
    assert_eq!(dropped, [""; 0]);
}
