//! Requests of a client, and its whole answers.

use crate::dialect::fault::Cause;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Citation;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Format;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Text;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolChoice;
use crate::dialect::responses::CLIENT;
use crate::dialect::responses::tests as shown;
use crate::dialect::responses::tests::json;
use crate::dialect::side::ClientError;
use crate::dialect::side::ClientSide;
use crate::dialect::side::Opening;
use crate::dialect::usage::Usage;
use serde_json::value::RawValue;

const QUESTION: &str = include_str!("../fixtures/question.json");

fn read(body: &str) -> ChatRequest<'_> {
    CLIENT.read(body.as_bytes()).unwrap()
}

#[test]
fn items_become_messages() {
    assert_eq!(shown::messages(&read(QUESTION)), include_str!("../fixtures/question.hub"));
}

#[test]
fn every_field_finds_its_place() {
    let request = read(QUESTION);
    assert_eq!((&*request.model, request.stream, request.max_output), ("fast", true, Some(500)));
    assert_eq!((request.sampling.temperature, request.sampling.top_p), (Some(0.5), Some(0.9)));
    assert_eq!((request.sampling.logprobs, request.sampling.top_logprobs), (Some(true), Some(2)));
    let tools: Vec<_> = request
        .tools
        .iter()
        .map(|tool| (&*tool.name, tool.custom, tool.strict, tool.parameters.map(RawValue::get)))
        .collect();
    let schema = r#"{"type":"object","properties":{"by":{"type":"integer"}}}"#;
    let format = r#"{"type":"grammar","syntax":"regex","definition":"[a-z]+"}"#;
    assert_eq!(tools, [("zoom", false, Some(false), Some(schema)), ("shout", true, None, Some(format))]);
    let allowed = ToolChoice::Allowed { names: vec!["zoom".into()], required: true };
    assert_eq!((request.tool_choice, request.parallel_tool_calls), (Some(allowed), Some(false)));
    assert!(
        matches!(request.format, Some(Format::JsonSchema { name, strict: Some(true), .. }) if name == "out")
    );
    let reasoning = request.reasoning.unwrap();
    assert_eq!((reasoning.effort, reasoning.summary.as_deref()), (Some(Effort::High), Some("auto")));
    assert_eq!(reasoning.show, Some(true));
    assert_eq!(request.web_search.map(RawValue::get), Some("{}"));
    assert_eq!((request.user.as_deref(), request.verbosity.as_deref()), (Some("u-1"), Some("low")));
    assert_eq!(
        (request.service_tier.as_deref(), request.prompt_cache_key.as_deref()),
        (Some("flex"), Some("k"))
    );
    let extras: Vec<&str> = request.extras.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        extras,
        ["metadata", "max_tool_calls", "input[].web_search_call", "tools.web_search", "tools.file_search"]
    );
}

