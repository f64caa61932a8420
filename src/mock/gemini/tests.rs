//! The simulated vendor and the gateway's dialect meet.

use super::*;
use crate::dialect::fault;
use crate::dialect::frame::Framer;
use crate::dialect::gemini::PROVIDER;
use crate::dialect::hub;
use crate::dialect::hub::assemble::Assembly;
use crate::dialect::side::Fetched;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use crate::mock::behaviour::Behaviour;

fn refused(model: &str, body: &Value) -> Option<String> {
    ask::read(body.to_string().as_bytes(), model).err().map(|refusal| refusal.message)
}

fn said(role: &str, parts: Value) -> Value {
    json!({ "role": role, "parts": parts })
}

fn hello() -> Value {
    said("user", json!([{ "text": "hi" }]))
}

fn call(id: Option<&str>, seal: Option<&str>) -> Value {
    let mut part = json!({ "functionCall": { "name": "f", "args": {} } });
    if let Some(id) = id {
        part["functionCall"]["id"] = id.into();
    }
    if let Some(seal) = seal {
        part["thoughtSignature"] = seal.into();
    }
    said("model", json!([part]))
}

#[test]
fn what_the_vendor_refuses_is_refused() {
    let outcome = |name: &str| json!({ "functionResponse": { "name": name, "response": {} } });
    let answered = |parts: Value| said("user", parts);
    let settings = |settings: Value| json!({ "contents": [hello()], "generationConfig": settings });
    let third = "gemini-3.8-flash";
    let second = "gemini-2.5-pro";
    let table = [
        (third, json!({}), "contents"),
        (third, json!({ "contents": [hello()], "stream": true }), "unknown field `stream`"),
        (third, json!({ "contents": [said("assistant", json!([{ "text": "x" }]))] }), "valid role"),
        (third, json!({ "contents": [said("user", json!([]))] }), "must not be empty"),
        (third, json!({ "contents": [said("user", json!([{ "text": "" }]))] }), "text parameter"),
        (third, json!({ "contents": [said("user", json!([{}]))] }), "oneof"),
        (
            third,
            json!({ "contents": [hello(), call(None, None), answered(json!([outcome("f")]))] }),
            "thought_signature",
        ),
        (
            third,
            json!({ "contents": [hello(), call(None, Some("Zm9yZWlnbg==")), answered(json!([outcome("f")]))] }),
            "corrupted",
        ),
        (
            second,
            json!({ "contents": [hello(), call(Some("a"), None), answered(json!([outcome("f")]))] }),
            "\"id\"",
        ),
        (second, json!({ "contents": [hello(), call(None, None), hello()] }), "number of function response"),
        (
            second,
            json!({ "contents": [call(None, None), answered(json!([outcome("f")]))] }),
            "immediately after",
        ),
        (
            second,
            json!({ "contents": [hello(), call(None, None), answered(json!([outcome("")]))] }),
            "cannot be empty",
        ),
        (
            third,
            settings(json!({ "thinkingConfig": { "thinkingBudget": 1, "thinkingLevel": "low" } })),
            "exclude",
        ),
        (third, settings(json!({ "thinkingConfig": { "thinkingLevel": "max" } })), "unknown variant `max`"),
        (second, settings(json!({ "thinkingConfig": { "thinkingLevel": "low" } })), "not supported"),
        (second, settings(json!({ "thinkingConfig": { "thinkingBudget": 0 } })), "thinking mode"),
        (third, settings(json!({ "presencePenalty": 1 })), "penalty"),
        (third, settings(json!({ "candidateCount": 2 })), "candidates"),
        (third, settings(json!({ "stopSequences": ["a", "b", "c", "d", "e", "f"] })), "stop_sequences"),
        (third, settings(json!({ "temperature": 2.5 })), "temperature"),
    ];
    for (model, body, why) in table {
        let message = refused(model, &body).unwrap_or_default();
        assert!(message.contains(why), "{body}: {message}");
    }
    assert_eq!(refused(second, &json!({ "contents": [hello()] })), None);
}

#[test]
fn names_that_are_allowed_must_be_declared_and_forced() {
    let body = |mode: &str, name: &str| {
        json!({ "contents": [hello()], "tools": [{ "functionDeclarations": [{ "name": "f" }] }],
            "toolConfig": { "functionCallingConfig": { "mode": mode, "allowedFunctionNames": [name] } } })
    };
    assert_eq!(refused("m", &body("ANY", "f")), None);
    assert!(refused("m", &body("AUTO", "f")).is_some());
    assert!(refused("m", &body("ANY", "g")).is_some());
}

/// Asks `request` of the simulated `model`, in the gateway's words.
fn asked(request: &hub::ChatRequest<'_>, model: &str, traits: &hub::ModelTraits) -> Ask {
    let fetched = Fetched::new();
    let target = Target { model, traits, fetched: &fetched, stream_options: true };
    let body = PROVIDER.write(request, &target, &mut hub::Dropped::default()).unwrap();
    ask::read(&body, model).unwrap_or_else(|refusal| panic!("{}", refusal.message))
}

