//! What is asked, against the shapes of vendors.md §8.1, and what is left out.

use crate::dialect::cohere::PROVIDER;
use crate::dialect::hub::Audio;
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
use crate::dialect::hub::ThinkingStyle;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolChoice;
use crate::dialect::hub::ToolResult;
use crate::dialect::side::Fetched;
use crate::dialect::side::FetchedFile;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

const PLAIN: ModelTraits =
    ModelTraits { max_temperature: 1.0, efforts: &[], max_output: Some(4000), ..ModelTraits::UNKNOWN };
const THINKER: ModelTraits =
    ModelTraits { thinking: ThinkingStyle::Budget { least: 1, zero: true }, efforts: &Effort::ALL, ..PLAIN };
const FREE_WILLED: ModelTraits = ModelTraits { forced_tool_choice: false, ..PLAIN };

fn written_for(request: &ChatRequest<'_>, traits: &ModelTraits) -> Result<(Value, Vec<String>), Unsayable> {
    let file = FetchedFile { kind: "image/png".to_owned(), data: "RkVUQ0g=".to_owned() };
    let fetched = Fetched::from([("https://e.x/fetched.png".to_owned(), file)]);
    let target = Target { model: "command-a", traits, fetched: &fetched, stream_options: true };
    let mut dropped = Dropped::default();
    let body = PROVIDER.write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}

fn written(request: &ChatRequest<'_>) -> (Value, Vec<String>) {
    written_for(request, &PLAIN).unwrap()
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

fn image(media: Media<'static>, detail: &'static str) -> Part<'static> {
    Part::Image(Image { media, detail: Some(detail.into()), cache: None })
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
    let note = Media::Inline { kind: "text/plain".into(), data: "YSBub3Rl".into() };
    let note = Document { media: note, name: Some("note.txt".into()), cache: None };
    let thinking = Thinking { text: "hm".into(), signature: Some("s".into()), redacted: None };
    let seen = vec![Part::text("sunny"), image(Media::Url("https://e.x/fetched.png".into()), "original")];
    let first = ToolResult { call_id: "c1".into(), content: seen, ..ToolResult::default() };
    let failed = vec![Part::text("no such city")];
    let second = ToolResult { call_id: "c2".into(), content: failed, is_error: true, cache: None };
    vec![
        says(Role::System, vec![Part::text("be brief"), Part::text("be kind")]),
        says(
            Role::User,
            vec![
                Part::text("what is"),
                image(inline, "low"),
                image(Media::Url("https://e.x/a.png".into()), "auto"),
                Part::Document(note),
            ],
        ),
        says(
            Role::Assistant,
            vec![Part::Thinking(thinking.clone()), Part::text("a bird"), Part::text("or two")],
        ),
        says(Role::User, vec![Part::text("look it"), Part::text("up")]),
        says(
            Role::Assistant,
            vec![
                Part::Thinking(thinking),
                Part::text("I will look."),
                call("c1", "weather", "{\"city\": \"Paris\"}"),
                call("c2", "clock", ""),
            ],
        ),
        says(Role::User, vec![Part::ToolResult(first), Part::ToolResult(second), Part::text("so?")]),
        says(Role::Assistant, vec![]),
    ]
}

