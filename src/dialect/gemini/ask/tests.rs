//! Requests.

use super::*;
use crate::dialect::gemini::PROVIDER;
use crate::dialect::gemini::contents::LOST_SEAL;
use crate::dialect::hub::*;
use crate::dialect::side::Fetched;
use crate::dialect::side::FetchedFile;
use crate::dialect::side::ProviderSide;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

/// A model of the third generation.
const THIRD: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Level,
    image_urls: false,
    thought_signatures: true,
    ..ModelTraits::UNKNOWN
};

/// One of the second.
const SECOND: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Budget { least: 128, zero: false },
    call_ids: false,
    media_in_results: false,
    thought_signatures: false,
    ..THIRD
};

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

/// What a request becomes, and what was left out.
fn written(request: &ChatRequest<'_>, traits: &ModelTraits) -> Result<(Value, Vec<String>), Unsayable> {
    written_with(request, traits, &Fetched::new())
}

fn written_with(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    fetched: &Fetched,
) -> Result<(Value, Vec<String>), Unsayable> {
    let target = Target { model: "gemini-3.8-flash", traits, fetched, stream_options: true };
    let mut dropped = Dropped::default();
    let body = write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}

const SCHEMA: &str =
    r#"{"type":"object","properties":{"city":{"type":"string"}},"additionalProperties":false}"#;

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn inline<'a>(kind: &'a str, data: &'a str) -> Media<'a> {
    Media::Inline { kind: kind.into(), data: data.into() }
}

fn image(media: Media<'_>) -> Part<'_> {
    Part::Image(Image { media, detail: None, cache: None })
}

fn call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> ToolCall<'a> {
    ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), ..ToolCall::default() }
}

fn result<'a>(id: &'a str, text: &'a str) -> ToolResult<'a> {
    ToolResult { call_id: id.into(), content: vec![Part::text(text)], ..ToolResult::default() }
}

fn tool<'a>(name: &'a str, parameters: Option<&'a RawValue>) -> Tool<'a> {
    Tool { name: name.into(), description: None, parameters, strict: Some(true), custom: false, cache: None }
}

fn talk(messages: Vec<Message<'_>>) -> ChatRequest<'_> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn hello() -> Vec<Message<'static>> {
    vec![message(Role::User, vec![Part::text("hi")])]
}

fn picture_of(url: &str) -> ChatRequest<'_> {
    talk(vec![message(Role::User, vec![image(Media::Url(url.into()))])])
}

fn users_first_turn() -> Vec<Part<'static>> {
    let document = |media| Part::Document(Document { media, name: Some("x".into()), cache: None });
    vec![
        Part::text("What is on these pictures?"),
        image(inline("image/png", "aW1n")),
        image(Media::Url("https://x.example/a.jpg".into())),
        image(Media::FileId("files/abc".into())),
        Part::Audio(Audio { format: "wav".into(), data: "c291bmQ=".into(), transcript: None }),
        document(inline("application/pdf", "cGRm")),
        document(Media::Plain("a plain document".into())),
        Part::text(""),
    ]
}

fn models_turn() -> Vec<Part<'static>> {
    let thinking = |text: &'static str, signature: Option<&'static str>| {
        Part::Thinking(Thinking { text: text.into(), signature: signature.map(Into::into), redacted: None })
    };
    let text = Text { text: "One moment.".into(), signature: Some("seal-1".into()), ..Text::default() };
    let first = call("call_a", "weather", r#"{"city":"Bern","n":1.50}"#);
    vec![
        thinking("I look it up", Some("seal-0")),
        thinking("nobody vouches for this", None),
        Part::Text(text),
        Part::ToolCall(ToolCall { signature: Some("seal-2".into()), ..first }),
        Part::ToolCall(call("call_b", "time", "")),
    ]
}

