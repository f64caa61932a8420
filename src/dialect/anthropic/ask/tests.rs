//! Requests as a provider is sent them.

use crate::dialect::anthropic::PROVIDER;
use crate::dialect::hub::Audio;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Document;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Part;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::Role;
use crate::dialect::hub::Sampling;
use crate::dialect::hub::Text;
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

const REQUEST: &str = include_str!("../fixtures/request.json");

const MODEL: ModelTraits = ModelTraits {
    sampling_needs_no_reasoning: true,
    max_temperature: 1.0,
    thinking: ThinkingStyle::Adaptive { always: false },
    efforts: &[Effort::Low, Effort::Medium, Effort::High, Effort::Max],
    prefill: false,
    mid_system: false,
    max_output: Some(128_000),
    ..ModelTraits::UNKNOWN
};

fn write(request: &ChatRequest<'_>, traits: &ModelTraits) -> Result<(Value, Vec<String>), Unsayable> {
    let fetched = Fetched::from([(
        "https://a.example/x.png".to_owned(),
        FetchedFile { kind: "image/png".to_owned(), data: "iVBO".to_owned() },
    )]);
    let target = Target { model: "claude-sonnet-4-6", traits, fetched: &fetched, stream_options: false };
    let mut dropped = Dropped::default();
    let body = PROVIDER.write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}

fn written(request: &ChatRequest<'_>) -> (Value, Vec<String>) {
    write(request, &MODEL).unwrap()
}

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

