//! A provider's whole answer and all that is to be known of it.

use super::*;

const ANSWER: &str = include_str!("../fixtures/answer.json");

/// Every field, a line each.
fn told(response: &ChatResponse<'_>) -> Vec<String> {
    // Taken apart by name, so that a new field has to be told as well.
    let ChatResponse { id, model, choices, usage, service_tier, system_fingerprint } = response;
    let mut lines = vec![format!("id {id} model {model}")];
    for Choice { parts, finish, stop_sequence, logprobs } in choices {
        lines.push(format!("{finish:?} {stop_sequence:?} {logprobs:?}"));
        lines.extend(parts.iter().map(|part| format!("  {part:?}")));
    }
    lines.push(format!("{usage:?} tier {service_tier:?} print {system_fingerprint:?}"));
    lines
}

fn only(choice: &str) -> Vec<String> {
    let body = format!(r#"{{"choices":[{choice}]}}"#);
    let response = read(body.as_bytes()).unwrap();
    let choice = &response.choices[0];
    let finish = format!("{:?}", choice.finish.unwrap());
    choice.parts.iter().map(|part| format!("{part:?}")).chain([finish]).collect()
}

#[test]
fn everything_a_provider_answers_is_read() {
    let lines = told(&read(ANSWER.as_bytes()).unwrap());
    assert_eq!(lines, include_str!("../fixtures/answer.hub").lines().collect::<Vec<_>>());
}

#[test]
fn half_an_answer_is_none() {
    let whole = ANSWER.trim_end();
    for at in 0..whole.len() {
        let half = read(&whole.as_bytes()[..at]);
        assert_eq!(half.err(), Some(NoAnswer::Malformed), "cut at {at}");
    }
}

#[test]
fn other_bodies_are_no_answers() {
    for (body, expected) in [
        (r#"{"error":{"message":"no"}}"#, NoAnswer::Error),
        (r#"{"error":"no","choices":[{"message":{"content":"x"}}]}"#, NoAnswer::Error),
        (r#"{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}"#, NoAnswer::Error),
        (r#"{"choices":[]}"#, NoAnswer::Malformed),
        (r#"{"choices":null}"#, NoAnswer::Malformed),
        (r#"{"choices":[{}]}"#, NoAnswer::Malformed),
        (r#"{"choices":[null]}"#, NoAnswer::Malformed),
        (r#"{"choices":{"0":{"message":{"content":"x"}}}}"#, NoAnswer::Malformed),
        (r#"{"choices":[{"message":{"content":"x"}}],"choices":[]}"#, NoAnswer::Malformed),
        (r#"{"data":[]}"#, NoAnswer::Malformed),
        (r#"["c","m",[{"message":{"content":"x"}}]]"#, NoAnswer::Malformed),
        ("<html>", NoAnswer::Malformed),
        ("null", NoAnswer::Malformed),
        ("\u{feff}{}", NoAnswer::Malformed),
        ("", NoAnswer::Malformed),
    ] {
        assert_eq!(read(body.as_bytes()).err(), Some(expected), "{body}");
    }
    let fine = r#" {"error":null,"choices":[{"message":{"content":"x"}}]} "#;
    assert_eq!(read(fine.as_bytes()).unwrap().choices.len(), 1);
}

#[test]
fn words_are_borrowed_where_nothing_is_escaped() {
    let body = r#"{"choices":[{"message":{"content":"Grüße"}}]}"#;
    let response = read(body.as_bytes()).unwrap();
    assert!(matches!(&response.choices[0].parts[0], Part::Text(Text { text: Cow::Borrowed("Grüße"), .. })));
}

#[test]
fn an_answer_that_calls_ends_because_it_calls() {
    let call = r#""tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]"#;
    for (message, reason, finish) in [
        (call, r#""stop""#, "ToolCalls"),
        (call, "null", "ToolCalls"),
        (call, r#""length""#, "Length"),
        (r#""function_call":{"name":"f","arguments":"{}"}"#, r#""function_call""#, "ToolCalls"),
        (r#""content":"x""#, r#""eos""#, "Stop"),
        (r#""content":"x""#, "null", "Stop"),
        (r#""content":"x""#, r#""sensitive""#, "ContentFilter"),
        (r#""content":"x""#, r#""model_length""#, "Length"),
    ] {
        let parts = only(&format!(r#"{{"message":{{{message}}},"finish_reason":{reason}}}"#));
        assert_eq!(parts.last().map(String::as_str), Some(finish), "{message} {reason}");
    }
}

#[test]
fn an_id_that_another_call_has_is_none() {
    let call =
        |id: &str, name: &str| format!(r#"{{"id":{id},"function":{{"name":"{name}","arguments":"{{}}"}}}}"#);
    let calls = [call("\"a\"", "f"), call("\"a\"", "g"), call("null", "h"), call("\"b\"", "i")].join(",");
    let parts = only(&format!(r#"{{"message":{{"tool_calls":[{calls}]}}}}"#));
    let ids: Vec<_> = parts.iter().filter_map(|part| part.split("id: ").nth(1)?.split(',').next()).collect();
    assert_eq!(ids, ["\"a\"", "\"\"", "\"\"", "\"b\""]);
}

#[test]
fn what_mistral_thinks_is_told_from_what_it_says() {
    let parts = only(
        r#"{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]},
            {"type":"text","text":"Yes."},{"type":"reference","reference_ids":[1]}]}}"#,
    );
    let thought = r#"Thinking(Thinking { text: "hm", signature: None, redacted: None })"#;
    let text = r#"Text(Text { text: "Yes.", cache: None, citations: [], signature: None })"#;
    assert_eq!(parts, [thought, text, "Stop"]);
}

#[test]
fn what_is_null_missing_or_strange_is_tolerated() {
    for message in [
        "{}",
        r#"{"content":""}"#,
        r#"{"content":null,"tool_calls":[],"annotations":null,"images":[],"thinking_blocks":[],"audio":{}}"#,
        r#"{"content":7,"reasoning":7,"reasoning_details":{},"executed_tools":"x"}"#,
    ] {
        assert_eq!(only(&format!(r#"{{"message":{message},"index":null}}"#)), ["Stop"], "{message}");
    }
    let odd = r#"{"id":null,"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":"many"}}"#;
    assert_eq!(read(odd.as_bytes()).unwrap().usage, None);
    let zero =
        r#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":0,"completion_tokens":0}}"#;
    assert_eq!(read(zero.as_bytes()).unwrap().usage, Some(Usage::default()), "a count of nothing is a count");
}

#[test]
fn nothing_an_answer_nests_overflows_the_stack() {
    let deep = format!(r#"{{"choices":[{{"message":{{"content":{}"x""#, "[".repeat(1 << 20));
    assert_eq!(read(deep.as_bytes()).err(), Some(NoAnswer::Malformed));
}