fn answer(ask: &Ask) -> (Head, Reply) {
    let head = Head { id: "r1".to_owned(), created: 0, model: ask.model.clone() };
    (head, Reply::to(ask, &Behaviour::default()))
}

fn user<'a>(part: hub::Part<'a>) -> hub::Message<'a> {
    hub::Message { role: hub::Role::User, parts: vec![part], name: None }
}

#[test]
fn a_call_and_its_result_go_round() {
    let traits = hub::ModelTraits { thought_signatures: true, ..hub::ModelTraits::UNKNOWN };
    let tool = hub::Tool {
        name: "look_up".into(),
        description: None,
        parameters: None,
        strict: None,
        custom: false,
        cache: None,
    };
    let mut request = hub::ChatRequest {
        messages: vec![user(hub::Part::text("call look_up with {\"a\":[1]}"))],
        tools: vec![tool],
        ..hub::ChatRequest::default()
    };
    let ask = asked(&request, "gemini-3.8-flash", &traits);
    let (head, reply) = answer(&ask);
    let whole = VOICE.whole(&head, &reply);
    let response = PROVIDER.read(&whole).unwrap();
    let [hub::Part::ToolCall(call)] = response.choices[0].parts.as_slice() else { panic!("{response:?}") };
    assert_eq!((&*call.id, &*call.name), ("fc-r1", "look_up"));
    assert!(call.signature.is_some());
    let result = hub::ToolResult {
        call_id: call.id.clone(),
        content: vec![hub::Part::text("42")],
        ..hub::ToolResult::default()
    };
    let parts = vec![hub::Part::ToolCall(call.clone())];
    request.messages.push(hub::Message { role: hub::Role::Assistant, parts, name: None });
    request.messages.push(user(hub::Part::ToolResult(result)));
    let ask = asked(&request, "gemini-3.8-flash", &traits);
    assert!(ask.prompt.ends_with("42") && !ask.may_call);
}

#[test]
fn a_stream_says_the_same_as_a_whole_answer() {
    let reasoning = hub::Reasoning { effort: Some(hub::Effort::Low), ..hub::Reasoning::default() };
    let request = hub::ChatRequest {
        messages: vec![user(hub::Part::text("tell me"))],
        reasoning: Some(reasoning),
        ..hub::ChatRequest::default()
    };
    let ask = asked(&request, "mock", &hub::ModelTraits::UNKNOWN);
    let (head, reply) = answer(&ask);
    let whole = VOICE.whole(&head, &reply);
    let (mut reader, framer) = (PROVIDER.reader(), Framer::new(PROVIDER.framing(), 1 << 20));
    let mut assembly = Assembly::default();
    for event in VOICE.transcript(&head, &reply, &ask).events {
        let frame = framer.read(&event).unwrap();
        reader.read(&frame, &mut |chunk| assembly.add(&chunk)).unwrap();
    }
    reader.finish(&mut |chunk| assembly.add(&chunk));
    let streamed = assembly.finish().unwrap();
    assert_eq!(format!("{streamed:?}"), format!("{:?}", PROVIDER.read(&whole).unwrap()));
    assert!(matches!(streamed.choices[0].parts[0], hub::Part::Thinking(_)));
}

#[test]
fn errors_are_understood() {
    let cause = |refusal: &Refusal| fault::classify(refusal.status.as_u16(), &VOICE.error(refusal));
    assert_eq!(cause(&Refusal::on_purpose(429, None)), fault::Cause::RateLimit);
    assert_eq!(cause(&Refusal::on_purpose(503, None)), fault::Cause::Overloaded);
    assert_eq!(cause(&Refusal::unknown_model("m")), fault::Cause::NotFound);
    let key = Refusal::new(StatusCode::BAD_REQUEST, Some("invalid_api_key"), "API key not valid");
    assert_eq!(cause(&key), fault::Cause::Auth);
    let body = VOICE.error(&Refusal::on_purpose(429, Some(7)));
    let wait = fault::retry_after(&|_| None, &body, std::time::Duration::ZERO);
    assert_eq!(wait, Some(std::time::Duration::from_secs(7)));
}

#[test]
fn vectors_are_asked_for_and_read() {
    let request =
        hub::EmbedRequest { inputs: vec!["a".into(), "b".into()], dimensions: Some(3), ..Default::default() };
    let (fetched, traits) = (Fetched::new(), hub::ModelTraits::UNKNOWN);
    let target = Target { model: "m", traits: &traits, fetched: &fetched, stream_options: true };
    let body = PROVIDER.write_embed(&request, &target, &mut hub::Dropped::default()).unwrap();
    let answer = embed::many(&body, "m").unwrap_or_else(|refusal| panic!("{}", refusal.message));
    let vectors = PROVIDER.read_embed(answer.to_string().as_bytes()).unwrap().vectors;
    assert_eq!(vectors.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    assert!(embed::many(&body, "another").is_err(), "a body for another model");
}
