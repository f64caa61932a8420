//! What predictions are asked for.

use super::*;
use crate::dialect::hub::*;
use serde_json::Value;
use serde_json::json;

fn written(model: &str, request: &ChatRequest<'_>, traits: &ModelTraits) -> (Value, Vec<String>) {
    let mut dropped = Dropped::default();
    let body = PROVIDER.write(request, &target(model, traits), &mut dropped).unwrap();
    (serde_json::from_slice(&body).unwrap(), dropped.names().to_vec())
}

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

fn said(role: Role, text: &str) -> Message<'_> {
    message(role, vec![Part::text(text)])
}

fn asked(messages: Vec<Message<'_>>) -> ChatRequest<'_> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn picture() -> Part<'static> {
    let media = Media::Inline { kind: "image/png".into(), data: "iVBO".into() };
    Part::Image(Image { media, detail: None, cache: None })
}

fn rich() -> ChatRequest<'static> {
    ChatRequest {
        messages: vec![
            said(Role::System, "Be brief."),
            said(Role::User, "Hello"),
            said(Role::Assistant, "Hi."),
            said(Role::User, "What is 1+1?"),
        ],
        max_output: Some(100),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.9),
            top_k: Some(50),
            seed: Some(7),
            presence_penalty: Some(0.1),
            frequency_penalty: Some(0.2),
            ..Sampling::default()
        },
        stop: vec!["END".into(), "a,b".into(), "STOP".into()],
        stream: true,
        ..ChatRequest::default()
    }
}

#[test]
fn a_rich_request_says_everything() {
    let (body, dropped) = written("meta/m", &rich(), &LLAMA);
    let expected: Value = serde_json::from_str(include_str!("../fixtures/request.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
    assert_eq!(dropped, ["seed", "stop"]);
}

#[test]
fn a_model_that_takes_messages_gets_them() {
    let traits = ModelTraits {
        max_tokens_name: MaxTokensName::MaxCompletionTokens,
        efforts: &[Effort::Low, Effort::High],
        refuses: &["image"],
        ..ModelTraits::UNKNOWN
    };
    let mut request = asked(vec![
        said(Role::System, "s"),
        message(Role::User, vec![Part::text("a"), picture()]),
        said(Role::System, "t"),
    ]);
    request.max_output = Some(9);
    request.reasoning = Some(Reasoning { effort: Some(Effort::Minimal), ..Reasoning::default() });
    request.verbosity = Some("low".into());
    let (body, dropped) = written("openai/m", &request, &traits);
    let expected = json!({ "input": {
        "messages": [
            { "role": "system", "content": "s" }, { "role": "user", "content": "a" }, { "role": "system", "content": "t" },
        ],
        "image_input": ["data:image/png;base64,iVBO"],
        "max_completion_tokens": 9, "reasoning_effort": "low", "verbosity": "low",
    }});
    assert_eq!((body, dropped), (expected, Vec::new()));
}

#[test]
fn without_a_field_for_it_the_system_speaks_in_the_prompt() {
    let traits = ModelTraits { refuses: &["messages", "system_prompt"], ..LLAMA };
    let (body, _) = written("x/y", &asked(vec![said(Role::System, "s"), said(Role::User, "q")]), &traits);
    assert_eq!(body["input"], json!({ "prompt": "s\n\nq" }));
    let prefill = asked(vec![said(Role::User, "q"), said(Role::Assistant, "It is")]);
    assert_eq!(written("x/y", &prefill, &traits).0["input"]["prompt"], "User: q\nAssistant: It is");
}

#[test]
fn a_pinned_version_stands_in_the_body() {
    let version = "0f".repeat(32);
    let (body, _) = written(&format!("a/b:{version}"), &asked(vec![said(Role::User, "q")]), &LLAMA);
    assert_eq!(body, json!({ "version": version, "input": { "prompt": "q" } }));
}

#[test]
fn one_image_goes_where_there_is_room_for_one() {
    let traits = ModelTraits { refuses: &["messages", "image_input"], ..LLAMA };
    let request = asked(vec![message(Role::User, vec![Part::text("q"), picture()])]);
    assert_eq!(written("x/y", &request, &traits).0["input"]["image"], "data:image/png;base64,iVBO");
    let two = asked(vec![message(Role::User, vec![picture(), picture()])]);
    let refused = PROVIDER.write(&two, &target("x/y", &traits), &mut Dropped::default()).unwrap_err();
    assert_eq!(refused.message, "this model takes one image, found 2; name another model");
}

#[test]
fn tools_sound_and_documents_are_refused() {
    let tool = Tool {
        name: "f".into(),
        description: None,
        parameters: None,
        strict: None,
        custom: false,
        cache: None,
    };
    let mut request = asked(vec![said(Role::User, "q")]);
    request.tools = vec![tool];
    let write = |request: &ChatRequest<'_>| {
        let written = PROVIDER.write(request, &target("x/y", &LLAMA), &mut Dropped::default());
        written.map(drop).map_err(|no| no.param)
    };
    assert_eq!(write(&request), Err("tools"));
    request.tool_choice = Some(ToolChoice::None);
    assert_eq!(write(&request), Ok(()));
    let audio = Audio { format: "wav".into(), data: "".into(), transcript: None };
    let document = Document { media: Media::Plain("x".into()), name: None, cache: None };
    let parts = [
        Part::Audio(audio),
        Part::Document(document),
        Part::ToolCall(ToolCall::default()),
        Part::ToolResult(ToolResult::default()),
        picture(),
    ];
    for part in parts {
        assert_eq!(write(&asked(vec![message(Role::User, vec![part])])), Err("messages"));
    }
}