fn message(role: Role, parts: Vec<Part<'static>>) -> Message<'static> {
    Message { role, parts, name: None }
}

fn user(text: &'static str) -> Message<'static> {
    message(Role::User, vec![Part::text(text)])
}

fn asked(messages: Vec<Message<'static>>) -> ChatRequest<'static> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn marked(text: &'static str, long: bool) -> Part<'static> {
    Part::Text(Text { text: text.into(), cache: Some(CacheMark { long }), ..Text::default() })
}

fn call(id: &'static str, name: &'static str, arguments: &'static str) -> Part<'static> {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        ..ToolCall::default()
    })
}

fn result(id: &'static str, text: &'static str) -> Part<'static> {
    let content = if text.is_empty() { Vec::new() } else { vec![Part::text(text)] };
    Part::ToolResult(ToolResult { call_id: id.into(), content, is_error: text == "broken", cache: None })
}

fn image(media: Media<'static>, cache: Option<CacheMark>) -> Part<'static> {
    Part::Image(Image { media, detail: Some("auto".into()), cache })
}

fn document(media: Media<'static>, name: Option<&'static str>) -> Part<'static> {
    Part::Document(Document { media, name: name.map(Into::into), cache: None })
}

fn tool(name: &'static str) -> Tool<'static> {
    Tool { name: name.into(), description: None, parameters: None, strict: None, custom: false, cache: None }
}

fn thought(text: &'static str, signature: Option<&'static str>) -> Part<'static> {
    Part::Thinking(Thinking { text: text.into(), signature: signature.map(Into::into), redacted: None })
}

fn inline(kind: &'static str, data: &'static str) -> Media<'static> {
    Media::Inline { kind: kind.into(), data: data.into() }
}

fn history() -> Vec<Message<'static>> {
    let free = ToolCall {
        id: "call_2".into(),
        name: "free".into(),
        arguments: "say \"hi\"".into(),
        custom: true,
        ..ToolCall::default()
    };
    let redacted = Part::Thinking(Thinking { redacted: Some("EmwK".into()), ..Thinking::default() });
    vec![
        message(Role::System, vec![marked("Be brief.", false), Part::text("  ")]),
        message(Role::System, vec![Part::text("Be kind.")]),
        message(
            Role::User,
            vec![
                Part::text("What is here?"),
                image(Media::Url("https://a.example/x.png".into()), None),
                image(inline("image/jpg", "/9j/"), Some(CacheMark { long: false })),
                document(inline("application/pdf", "JVBE"), Some("a.pdf")),
                document(inline("text/markdown", "R3LDvMOfZQ=="), None),
                document(Media::FileId("file_1".into()), None),
            ],
        ),
        message(
            Role::Assistant,
            vec![
                Part::text("Let me look."),
                thought("Hm.\n", Some("ErUB+/aa==")),
                redacted,
                thought("nobody's", None),
                call("functions.weather:0", "weather", r#"{"city": "Graz"}"#),
                Part::ToolCall(free),
            ],
        ),
        message(Role::Assistant, vec![call("call_3", "exact", ""), call("call_4", "weather", r#"{"city":"#)]),
        message(Role::User, vec![result("functions.weather:0", "sunny"), result("call_2", "")]),
        message(Role::User, vec![Part::text("And now?")]),
        message(Role::User, vec![result("call_3", "broken"), result("call_4", "ok")]),
        message(Role::System, vec![Part::text("Answer as a poet.")]),
    ]
}

#[test]
fn a_request_is_written_word_for_word() {
    let weather = Tool {
        description: Some("Tells the weather.".into()),
        parameters: Some(raw(r#"{"properties":{"city":{"type":"string"}},"required":["city"]}"#)),
        cache: Some(CacheMark { long: true }),
        ..tool("weather")
    };
    let free = Tool { custom: true, parameters: Some(raw(r#"{"type":"text"}"#)), ..tool("free") };
    let exact = Tool { strict: Some(true), ..tool("exact") };
    let reasoning = Reasoning { effort: Some(Effort::High), show: Some(true), ..Reasoning::default() };
    let schema =
        raw(r#"{"type":"object","properties":{"why":{"type":"string","maxLength":9}},"required":["why"]}"#);
    let format =
        Format::JsonSchema { name: "a".into(), description: None, schema: Some(schema), strict: Some(true) };
    let place = raw(
        r#"{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Graz","country":"AT"}}}"#,
    );
    let request = ChatRequest {
        model: "smart".into(),
        messages: history(),
        tools: vec![weather, free, exact],
        parallel_tool_calls: Some(false),
        max_output: Some(2000),
        stop: vec!["END".into(), "\n".into()],
        format: Some(format),
        reasoning: Some(reasoning),
        stream: true,
        service_tier: Some("default".into()),
        user: Some("u-17".into()),
        web_search: Some(place),
        ..ChatRequest::default()
    };
    let (body, dropped) = written(&request);
    assert_eq!(body, serde_json::from_str::<Value>(REQUEST).unwrap(), "{body:#}");
    assert_eq!(dropped, ["stop"]);
}

#[test]
fn the_path_is_the_same_for_every_model() {
    assert_eq!(
        (PROVIDER.path("a", false), PROVIDER.path("b", true)),
        ("/messages".into(), "/messages".into())
    );
}

#[test]
fn what_cannot_be_said_is_left_out_and_named() {
    let request = ChatRequest {
        sampling: Sampling {
            temperature: Some(1.8),
            top_p: Some(0.5),
            top_k: Some(7),
            seed: Some(1),
            choices: Some(1),
            frequency_penalty: Some(0.0),
            presence_penalty: Some(0.1),
            logit_bias: Some(raw("{}")),
            logprobs: Some(false),
            top_logprobs: Some(2),
        },
        service_tier: Some("flex".into()),
        user: Some("a@b.example".into()),
        verbosity: Some("low".into()),
        prompt_cache_key: Some("k".into()),
        extras: vec![("store".into(), raw("true"))],
        ..asked(vec![user("hi")])
    };
    let (body, dropped) = written(&request);
    let expected = json!({ "model": "claude-sonnet-4-6", "max_tokens": 128_000, "temperature": 1.0, "top_k": 7,
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hi" }] }] });
    assert_eq!(body, expected);
    let names = [
        "seed",
        "presence_penalty",
        "logit_bias",
        "top_logprobs",
        "top_p",
        "user",
        "service_tier",
        "verbosity",
        "prompt_cache_key",
        "store",
    ];
    assert_eq!(dropped, names);
}

#[test]
fn sampling_goes_where_the_model_takes_none() {
    let sampling = Sampling { temperature: Some(0.2), top_k: Some(3), ..Sampling::default() };
    let request = ChatRequest { sampling, ..asked(vec![user("hi")]) };
    let (body, dropped) = write(&request, &ModelTraits { sampling: false, ..MODEL }).unwrap();
    assert_eq!((body.get("temperature"), body.get("top_k")), (None, None));
    assert_eq!(dropped, ["temperature", "top_k"]);
    let plain = Sampling { temperature: Some(1.0), top_p: Some(1.0), ..Sampling::default() };
    let request = ChatRequest { sampling: plain, ..asked(vec![user("hi")]) };
    assert!(write(&request, &ModelTraits { sampling: false, ..MODEL }).unwrap().1.is_empty());
}

#[test]
fn who_thinks_is_not_sampled_and_not_forced() {
    let request = ChatRequest {
        sampling: Sampling { temperature: Some(0.2), ..Sampling::default() },
        reasoning: Some(Reasoning { effort: Some(Effort::Low), ..Reasoning::default() }),
        tools: vec![tool("f")],
        tool_choice: Some(ToolChoice::Required),
        ..asked(vec![user("hi")])
    };
    let (body, dropped) = written(&request);
    assert_eq!((body.get("temperature"), &body["tool_choice"]), (None, &json!({ "type": "auto" })));
    assert_eq!(dropped, ["temperature", "tool_choice"]);
}

#[test]
fn every_way_to_choose_a_tool_is_said() {
    let choose = |choice: Option<ToolChoice<'static>>, parallel: Option<bool>, traits: &ModelTraits| {
        let request = ChatRequest {
            tools: vec![tool("f"), tool("g")],
            tool_choice: choice,
            parallel_tool_calls: parallel,
            ..asked(vec![user("hi")])
        };
        let (body, dropped) = write(&request, traits).unwrap();
        (body["tool_choice"].clone(), body["tools"].as_array().map_or(0, Vec::len), dropped.len())
    };
    let allowed = |required: bool| Some(ToolChoice::Allowed { names: vec!["g".into()], required });
    let named = || Some(ToolChoice::Named("g".into()));
    let unforced = ModelTraits { forced_tool_choice: false, ..MODEL };
    assert_eq!(choose(None, Some(true), &MODEL), (Value::Null, 2, 0));
    assert_eq!(choose(Some(ToolChoice::Auto), None, &MODEL), (json!({ "type": "auto" }), 2, 0));
    assert_eq!(choose(Some(ToolChoice::None), Some(false), &MODEL), (json!({ "type": "none" }), 2, 0));
    assert_eq!(choose(Some(ToolChoice::Required), None, &MODEL), (json!({ "type": "any" }), 2, 0));
    let one = json!({ "type": "tool", "name": "g", "disable_parallel_tool_use": true });
    assert_eq!(choose(named(), Some(false), &MODEL), (one, 2, 0));
    assert_eq!(choose(allowed(false), None, &MODEL), (json!({ "type": "auto" }), 1, 0));
    assert_eq!(choose(allowed(true), None, &MODEL), (json!({ "type": "any" }), 1, 0));
    assert_eq!(choose(named(), None, &unforced), (json!({ "type": "auto" }), 2, 1));
}

#[test]
fn without_tools_there_is_no_choice() {
    let request = ChatRequest {
        tool_choice: Some(ToolChoice::None),
        parallel_tool_calls: Some(false),
        ..asked(vec![user("hi")])
    };
    assert_eq!(written(&request).0.get("tool_choice"), None);
}

#[test]
fn who_decides_itself_thinks_on_although_thoughts_of_a_call_are_lost() {
    let reasoning = Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() });
    let talk = |first: Vec<Part<'static>>| {
        let messages =
            vec![user("hi"), message(Role::Assistant, first), message(Role::User, vec![result("c", "ok")])];
        written(&ChatRequest { reasoning: reasoning.clone(), ..asked(messages) })
    };
    let (body, dropped) = talk(vec![thought("nobody's", None), call("c", "f", "{}")]);
    assert_eq!((&body["thinking"], dropped), (&json!({ "type": "adaptive" }), Vec::new()));
    assert_eq!(body["messages"][1]["content"].as_array().unwrap().len(), 1, "{body}");
    let (body, dropped) = talk(vec![thought("mine", Some("s")), call("c", "f", "{}")]);
    assert_eq!((&body["thinking"], dropped), (&json!({ "type": "adaptive" }), Vec::new()));
}

#[test]
fn thoughts_between_words_stay_where_they_were() {
    let parts = vec![thought("a", Some("1")), Part::text("b"), thought("c", Some("2")), call("d", "f", "{}")];
    let body = written(&asked(vec![
        user("hi"),
        message(Role::Assistant, parts),
        message(Role::User, vec![result("d", "ok")]),
    ]))
    .0;
    let kinds: Vec<_> =
        body["messages"][1]["content"].as_array().unwrap().iter().map(|b| b["type"].clone()).collect();
    assert_eq!(kinds, ["thinking", "text", "thinking", "tool_use"]);
}

#[test]
fn the_user_has_the_first_and_the_last_word() {
    let answer = |text| message(Role::Assistant, vec![Part::text(text)]);
    let roles = |body: &Value| {
        let roles =
            body["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap().to_owned());
        roles.collect::<Vec<_>>()
    };
    let (body, _) = written(&asked(vec![answer("hello"), user("hi"), answer("so ")]));
    assert_eq!(roles(&body), ["user", "assistant", "user", "assistant", "user"]);
    let prefill = ModelTraits { prefill: true, ..MODEL };
    let (body, _) = write(&asked(vec![user("hi"), answer("so "), answer(" \n")]), &prefill).unwrap();
    assert_eq!(roles(&body), ["user", "assistant"]);
    assert_eq!(body["messages"][1]["content"], json!([{ "type": "text", "text": "so" }]));
}

#[test]
fn instructions_alone_are_a_question() {
    let (body, _) = written(&asked(vec![message(Role::System, vec![Part::text("Say hi.")])]));
    assert_eq!(
        body["messages"],
        json!([{ "role": "user", "content": [{ "type": "text", "text": "Say hi." }] }])
    );
    assert_eq!(body.get("system"), None);
}

#[test]
fn late_instructions_stay_in_place_where_the_model_takes_them() {
    let messages = || vec![user("a"), message(Role::System, vec![Part::text("b")]), user("c")];
    let (body, _) = write(&asked(messages()), &ModelTraits { mid_system: true, ..MODEL }).unwrap();
    assert_eq!(body["messages"][1]["role"], "system");
    let (body, _) = written(&asked(messages()));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn only_the_last_four_cache_marks_are_kept() {
    let parts = ["a", "b", "c", "d", "e"].map(|text| marked(text, false)).into();
    let marked_tool = Tool { cache: Some(CacheMark { long: true }), ..tool("f") };
    let request = ChatRequest { tools: vec![marked_tool], ..asked(vec![message(Role::User, parts)]) };
    let (body, dropped) = written(&request);
    let content = body["messages"][0]["content"].as_array().unwrap();
    let kept: Vec<bool> = content.iter().map(|block| block.get("cache_control").is_some()).collect();
    assert_eq!((body["tools"][0].get("cache_control"), kept), (None, vec![false, true, true, true, true]));
    assert_eq!(dropped, ["cache_control"]);
    let (body, _) = write(&request, &ModelTraits { cache_marks: false, ..MODEL }).unwrap();
    assert!(!body.to_string().contains("cache_control"), "{body}");
}

#[test]
fn a_form_that_cannot_be_enforced_is_asked_for_in_words() {
    let unbound = ModelTraits { json_schema: false, ..MODEL };
    let schema = Format::JsonSchema {
        name: "a".into(),
        description: None,
        schema: Some(raw(r#"{"type":"array"}"#)),
        strict: None,
    };
    for (format, words) in [(schema, r#"{"type":"array"}"#), (Format::JsonObject, "a JSON object")] {
        let request = ChatRequest { format: Some(format), ..asked(vec![user("hi")]) };
        let (body, dropped) = write(&request, &unbound).unwrap();
        assert!(body["system"][0]["text"].as_str().unwrap().contains(words), "{body}");
        assert_eq!((body.get("output_config"), dropped), (None, vec!["response_format".to_owned()]));
    }
}

#[test]
fn urls_are_opened_by_the_model_or_were_fetched() {
    let closed = ModelTraits { image_urls: false, ..MODEL };
    let ask = |url: &'static str| asked(vec![message(Role::User, vec![image(Media::Url(url.into()), None)])]);
    let (body, _) = write(&ask("https://a.example/x.png"), &closed).unwrap();
    let source = json!({ "type": "base64", "media_type": "image/png", "data": "iVBO" });
    assert_eq!(body["messages"][0]["content"][0]["source"], source);
    assert_eq!(write(&ask("https://b.example"), &closed).unwrap_err().param, "messages");
}

#[test]
fn what_would_be_another_question_is_refused() {
    let audio = Part::Audio(Audio { format: "wav".into(), data: "UklG".into(), transcript: None });
    let unsayable = [
        (asked(vec![message(Role::User, vec![audio])]), "input_audio"),
        (
            asked(vec![message(Role::User, vec![document(inline("application/zip", "UEsD"), None)])]),
            "messages",
        ),
        (asked(vec![message(Role::User, vec![document(inline("text/plain", "%%%"), None)])]), "messages"),
        (asked(vec![message(Role::User, vec![image(inline("application/pdf", "JVBE"), None)])]), "messages"),
        (
            ChatRequest {
                sampling: Sampling { choices: Some(2), ..Sampling::default() },
                ..asked(vec![user("hi")])
            },
            "n",
        ),
    ];
    for (request, param) in unsayable {
        assert_eq!(write(&request, &MODEL).unwrap_err().param, param);
    }
}

#[test]
fn answers_are_bounded_by_what_the_model_can_say() {
    let limit = |asked_for: Option<u64>, most: Option<u64>| {
        let request = ChatRequest { max_output: asked_for, ..asked(vec![user("hi")]) };
        write(&request, &ModelTraits { max_output: most, ..MODEL }).unwrap().0["max_tokens"].as_u64()
    };
    assert_eq!(limit(None, None), Some(4096));
    assert_eq!(limit(None, Some(64_000)), Some(64_000));
    assert_eq!(limit(Some(200_000), Some(64_000)), Some(64_000));
    assert_eq!(limit(Some(5), Some(64_000)), Some(5));
}
