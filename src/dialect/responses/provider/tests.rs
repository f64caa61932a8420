//! Requests to a provider, and its whole answers.

use crate::dialect::fault;
use crate::dialect::fault::Cause;
use crate::dialect::hub::Audio;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Document;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Finish;
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
use crate::dialect::responses::PROVIDER;
use crate::dialect::responses::tests as shown;
use crate::dialect::responses::tests::json;
use crate::dialect::side::Fetched;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use crate::dialect::usage::Usage;
use serde_json::Value;
use serde_json::value::RawValue;

const ANSWER: &str = include_str!("../fixtures/answer.json");

fn asked(request: &ChatRequest<'_>, traits: &ModelTraits) -> (Value, Vec<String>) {
    let mut dropped = Dropped::default();
    let fetched = Fetched::new();
    let target = Target { model: "gpt-6.1-sol", traits, fetched: &fetched, stream_options: true };
    let body = PROVIDER.write(request, &target, &mut dropped).unwrap();
    (json(body), dropped.names().to_vec())
}

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

fn thought(text: &str, seal: &str) -> Part<'static> {
    let signature = (!seal.is_empty()).then(|| seal.to_owned().into());
    Part::Thinking(Thinking { text: text.to_owned().into(), signature, redacted: None })
}

fn call(id: &'static str, name: &'static str, arguments: &'static str, custom: bool) -> Part<'static> {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        custom,
        ..ToolCall::default()
    })
}

fn image(media: Media<'static>, detail: Option<&'static str>) -> Part<'static> {
    Part::Image(Image { media, detail: detail.map(Into::into), cache: None })
}

fn url(url: &'static str) -> Media<'static> {
    Media::Url(url.into())
}

fn inline(kind: &'static str, data: &'static str) -> Media<'static> {
    Media::Inline { kind: kind.into(), data: data.into() }
}

fn file(media: Media<'static>, name: Option<&'static str>) -> Part<'static> {
    Part::Document(Document { media, name: name.map(Into::into), cache: None })
}

fn talk() -> Vec<Message<'static>> {
    let failed = ToolResult {
        call_id: "call_1".into(),
        content: vec![Part::text("too far")],
        is_error: true,
        cache: None,
    };
    let shouted = vec![Part::text("HEY"), image(url("https://x.example/hey.png"), None)];
    let shouted = ToolResult { call_id: "call_2".into(), content: shouted, ..ToolResult::default() };
    vec![
        message(Role::System, vec![Part::text("Be brief.")]),
        message(
            Role::User,
            vec![
                Part::text("What is this?"),
                image(inline("image/png", "iVBO"), Some("low")),
                image(url("https://x.example/a.png"), None),
                file(inline("application/pdf", "JVBE"), Some("a.pdf")),
                file(Media::Plain("plain words".into()), None),
                Part::Audio(Audio { format: "wav".into(), data: "UklG".into(), transcript: None }),
            ],
        ),
        message(
            Role::Assistant,
            vec![
                thought("A map.", "openai-reasoning:4:rs_1gAAAAA=="),
                thought("of another vendor", "EqQB"),
                thought("of nobody", ""),
                Part::text("A map."),
                Part::text(""),
                call("call_1", "zoom", "", false),
                call("call_2", "shout", "hey", true),
                thought("that led to nothing", "openai-reasoning:4:rs_2gAAAAA=="),
            ],
        ),
        message(Role::User, vec![Part::ToolResult(failed), Part::ToolResult(shouted), Part::text("Go on.")]),
    ]
}