#[test]
fn a_text_is_a_message_of_the_users() {
    let request = read(r#"{"model":"m","input":"hi"}"#);
    assert_eq!(shown::messages(&request), "user: text \"hi\"\n");
    assert!(request.extras.is_empty() && !request.stream);
}

#[test]
fn what_was_shown_comes_back_as_it_was_sealed() {
    let input = r#"[{"type":"reasoning","id":"rs_x","summary":[],"encrypted_content":"tollgate.sealed:Eq+/QB=="},
        {"type":"reasoning","id":"rs_y","summary":[],"encrypted_content":"tollgate.redacted:xyz"},
        {"role":"assistant","content":"hi"}]"#;
    let body = format!(r#"{{"model":"m","input":{input}}}"#);
    let request = read(&body);
    let [Part::Thinking(first), Part::Thinking(second), Part::Text(_)] = &request.messages[0].parts[..]
    else {
        panic!("{:?}", request.messages);
    };
    assert_eq!((first.signature.as_deref(), first.redacted.as_deref()), (Some("Eq+/QB=="), None));
    assert_eq!((second.signature.as_deref(), second.redacted.as_deref()), (None, Some("xyz")));
}

#[test]
fn a_bad_request_names_the_field() {
    for (rest, param) in [
        (r#""model":"m""#, "input"),
        (r#""input":"hi""#, "model"),
        (r#""model":"","input":"hi""#, "model"),
        (r#""model":3,"input":"hi""#, "model"),
        (r#""model":"m","input":7"#, "input"),
        (r#""model":"m","input":["hi"]"#, "input"),
        (r#""model":"m","input":[{"role":"user"}]"#, "input"),
        (r#""model":"m","input":[{"role":"tool","content":"x"}]"#, "input"),
        (r#""model":"m","input":[{"role":"user","content":[{"type":"video"}]}]"#, "input"),
        (r#""model":"m","input":[{"role":"user","content":[{"type":"input_image"}]}]"#, "input"),
        (r#""model":"m","input":[{"type":"function_call","name":"f","arguments":"{}"}]"#, "input"),
        (r#""model":"m","input":[{"type":"function_call_output","output":"x"}]"#, "input"),
        (r#""model":"m","input":"hi","tools":{}"#, "tools"),
        (r#""model":"m","input":"hi","tools":[{"type":"function"}]"#, "tools"),
        (r#""model":"m","input":"hi","tool_choice":"maybe""#, "tool_choice"),
        (r#""model":"m","input":"hi","temperature":"hot""#, "temperature"),
        (r#""model":"m","input":"hi","max_output_tokens":-1"#, "max_output_tokens"),
        (r#""model":"m","input":"hi","stream":"yes""#, "stream"),
        (r#""model":"m","input":"hi","reasoning":{"effort":"huge"}"#, "reasoning.effort"),
        (r#""model":"m","input":"hi","text":{"format":{"type":"xml"}}"#, "text.format"),
        (r#""model":"m","input":"hi","model":"n""#, "model"),
        (r#""model":"m","previous_response_id":"resp_1""#, "previous_response_id"),
    ] {
        let error = CLIENT.read(format!("{{{rest}}}").as_bytes()).unwrap_err();
        assert_eq!(error.param, Some(param), "{rest}: {error}");
    }
    for body in ["", "[]", "null", "{"] {
        assert!(CLIENT.read(body.as_bytes()).unwrap_err().message.contains("not valid JSON"), "{body}");
    }
}

#[test]
fn a_stored_prompt_stands_for_an_input() {
    let request = read(r#"{"model":"m","prompt":{"id":"pmpt_1"}}"#);
    assert!(request.messages.is_empty());
    assert_eq!(request.extras[0].0, "prompt");
}

#[test]
fn a_request_cut_anywhere_is_refused() {
    let whole = QUESTION.trim_end().as_bytes();
    for end in 0..whole.len() {
        assert!(CLIENT.read(&whole[..end]).is_err(), "cut at {end}");
    }
}

fn opening(request: &'static str) -> Opening {
    Opening {
        created: 1_795_000_000,
        nonce: "n0".to_owned(),
        model: "asked".to_owned(),
        request: request.into(),
        ..Opening::default()
    }
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

fn thought(
    text: &'static str,
    signature: Option<&'static str>,
    redacted: Option<&'static str>,
) -> Part<'static> {
    Part::Thinking(Thinking {
        text: text.into(),
        signature: signature.map(Into::into),
        redacted: redacted.map(Into::into),
    })
}

#[test]
fn a_rich_answer_is_written_as_the_vendor_writes_it() {
    let cites =
        Citation { url: "https://e.example".into(), title: "T".into(), end: 5, ..Citation::default() };
    let media = Media::Inline { kind: "image/png".into(), data: "iVBO".into() };
    let parts = vec![
        thought("Hm.", Some("EqQB"), None),
        thought("", None, Some("xyz")),
        Part::Text(Text { text: "Cold.".into(), citations: vec![cites], ..Text::default() }),
        Part::Refusal("No more.".into()),
        call("call_1", "dress", "", false),
        call("call_2", "shout", "brr", true),
        Part::Image(Image { media, detail: None, cache: None }),
    ];
    let logprobs = r#"{"content":[{"token":"Cold","logprob":-0.5}],"refusal":null}"#;
    let logprobs: Box<RawValue> = serde_json::from_str(logprobs).unwrap();
    let choice = Choice {
        parts,
        finish: Some(Finish::ToolCalls),
        logprobs: Some(std::borrow::Cow::Owned(logprobs)),
        ..Choice::default()
    };
    let usage = Usage { input: 10, cached: 2, cache_write: 1, output: 5, reasoning: 3 };
    let response = ChatResponse {
        model: "m-1".into(),
        choices: vec![choice],
        usage: Some(usage),
        service_tier: Some("flex".into()),
        ..ChatResponse::default()
    };
    let request = r#"{"model":"m","input":"hi","instructions":"Be brief.","max_output_tokens":500,"temperature":0.5,
        "metadata":{"team":"blue"},"previous_response_id":"resp_7","reasoning":{"effort":"low"},"text":{"verbosity":"low"},
        "tools":[{"type":"function","name":"dress"},{"type":"web_search"}]}"#;
    let written = CLIENT.write(&response, &opening(request));
    assert_eq!(json(written), json(include_str!("../fixtures/reply.json")));
}

#[test]
fn an_answer_that_was_cut_short_says_so() {
    let written = |finish| {
        let parts = vec![call("c", "f", "{}", false), Part::text("half")];
        let choice = Choice { parts, finish: Some(finish), ..Choice::default() };
        let response = ChatResponse { choices: vec![choice], ..ChatResponse::default() };
        json(CLIENT.write(&response, &opening("{}")))
    };
    let cut = written(Finish::Length);
    assert_eq!(cut["status"], "incomplete");
    assert_eq!(cut["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(
        (&cut["output"][0]["status"], &cut["output"][1]["status"]),
        (&"completed".into(), &"incomplete".into())
    );
    assert_eq!(cut["completed_at"], serde_json::Value::Null);
    assert_eq!(cut["model"], "asked", "the provider said none");
    assert_eq!(written(Finish::ContentFilter)["incomplete_details"]["reason"], "content_filter");
    assert_eq!(written(Finish::Stop)["incomplete_details"], serde_json::Value::Null);
}

#[test]
fn errors_are_told_in_the_vendors_envelope() {
    let error = ClientError {
        status: 429,
        message: "slow \"down\"",
        kind: "rate_limit_error",
        param: None,
        code: Some("rate_limit_exceeded"),
        cause: Some(Cause::RateLimit),
        request_id: "req_1",
    };
    let body = r#"{"error":{"message":"slow \"down\"","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#;
    assert_eq!(json(CLIENT.error(&error)), json(body));
    let event = String::from_utf8(CLIENT.error_event(&error)).unwrap();
    let data = event.strip_prefix("event: error\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
    let flat = r#"{"type":"error","sequence_number":0,"code":"rate_limit_exceeded","message":"slow \"down\"","param":null}"#;
    assert_eq!(json(data), json(flat));
}

#[test]
fn whom_a_client_asks_for_has_two_names() {
    let of = |field: &str| {
        let body = format!(r#"{{"model":"m","input":"x","{field}":"u1"}}"#);
        let request = CLIENT.read(body.as_bytes()).unwrap();
        (request.user.map(|user| user.into_owned()), request.extras.len())
    };
    assert_eq!(of("user"), (Some("u1".to_owned()), 0));
    assert_eq!(of("safety_identifier"), (Some("u1".to_owned()), 0));
}
