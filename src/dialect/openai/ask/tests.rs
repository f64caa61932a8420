//! A client's request and all that is to be known of it.

use super::*;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::ToolChoice;

const ASK: &str = include_str!("../fixtures/ask.json");

/// Every field, a line each.
fn told(request: &ChatRequest<'_>) -> Vec<String> {
    // Taken apart by name, so that a new field has to be told as well.
    let ChatRequest {
        model,
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        max_output,
        sampling,
        stop,
        format,
        reasoning,
        stream,
        service_tier,
        user,
        verbosity,
        prompt_cache_key,
        web_search,
        extras,
    } = request;
    let mut lines = vec![format!("model {model}")];
    for message in messages {
        lines.push(format!("{:?} {:?}", message.role, message.name));
        lines.extend(message.parts.iter().map(|part| format!("  {part:?}")));
    }
    lines.extend(tools.iter().map(|tool| format!("{tool:?}")));
    lines.push(format!("choice {tool_choice:?} parallel {parallel_tool_calls:?} limit {max_output:?}"));
    lines.extend([
        format!("{sampling:?}"),
        format!("stop {stop:?}"),
        format!("{format:?}"),
        format!("{reasoning:?}"),
    ]);
    lines.push(format!("stream {stream} tier {service_tier:?} user {user:?} verbosity {verbosity:?}"));
    lines.push(format!("key {prompt_cache_key:?} search {web_search:?}"));
    lines.extend(extras.iter().map(|extra| format!("extra {extra:?}")));
    lines
}