fn tool(name: &'static str, custom: bool) -> Tool<'static> {
    let format = raw(r#"{"type":"grammar","grammar":{"syntax":"regex","definition":"[a-z]+"}}"#);
    Tool {
        name: name.into(),
        description: (!custom).then(|| "Zooms.".into()),
        parameters: custom.then_some(format),
        strict: None,
        custom,
        cache: None,
    }
}

fn rich() -> ChatRequest<'static> {
    ChatRequest {
        model: "fast".into(),
        messages: talk(),
        tools: vec![tool("zoom", false), tool("shout", true)],
        tool_choice: Some(ToolChoice::Allowed { names: vec!["zoom".into(), "shout".into()], required: true }),
        parallel_tool_calls: Some(false),
        max_output: Some(3),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(1.0),
            seed: Some(7),
            logprobs: Some(true),
            ..Sampling::default()
        },
        stop: vec!["END".into()],
        format: Some(Format::JsonSchema {
            name: "out".into(),
            description: None,
            schema: Some(raw(r#"{"type":"object"}"#)),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning { effort: Some(Effort::Max), show: Some(true), ..Reasoning::default() }),
        stream: true,
        service_tier: Some("flex".into()),
        user: Some("u-1".into()),
        verbosity: Some("low".into()),
        prompt_cache_key: Some("k".into()),
        web_search: Some(raw(
            r#"{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Oslo"}}}"#,
        )),
        extras: vec![("metadata".into(), raw(r#"{"team":"blue"}"#)), ("logit_boost".into(), raw("1"))],
    }
}

const REASONER: ModelTraits = ModelTraits {
    sampling_needs_no_reasoning: true,
    efforts: &[Effort::Low, Effort::High],
    efforts_of_responses: &[Effort::Max],
    default_effort: Some(Effort::High),
    max_output: Some(1000),
    refuses_reasoning: &["logprobs"],
    ..ModelTraits::UNKNOWN
};

#[test]
fn a_rich_request_is_written_as_the_vendor_wants_it() {
    let (body, dropped) = asked(&rich(), &REASONER);
    assert_eq!(body, json(include_str!("../fixtures/ask.json")));
    assert_eq!(dropped, ["logprobs", "temperature", "logit_boost", "seed", "stop"]);
}

#[test]
fn a_plain_question_is_asked_for_no_more_than_an_answer() {
    let plain = ModelTraits { efforts: &[], default_effort: None, ..ModelTraits::UNKNOWN };
    let request = ChatRequest {
        messages: vec![message(Role::User, vec![Part::text("hi")])],
        reasoning: Some(Reasoning { effort: Some(Effort::None), ..Reasoning::default() }),
        sampling: Sampling {
            temperature: Some(0.0),
            logprobs: Some(true),
            top_logprobs: Some(3),
            ..Sampling::default()
        },
        max_output: Some(9000),
        ..ChatRequest::default()
    };
    let (body, dropped) = asked(&request, &plain);
    let expected = r#"{"model":"gpt-6.1-sol","store":false,"temperature":0.0,"max_output_tokens":9000,
        "include":["message.output_text.logprobs"],"top_logprobs":3,
        "input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#;
    assert_eq!(body, json(expected));
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn the_effort_is_the_nearest_that_the_model_knows() {
    let effort = |reasoning: Reasoning<'static>, traits: &ModelTraits| {
        let request = ChatRequest { reasoning: Some(reasoning), ..ChatRequest::default() };
        let (body, dropped) = asked(&request, traits);
        (body["reasoning"]["effort"].as_str().map(str::to_owned), dropped)
    };
    let named = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
    assert_eq!(effort(named(Effort::Minimal), &REASONER).0.as_deref(), Some("low"));
    let budget = Reasoning { budget: Some(9000), ..Reasoning::default() };
    assert_eq!(effort(budget, &REASONER).0.as_deref(), Some("high"));
    let plain = ModelTraits { efforts: &[], ..ModelTraits::UNKNOWN };
    assert_eq!(effort(named(Effort::High), &plain), (None, vec!["reasoning_effort".to_owned()]));
}

#[test]
fn tools_are_chosen_in_every_form() {
    let choice = |choice| {
        let tools = vec![tool("zoom", false), tool("shout", true)];
        let request = ChatRequest { tools, tool_choice: Some(choice), ..ChatRequest::default() };
        asked(&request, &ModelTraits::UNKNOWN).0["tool_choice"].clone()
    };
    assert_eq!(choice(ToolChoice::Auto), "auto");
    assert_eq!(choice(ToolChoice::None), "none");
    assert_eq!(choice(ToolChoice::Required), "required");
    assert_eq!(choice(ToolChoice::Named("zoom".into())), json(r#"{"type":"function","name":"zoom"}"#));
    assert_eq!(choice(ToolChoice::Named("shout".into())), json(r#"{"type":"custom","name":"shout"}"#));
}

#[test]
fn a_whole_answer_is_read_in_its_order() {
    let response = PROVIDER.read(ANSWER.as_bytes()).unwrap();
    let choice = &response.choices[0];
    assert_eq!(
        shown::parts(&choice.parts),
        "thinking \"**Weather**\\n\\nI look it up.\" openai-reasoning:4:rs_1gAAAAA==, \
         text \"It is \\\"cold\\\" – 3°.\" cites https://met.example/oslo 0..17, \
         refusal \"More I will not say.\", call call_1 dress {\"warm\":true}, custom call call_2 shout brr"
    );
    assert_eq!(choice.finish, Some(Finish::ToolCalls));
    let logprobs =
        r#"{"content":[{"token":"It","logprob":-0.5,"bytes":[73,116],"top_logprobs":[]}],"refusal":null}"#;
    assert_eq!(choice.logprobs.as_deref().map(RawValue::get), Some(logprobs));
    let usage = Usage { input: 31, cached: 16, cache_write: 4, output: 20, reasoning: 12 };
    assert_eq!(response.usage, Some(usage));
    assert_eq!((&*response.id, &*response.model), ("resp_68af", "gpt-6.1-sol-2026-09-01"));
    assert_eq!(response.service_tier.as_deref(), Some("flex"));
}

#[test]
fn an_answer_says_why_it_ended() {
    let finish = |status: &str, rest: &str| {
        let body = format!(r#"{{"status":"{status}","output":[]{rest}}}"#);
        PROVIDER.read(body.as_bytes()).map(|response| response.choices[0].finish)
    };
    let details = |reason: &str| format!(r#","incomplete_details":{{"reason":"{reason}"}}"#);
    assert_eq!(finish("completed", ""), Ok(Some(Finish::Stop)));
    assert_eq!(finish("incomplete", &details("max_output_tokens")), Ok(Some(Finish::Length)));
    assert_eq!(finish("incomplete", &details("content_filter")), Ok(Some(Finish::ContentFilter)));
    assert_eq!(finish("incomplete", &details("steered")), Ok(Some(Finish::Stop)));
    assert_eq!(finish("failed", r#","error":{"code":"server_error","message":"x"}"#), Err(NoAnswer::Error));
    assert_eq!(finish("queued", ""), Err(NoAnswer::Malformed), "a promise is no answer");
    let cut = r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
        "output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\""}]}"#;
    let cut = PROVIDER.read(cut.as_bytes()).unwrap();
    assert_eq!(cut.choices[0].finish, Some(Finish::Length), "half a call is not to be made");
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    for body in
        ["", "null", "[]", "{}", "\"x\"", r#"{"output":{}}"#, r#"{"output":[7]}"#, r#"{"output":null}"#]
    {
        assert_eq!(PROVIDER.read(body.as_bytes()).err(), Some(NoAnswer::Malformed), "{body}");
    }
    let strange = r#"{"output":[{"type":"message","content":7}]}"#;
    assert_eq!(PROVIDER.read(strange.as_bytes()).err(), Some(NoAnswer::Malformed));
    let error = r#"{"error":{"message":"no","type":"server_error","param":null,"code":null}}"#;
    assert_eq!(PROVIDER.read(error.as_bytes()).err(), Some(NoAnswer::Error));
    let whole = ANSWER.trim_end().as_bytes();
    for end in 0..whole.len() {
        assert!(PROVIDER.read(&whole[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn errors_keep_their_meaning() {
    let failed = |code: &str| {
        fault::classify(200, format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#).as_bytes())
    };
    assert_eq!(failed("server_error"), Cause::Transient);
    assert_eq!(failed("rate_limit_exceeded"), Cause::RateLimit);
    assert_eq!(failed("invalid_image_url"), Cause::Invalid);
    assert_eq!(failed("bio_policy"), Cause::ContentPolicy);
    let flat = br#"{"type":"error","code":"context_length_exceeded","message":"too long","param":"input"}"#;
    assert_eq!(fault::classify(200, flat), Cause::ContextTooLong);
    assert_eq!(fault::message(flat).as_deref(), Some("too long"));
}