fn rich_messages() -> Vec<Message<'static>> {
    let failed = ToolResult { is_error: true, ..result("call_b", "no clock") };
    let mut told = result("call_a", r#"{"degrees":4}"#);
    told.content.push(image(inline("image/png", "bWFw")));
    vec![
        message(Role::System, vec![Part::text("Be brief.")]),
        message(Role::User, users_first_turn()),
        message(Role::Assistant, models_turn()),
        message(Role::System, vec![Part::text("Use metric units.")]),
        message(Role::User, vec![Part::ToolResult(failed), Part::text("And now?")]),
        message(Role::User, vec![Part::ToolResult(told)]),
    ]
}

fn rich() -> ChatRequest<'static> {
    let sampling = Sampling {
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(40),
        seed: Some(7),
        choices: Some(2),
        frequency_penalty: Some(-0.25),
        presence_penalty: Some(0.25),
        logit_bias: Some(raw("{}")),
        logprobs: Some(true),
        top_logprobs: Some(3),
    };
    let weather =
        Tool { description: Some("Tells the weather.".into()), ..tool("weather", Some(raw(SCHEMA))) };
    let extras = [
        ("modalities", r#"["text","audio"]"#),
        ("audio", r#"{"voice":"Kore","format":"wav"}"#),
        ("safety_settings", r#"[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}]"#),
        ("extra_body", r#"{"google":{"cached_content":"cachedContents/abc"}}"#),
        ("metadata", r#"{"a":"b"}"#),
    ];
    ChatRequest {
        messages: rich_messages(),
        tools: vec![weather, tool("time", None)],
        tool_choice: Some(ToolChoice::Named("weather".into())),
        parallel_tool_calls: Some(false),
        max_output: Some(100_000),
        sampling,
        stop: ["a", "b", "c", "d", "e", "f"].map(Into::into).into(),
        format: Some(Format::JsonSchema {
            name: "answer".into(),
            description: None,
            schema: Some(raw(r#"{"type":"object","properties":{"answer":{"type":"string"}}}"#)),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() }),
        service_tier: Some("flex".into()),
        user: Some("u".into()),
        web_search: Some(raw("{}")),
        extras: extras.map(|(name, json)| (name.into(), raw(json))).into(),
        ..ChatRequest::default()
    }
}

#[test]
fn a_rich_request_is_written_as_the_vendor_wants_it() {
    let file = FetchedFile { kind: "image/jpeg".to_owned(), data: "ZmV0Y2hlZA==".to_owned() };
    let fetched = Fetched::from([("https://x.example/a.jpg".to_owned(), file)]);
    let traits = ModelTraits { max_output: Some(8192), ..THIRD };
    let (body, dropped) = written_with(&rich(), &traits, &fetched).unwrap();
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    let expected = ["audio.format", "metadata", "user", "parallel_tool_calls", "logit_bias", "stop"];
    assert_eq!(dropped, expected);
}

#[test]
fn arguments_are_handed_on_digit_for_digit() {
    let messages = vec![message(Role::Assistant, vec![Part::ToolCall(call("a", "f", "{\"n\":1.50e0}"))])];
    let request = talk(messages);
    let target = crate::dialect::side::Target {
        model: "m",
        traits: &SECOND,
        fetched: &Fetched::new(),
        stream_options: true,
    };
    let body = PROVIDER.write(&request, &target, &mut Dropped::default()).unwrap();
    assert!(String::from_utf8(body).unwrap().contains(r#""args":{"n":1.50e0}"#));
}

#[test]
fn results_follow_their_calls_in_the_order_of_the_calls() {
    let calls = |ids: [&'static str; 2]| {
        ids.map(|id| Part::ToolCall(call(id, if id == "a" { "first" } else { "second" }, "[1]"))).into()
    };
    let results =
        vec![Part::text("between"), Part::ToolResult(result("b", "2")), Part::ToolResult(result("a", "1"))];
    let request = talk(vec![
        message(Role::User, vec![Part::text("go")]),
        message(Role::Assistant, calls(["a", "b"])),
        message(Role::User, results),
        message(Role::Assistant, calls(["b", "a"])),
        message(Role::User, vec![Part::ToolResult(result("a", "3")), Part::ToolResult(result("b", "4"))]),
    ]);
    let (body, _) = written(&request, &SECOND).unwrap();
    let outcome =
        |name: &str, text: &str| json!({"functionResponse": {"name": name, "response": {"output": text}}});
    let contents = &body["contents"];
    assert_eq!(contents[1]["parts"][0], json!({"functionCall": {"name": "first", "args": {"input": "[1]"}}}));
    assert_eq!(
        contents[2],
        json!({"role": "user", "parts": [outcome("first", "1"), outcome("second", "2")]})
    );
    assert_eq!(contents[3], json!({"role": "user", "parts": [{"text": "between"}]}));
    assert_eq!(
        contents[5],
        json!({"role": "user", "parts": [outcome("second", "4"), outcome("first", "3")]})
    );
}

#[test]
fn a_result_without_its_call_has_no_name() {
    let request = talk(vec![message(Role::User, vec![Part::ToolResult(result("gone", "1"))])]);
    let unsayable = written(&request, &THIRD).unwrap_err();
    assert_eq!(unsayable.param, "messages");
    assert!(unsayable.message.contains("`gone`"), "{unsayable}");
}

#[test]
fn the_second_generation_gets_pictures_beside_the_results() {
    let mut shown = result("a", "see");
    shown.content.push(image(inline("image/png", "aW1n")));
    let calls = vec![Part::ToolCall(call("a", "f", "")), Part::ToolCall(call("b", "g", ""))];
    let results = vec![Part::ToolResult(shown), Part::ToolResult(result("b", "1"))];
    let request = talk(vec![message(Role::Assistant, calls), message(Role::User, results)]);
    let (body, _) = written(&request, &SECOND).unwrap();
    let parts = body["contents"][2]["parts"].as_array().unwrap();
    let kinds: Vec<&String> = parts.iter().flat_map(|part| part.as_object().unwrap().keys()).collect();
    assert_eq!(kinds, ["functionResponse", "functionResponse", "inlineData"]);
}

#[test]
fn a_lost_seal_is_replaced_on_the_first_call_of_a_turn_only() {
    let turn = |sealed: bool| {
        let seal = sealed.then(|| "mine".into());
        let first = ToolCall { signature: seal, ..call("a", "f", "") };
        message(
            Role::Assistant,
            vec![Part::text("so"), Part::ToolCall(first), Part::ToolCall(call("b", "g", ""))],
        )
    };
    let answered =
        || message(Role::User, vec![Part::ToolResult(result("a", "1")), Part::ToolResult(result("b", "2"))]);
    let request = talk(vec![turn(false), answered(), turn(true), answered()]);
    let (body, _) = written(&request, &THIRD).unwrap();
    let seal =
        |content: usize, part: usize| body["contents"][content]["parts"][part]["thoughtSignature"].clone();
    assert_eq!([seal(1, 0), seal(1, 1), seal(1, 2)], [Value::Null, json!(LOST_SEAL), Value::Null]);
    assert_eq!([seal(3, 1), seal(3, 2)], [json!("mine"), Value::Null]);
    let (body, _) = written(&request, &SECOND).unwrap();
    assert!(!body.to_string().contains(LOST_SEAL));
}

#[test]
fn instructions_alone_come_with_an_empty_question() {
    let request = talk(vec![message(Role::System, vec![Part::text("be")])]);
    let (body, _) = written(&request, &THIRD).unwrap();
    assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": " "}]}]));
}

#[test]
fn a_tool_of_free_text_becomes_a_function_with_one_argument() {
    let custom = Tool { custom: true, strict: None, ..tool("patch", Some(raw(r#"{"type":"grammar"}"#))) };
    let called = ToolCall { custom: true, ..call("a", "patch", "*** Begin") };
    let messages = vec![
        message(Role::User, vec![Part::text("x")]),
        message(Role::Assistant, vec![Part::ToolCall(called)]),
    ];
    let request = ChatRequest { tools: vec![custom], ..talk(messages) };
    let (body, dropped) = written(&request, &SECOND).unwrap();
    let schema = &body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert_eq!(schema["required"], json!(["input"]));
    assert_eq!(body["contents"][1]["parts"][0]["functionCall"]["args"], json!({"input": "*** Begin"}));
    assert_eq!(dropped, ["custom.format"]);
}

#[test]
fn every_choice_of_tools_has_a_mode() {
    let names = || vec!["a".into()];
    let table = [
        (ToolChoice::Auto, json!({"mode": "AUTO"}), 2),
        (ToolChoice::None, json!({"mode": "NONE"}), 2),
        (ToolChoice::Required, json!({"mode": "ANY"}), 2),
        (ToolChoice::Named("b".into()), json!({"mode": "ANY", "allowedFunctionNames": ["b"]}), 2),
        (
            ToolChoice::Allowed { names: names(), required: true },
            json!({"mode": "ANY", "allowedFunctionNames": ["a"]}),
            2,
        ),
        (ToolChoice::Allowed { names: names(), required: false }, json!({"mode": "AUTO"}), 1),
    ];
    for (choice, expected, declared) in table {
        let tools = vec![tool("a", None), tool("b", None)];
        let request = ChatRequest { tools, tool_choice: Some(choice.clone()), ..talk(hello()) };
        let (body, dropped) = written(&request, &THIRD).unwrap();
        assert_eq!(body["toolConfig"]["functionCallingConfig"], expected, "{choice:?}");
        assert_eq!(
            body["tools"][0]["functionDeclarations"].as_array().unwrap().len(),
            declared,
            "{choice:?}"
        );
        assert!(dropped.is_empty());
        let (body, dropped) = written(&request, &ModelTraits { forced_tool_choice: false, ..THIRD }).unwrap();
        let is_forced = expected["mode"] == "ANY";
        assert_ne!(body["toolConfig"]["functionCallingConfig"]["mode"], "ANY", "{choice:?}");
        assert_eq!(dropped == ["tool_choice"], is_forced, "{choice:?}");
    }
}

#[test]
fn thinking_is_told_by_budget_or_level_and_never_by_both() {
    use Effort::{High, Low, Max, Medium, Minimal};
    let flash = ModelTraits { thinking: ThinkingStyle::Budget { least: 1, zero: true }, ..SECOND };
    let levels = ModelTraits { efforts: &[Low, Medium, High], ..THIRD };
    let effort = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
    let tokens = |tokens| Reasoning { budget: Some(tokens), ..Reasoning::default() };
    let shown = |show| Reasoning { show: Some(show), ..Reasoning::default() };
    let budget = |seen: bool, tokens: u64| json!({"includeThoughts": seen, "thinkingBudget": tokens});
    let level = |seen: bool, level: &str| json!({"includeThoughts": seen, "thinkingLevel": level});
    let table = [
        (&flash, effort(Effort::None), budget(false, 0)),
        (&SECOND, effort(Effort::None), budget(false, 128)),
        (&SECOND, effort(Minimal), budget(true, 128)),
        (&SECOND, effort(Medium), budget(true, 2048)),
        (&SECOND, tokens(5000), budget(true, 5000)),
        (&SECOND, tokens(3), budget(true, 128)),
        (&SECOND, effort(Max), budget(true, 24_576)),
        (&levels, effort(Effort::None), level(false, "low")),
        (&levels, effort(Max), level(true, "high")),
        (&levels, tokens(2048), level(true, "medium")),
        (&THIRD, effort(Minimal), level(true, "minimal")),
        (&THIRD, effort(Effort::None), level(false, "minimal")),
        (&levels, Reasoning { show: Some(false), ..effort(High) }, level(false, "high")),
        (&levels, shown(true), json!({"includeThoughts": true})),
        (&levels, Reasoning::default(), Value::Null),
        (&ModelTraits { efforts: &[], ..THIRD }, effort(Effort::None), Value::Null),
    ];
    for (traits, reasoning, expected) in table {
        let request = ChatRequest { reasoning: Some(reasoning.clone()), ..talk(hello()) };
        let (body, dropped) = written(&request, traits).unwrap();
        assert_eq!(body["generationConfig"]["thinkingConfig"], expected, "{reasoning:?}");
        assert!(dropped.is_empty());
    }
    let request = ChatRequest { reasoning: Some(effort(High)), ..talk(hello()) };
    let (_, dropped) = written(&request, &ModelTraits { efforts: &[], ..THIRD }).unwrap();
    assert_eq!(dropped, ["reasoning_effort"], "it does not think");
}

#[test]
fn thinking_can_be_told_in_the_vendors_own_words() {
    let config = r#"{"thinking_config":{"thinking_level":"LOW","include_thoughts":false}}"#;
    let request = ChatRequest { extras: vec![("google".into(), raw(config))], ..talk(hello()) };
    let (body, dropped) = written(&request, &THIRD).unwrap();
    let expected = json!({"includeThoughts": false, "thinkingLevel": "low"});
    assert_eq!((&body["generationConfig"]["thinkingConfig"], dropped.len()), (&expected, 0));
}

#[test]
fn what_a_model_refuses_is_left_out_and_noted() {
    let traits = ModelTraits { sampling: false, json_schema: false, refuses: &["seed"], ..THIRD };
    let (body, dropped) =
        written(&ChatRequest { messages: hello(), extras: Vec::new(), user: None, ..rich() }, &traits)
            .unwrap();
    let settings = body["generationConfig"].as_object().unwrap();
    for gone in ["temperature", "topP", "topK", "seed", "responseJsonSchema"] {
        assert!(!settings.contains_key(gone), "{gone}");
    }
    assert_eq!(settings["responseMimeType"], "application/json");
    for named in ["temperature", "top_p", "top_k", "seed", "response_format"] {
        assert!(dropped.iter().any(|name| name == named), "{named}: {dropped:?}");
    }
}

#[test]
fn a_seed_of_64_bits_is_cut_to_31_and_never_lost() {
    for (seed, expected) in [(7, 7), (-7, -7), (i64::MAX, 0x7fff_ffff), (1 << 40, 0)] {
        let sampling = Sampling { seed: Some(seed), ..Sampling::default() };
        let (body, _) = written(&ChatRequest { sampling, ..talk(hello()) }, &THIRD).unwrap();
        assert_eq!(body["generationConfig"]["seed"], json!(expected));
    }
}

#[test]
fn every_service_tier_has_a_word_or_is_noted() {
    let table = [
        ("auto", Value::Null, 0),
        ("default", json!("standard"), 0),
        ("flex", json!("flex"), 0),
        ("priority", json!("priority"), 0),
        ("fast", json!("priority"), 0),
        ("scale", Value::Null, 1),
    ];
    for (tier, expected, left_out) in table {
        let request = ChatRequest { service_tier: Some(tier.into()), ..talk(hello()) };
        let (body, dropped) = written(&request, &THIRD).unwrap();
        assert_eq!((&body["serviceTier"], dropped.len()), (&expected, left_out), "{tier}");
    }
}

#[test]
fn a_file_is_sent_by_url_only_where_the_vendor_takes_that() {
    let kept = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    let (body, _) = written(&picture_of(kept), &THIRD).unwrap();
    assert_eq!(body["contents"][0]["parts"][0], json!({"fileData": {"fileUri": kept}}));
    let elsewhere = "https://x.example/v1beta/files/abc";
    assert_eq!(written(&picture_of(elsewhere), &THIRD).unwrap_err().param, "messages");
    let takes = ModelTraits { image_urls: true, ..THIRD };
    let (body, _) = written(&picture_of(elsewhere), &takes).unwrap();
    assert_eq!(body["contents"][0]["parts"][0], json!({"fileData": {"fileUri": elsewhere}}));
    let foreign = talk(vec![message(Role::User, vec![image(Media::FileId("file-1".into()))])]);
    assert_eq!(written(&foreign, &takes).unwrap_err().param, "messages");
}

#[test]
fn a_stream_is_another_method() {
    assert_eq!(PROVIDER.path("m", false), "/models/m:generateContent");
    assert_eq!(PROVIDER.path("m", true), "/models/m:streamGenerateContent?alt=sse");
}