fn asked(fields: &str) -> Result<String, BadRequest> {
    let body = format!(r#"{{"messages":[{{"role":"user","content":"x"}}],{fields}}}"#);
    read(body.as_bytes()).map(|request| told(&request).join("\n"))
}

fn said(messages: &str) -> Result<Vec<String>, BadRequest> {
    let body = format!(r#"{{"messages":[{messages}]}}"#);
    let request = read(body.as_bytes())?;
    Ok(request.messages.iter().flat_map(|message| &message.parts).map(|part| format!("{part:?}")).collect())
}

#[test]
fn everything_a_client_says_is_read() {
    let told = told(&read(ASK.as_bytes()).unwrap()).join("\n");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines, include_str!("../fixtures/ask.hub").lines().collect::<Vec<_>>());
}

#[test]
fn half_a_request_is_none() {
    let whole = ASK.trim_end();
    for at in 0..whole.len() {
        assert!(read(&whole.as_bytes()[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn the_newer_limit_counts_in_whatever_order() {
    for fields in
        [r#""max_tokens":1,"max_completion_tokens":2"#, r#""max_completion_tokens":2,"max_tokens":1"#]
    {
        assert!(asked(fields).unwrap().contains("limit Some(2)"), "{fields}");
    }
    assert!(asked(r#""max_tokens":1,"max_completion_tokens":null"#).unwrap().contains("limit Some(1)"));
}

#[test]
fn every_choice_of_tools_is_understood() {
    let named = |name: &'static str| ToolChoice::Named(name.into());
    let allowed = |required| ToolChoice::Allowed { names: vec!["f".into(), "g".into()], required };
    let table = [
        (r#""tool_choice":"auto""#, ToolChoice::Auto),
        (r#""tool_choice":"none""#, ToolChoice::None),
        (r#""tool_choice":"required""#, ToolChoice::Required),
        (r#""tool_choice":"any""#, ToolChoice::Required),
        (r#""tool_choice":{"type":"function","function":{"name":"f"}}"#, named("f")),
        (r#""tool_choice":{"type":"custom","custom":{"name":"g"}}"#, named("g")),
        (r#""function_call":{"name":"f"}"#, named("f")),
        (r#""function_call":"none""#, ToolChoice::None),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","name":"f"},{"name":"g"}]}}"#,
            allowed(false),
        ),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"function":{"name":"f"}},{"custom":{"name":"g"}}]}}"#,
            allowed(true),
        ),
    ];
    for (fields, choice) in table {
        let told = asked(fields).unwrap();
        assert!(told.contains(&format!("choice {:?}", Some(choice))), "{fields}: {told}");
    }
}

#[test]
fn reasoning_is_asked_for_in_two_ways() {
    for (fields, expected) in [
        (r#""reasoning_effort":"minimal""#, "effort: Some(Minimal), budget: None"),
        (r#""reasoning_effort":"default""#, "effort: None"),
        (r#""reasoning":{"effort":"low"},"reasoning_effort":null"#, "effort: Some(Low)"),
        (r#""reasoning_effort":"low","reasoning":{"max_tokens":9}"#, "effort: Some(Low), budget: Some(9)"),
        (r#""reasoning":{"exclude":true}"#, "show: Some(false)"),
    ] {
        let told = asked(fields).unwrap();
        assert!(told.contains(expected), "{fields}: {told}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (fields, param) in [
        (r#""temperature":"hot""#, "temperature"),
        (r#""max_tokens":-1"#, "max_tokens"),
        (r#""n":1.5"#, "n"),
        (r#""stop":7"#, "stop"),
        (r#""stream":"yes""#, "stream"),
        (r#""tools":{}"#, "tools"),
        (r#""tools":[{"type":"function","function":{}}]"#, "tools"),
        (r#""tool_choice":"maybe""#, "tool_choice"),
        (r#""tool_choice":{"type":"function"}"#, "tool_choice"),
        (r#""response_format":{"type":"xml"}"#, "response_format"),
        (r#""response_format":{"type":"json_schema"}"#, "response_format"),
        (r#""reasoning":"high""#, "reasoning"),
        (r#""messages":[]"#, "messages"),
        (r#""messages":[{"role":"robot","content":"x"}]"#, "messages"),
        (r#""messages":[{"role":"user","content":7}]"#, "messages"),
        (r#""messages":[{"role":"user","content":[{"type":"video"}]}]"#, "messages"),
        (r#""messages":[{"role":"user","content":[{"type":"file","file":{}}]}]"#, "messages"),
        (r#""messages":[{"role":"tool","content":"x"}]"#, "messages"),
    ] {
        assert_eq!(asked(fields).unwrap_err().param, Some(param), "{fields}");
    }
    assert_eq!(read(br#"{"model":"m"}"#).unwrap_err().code, Some("missing_required_parameter"));
    for body in [&b"[]"[..], b"null", b"\xff", b"", b"{}x"] {
        assert!(read(body).is_err(), "{body:?}");
    }
}

#[test]
fn what_was_thought_is_read_in_every_spelling() {
    let thought =
        |more: &str| said(&format!(r#"{{"role":"assistant","content":"x",{more}}}"#)).unwrap().remove(0);
    for more in [
        r#""reasoning_content":"hm""#,
        r#""reasoning":"hm""#,
        r#""reasoning_content":"","reasoning":"hm""#,
        r#""reasoning_content":null,"reasoning":"hm","thinking_blocks":[]"#,
        r#""thinking_blocks":[{"type":"thinking","thinking":"hm","signature":""}]"#,
    ] {
        let part = thought(more);
        assert_eq!(part, r#"Thinking(Thinking { text: "hm", signature: None, redacted: None })"#, "{more}");
    }
    assert!(thought(r#""reasoning_content":" ""#).starts_with("Text"), "nothing was thought");
}

#[test]
fn a_file_may_come_as_bare_base64_and_a_url_stays_one() {
    let file = |data: &str| {
        let message =
            format!(r#"{{"role":"user","content":[{{"type":"file","file":{{"file_data":"{data}"}}}}]}}"#);
        let body = format!(r#"{{"messages":[{message}]}}"#);
        let request = read(body.as_bytes()).unwrap();
        match &request.messages[0].parts[0] {
            Part::Document(document) => document.media.to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let pdf = |data: &'static str| Media::Inline { kind: "application/pdf".into(), data: data.into() };
    assert_eq!(file("JVBERi0="), pdf("JVBERi0="));
    assert_eq!(file("data:application/pdf;base64,QQ=="), pdf("QQ=="));
    assert_eq!(file("https://e.x/a.pdf"), Media::Url("https://e.x/a.pdf".into()));
}

#[test]
fn a_seal_from_a_stream_finds_the_text_that_came_beside_it() {
    let block = r#"{"type":"thinking","thinking":"","signature":"s"}"#;
    let of = |blocks: &str| {
        let message = format!(
            r#"{{"role":"assistant","reasoning_content":"hm","content":"x","thinking_blocks":[{blocks}]}}"#
        );
        let request = format!(r#"{{"messages":[{message}]}}"#);
        let request = read(request.as_bytes()).unwrap();
        let parts = request.messages[0].parts.iter().filter_map(|part| match part {
            Part::Thinking(thinking) => Some(format!("{} {:?}", thinking.text, thinking.signature)),
            _ => None,
        });
        parts.collect::<Vec<_>>()
    };
    assert_eq!(of(block), [r#"hm Some("s")"#]);
    // Whose text it is cannot be told.
    assert_eq!(of(&format!("{block},{block}")), [r#" Some("s")"#, r#" Some("s")"#]);
    assert_eq!(of(r#"{"type":"redacted_thinking","data":"d"}"#), [" None"]);
}