#[test]
fn a_rich_request_is_written() {
    let parameters = raw(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#);
    let weather = Tool {
        description: Some("the weather".into()),
        parameters: Some(parameters),
        strict: Some(true),
        ..tool("weather")
    };
    let sampling = Sampling {
        temperature: Some(1.5),
        top_p: Some(1.0),
        top_k: Some(1000),
        seed: Some(7),
        frequency_penalty: Some(0.5),
        presence_penalty: Some(1.5),
        logprobs: Some(true),
        ..Sampling::default()
    };
    let schema = Some(raw(r#"{"type":"object","required":["a"]}"#));
    let format = Format::JsonSchema { name: "n".into(), description: None, schema, strict: Some(true) };
    let request = ChatRequest {
        model: "as-the-client-names-it".into(),
        messages: history(),
        tools: vec![weather, Tool { strict: Some(true), ..tool("clock") }],
        tool_choice: Some(ToolChoice::Required),
        max_output: Some(9000),
        sampling,
        stop: vec!["END".into()],
        format: Some(format),
        reasoning: Some(Reasoning { effort: Some(Effort::Medium), ..Reasoning::default() }),
        stream: true,
        extras: vec![
            ("safety_mode".into(), raw("\"STRICT\"")),
            ("documents".into(), raw(r#"["bare",{"id":"d","data":{"text":"t"}}]"#)),
            ("store".into(), raw("null")),
        ],
        ..ChatRequest::default()
    };
    let (body, dropped) = written_for(&request, &THINKER).unwrap();
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_plain_request_says_nothing_more_than_it_must() {
    let (body, dropped) = written(&asks(vec![Part::text("hi")]));
    let messages = json!([{ "role": "user", "content": "hi" }]);
    assert_eq!(body, json!({ "model": "command-a", "messages": messages, "stream": false }));
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn a_model_that_does_not_think_is_not_shown_thoughts() {
    let (body, dropped) = written(&ChatRequest { messages: history(), ..ChatRequest::default() });
    assert_eq!(body["messages"][2], json!({ "role": "assistant", "content": "a bird\nor two" }));
    assert_eq!(body["messages"][4].get("content"), None);
    assert_eq!(body["messages"][4]["tool_plan"], "I will look.");
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn what_cannot_be_said_is_named() {
    let sampling = Sampling {
        choices: Some(2),
        logit_bias: Some(raw("{\"1\":2}")),
        top_logprobs: Some(3),
        seed: Some(-1),
        frequency_penalty: Some(-0.5),
        presence_penalty: Some(-2.0),
        ..Sampling::default()
    };
    let request = ChatRequest {
        tools: vec![Tool { custom: true, parameters: Some(raw("{}")), ..tool("free") }],
        parallel_tool_calls: Some(false),
        sampling,
        stop: ["a", "b", "c", "d", "e", "f"].map(Into::into).into(),
        service_tier: Some("flex".into()),
        user: Some("u".into()),
        verbosity: Some("low".into()),
        prompt_cache_key: Some("k".into()),
        web_search: Some(raw("{}")),
        extras: vec![("store".into(), raw("true")), ("documents".into(), raw("3"))],
        ..asks(vec![Part::text("hi")])
    };
    let (body, dropped) = written(&request);
    for gone in ["seed", "frequency_penalty", "presence_penalty", "documents"] {
        assert_eq!(body.get(gone), None, "{gone}");
    }
    assert_eq!(body["stop_sequences"], json!(["a", "b", "c", "d", "e"]));
    let mut expected = [
        "n",
        "logit_bias",
        "top_logprobs",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "stop",
        "parallel_tool_calls",
        "service_tier",
        "user",
        "verbosity",
        "prompt_cache_key",
        "web_search_options",
        "store",
        "documents",
        "custom.format",
    ];
    let mut dropped: Vec<&str> = dropped.iter().map(String::as_str).collect();
    dropped.sort_unstable();
    expected.sort_unstable();
    assert_eq!(dropped, expected);
}

#[test]
fn a_choice_of_tools_is_said_by_showing_only_those() {
    let said = |choice: ToolChoice<'static>, traits: &ModelTraits| {
        let request = ChatRequest {
            tools: vec![tool("a"), tool("b")],
            tool_choice: Some(choice),
            ..asks(vec![Part::text("hi")])
        };
        let (body, dropped) = written_for(&request, traits).unwrap();
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = tools.iter().map(|tool| tool["function"]["name"].clone()).collect();
        (json!(names), body.get("tool_choice").cloned().unwrap_or_default(), dropped)
    };
    let allowed = |required| ToolChoice::Allowed { names: vec!["b".into()], required };
    let none = Vec::<String>::new;
    assert_eq!(said(ToolChoice::Auto, &PLAIN), (json!(["a", "b"]), Value::Null, none()));
    assert_eq!(said(ToolChoice::None, &PLAIN), (json!(["a", "b"]), json!("NONE"), none()));
    assert_eq!(said(ToolChoice::Required, &PLAIN), (json!(["a", "b"]), json!("REQUIRED"), none()));
    assert_eq!(said(ToolChoice::Named("a".into()), &PLAIN), (json!(["a"]), json!("REQUIRED"), none()));
    assert_eq!(said(allowed(false), &PLAIN), (json!(["b"]), Value::Null, none()));
    assert_eq!(said(allowed(true), &PLAIN), (json!(["b"]), json!("REQUIRED"), none()));
    let forced = vec!["tool_choice".to_owned()];
    assert_eq!(said(ToolChoice::None, &FREE_WILLED), (json!([]), Value::Null, none()));
    assert_eq!(said(ToolChoice::Required, &FREE_WILLED), (json!(["a", "b"]), Value::Null, forced));
}

#[test]
fn strictness_is_for_all_tools_or_none() {
    let request = ChatRequest {
        tools: vec![Tool { strict: Some(true), ..tool("a") }, tool("b")],
        ..asks(vec![Part::text("hi")])
    };
    let (body, dropped) = written(&request);
    assert_eq!((body.get("strict_tools"), dropped), (None, vec!["strict".to_owned()]));
}

#[test]
fn efforts_become_budgets() {
    let thinking = |reasoning: Reasoning<'static>, traits: &ModelTraits| {
        let request = ChatRequest { reasoning: Some(reasoning), ..asks(vec![Part::text("hi")]) };
        let (body, dropped) = written_for(&request, traits).unwrap();
        (body.get("thinking").cloned().unwrap_or_default(), dropped)
    };
    let effort = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
    let budget = |tokens| Reasoning { budget: Some(tokens), ..Reasoning::default() };
    let enabled = |tokens: u64| json!({ "type": "enabled", "token_budget": tokens });
    assert_eq!(thinking(effort(Effort::None), &THINKER).0, json!({ "type": "disabled" }));
    assert_eq!(thinking(effort(Effort::Low), &THINKER).0, enabled(1024));
    assert_eq!(thinking(effort(Effort::High), &THINKER).0, enabled(4096));
    assert_eq!(thinking(effort(Effort::Max), &THINKER).0, json!({ "type": "enabled" }));
    assert_eq!(thinking(budget(0), &THINKER).0, json!({ "type": "disabled" }));
    assert_eq!(thinking(budget(777), &THINKER).0, enabled(777));
    assert_eq!(thinking(effort(Effort::High), &PLAIN), (Value::Null, vec!["reasoning_effort".to_owned()]));
    assert_eq!(thinking(effort(Effort::None), &PLAIN), (Value::Null, vec![]));
}

#[test]
fn a_form_without_a_schema_is_any_json() {
    let shape = |format: Format<'static>, traits: &ModelTraits| {
        let request = ChatRequest { format: Some(format), ..asks(vec![Part::text("hi")]) };
        let (body, dropped) = written_for(&request, traits).unwrap();
        (body.get("response_format").cloned().unwrap_or_default(), dropped)
    };
    let any = json!({ "type": "json_object" });
    assert_eq!(shape(Format::Text, &PLAIN), (Value::Null, vec![]));
    assert_eq!(shape(Format::JsonObject, &PLAIN), (any.clone(), vec![]));
    let schema = Some(raw("{}"));
    let strict = Format::JsonSchema { name: "n".into(), description: None, schema, strict: None };
    let formless = ModelTraits { json_schema: false, ..PLAIN };
    assert_eq!(shape(strict, &formless), (any, vec!["response_format".to_owned()]));
}

#[test]
fn what_would_make_another_question_is_refused() {
    let audio = Audio { format: "wav".into(), data: "eA==".into(), transcript: None };
    let pdf = Media::Inline { kind: "application/pdf".into(), data: "eA==".into() };
    let broken = Media::Inline { kind: "text/plain".into(), data: "%".into() };
    let document = |media| Part::Document(Document { media, name: None, cache: None });
    for part in
        [Part::Audio(audio), document(pdf), document(broken), image(Media::FileId("file-1".into()), "low")]
    {
        let refused = written_for(&asks(vec![part.clone()]), &PLAIN);
        assert_eq!(refused.err().map(|why| why.param), Some("messages"), "{part:?}");
    }
}

#[test]
fn vectors_are_asked_for() {
    let fetched = Fetched::new();
    let target = Target {
        model: "embed-v4.0",
        traits: &ModelTraits::UNKNOWN,
        fetched: &fetched,
        stream_options: true,
    };
    let mut dropped = Dropped::default();
    let mut ask = |request: &EmbedRequest<'_>| -> Value {
        serde_json::from_slice(&PROVIDER.write_embed(request, &target, &mut dropped).unwrap()).unwrap()
    };
    let plain = EmbedRequest { inputs: vec!["a".into(), "b\n".into()], ..EmbedRequest::default() };
    let expected = json!({ "model": "embed-v4.0", "texts": ["a", "b\n"], "input_type": "search_document",
        "embedding_types": ["float"] });
    assert_eq!(ask(&plain), expected);
    let rich = EmbedRequest {
        dimensions: Some(256),
        input_type: Some("search_query".into()),
        user: Some("u".into()),
        ..plain
    };
    let body = ask(&rich);
    assert_eq!((&body["input_type"], &body["output_dimension"]), (&json!("search_query"), &json!(256)));
    assert_eq!(dropped.names(), ["user"]);
    assert_eq!(PROVIDER.embed_path("m").as_deref(), Some("/embed"));
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
