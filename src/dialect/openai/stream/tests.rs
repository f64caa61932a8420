//! What a glance sees.

use super::*;

fn kind(data: &str) -> Kind {
    glance(Some(data.as_bytes())).kind
}

#[test]
fn tells_promises_from_content() {
    for (data, expected) in [
        ("[DONE]", Kind::Done),
        ("", Kind::Ping),
        (
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            Kind::Quiet,
        ),
        (r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#, Kind::Quiet),
        (r#"{"choices":[]}"#, Kind::Quiet),
        (r#"{"choices":[],"object":"","prompt_filter_results":[]}"#, Kind::Aside),
        (r#"{"choices":[{"delta":{"content":"x"}}]}"#, Kind::Content),
        (r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#, Kind::Content),
        (r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, Kind::Content),
        (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Kind::Content),
        (r#"{"choices":[{"delta":null,"finish_reason":"stop"}]}"#, Kind::Content),
        (r#"{"choices":[{"text":"a","index":0}]}"#, Kind::Content),
        (r#"{"choices":[{"text":"","index":0}]}"#, Kind::Quiet),
        (r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#, Kind::Usage),
        (r#"{"error":{"message":"no"}}"#, Kind::Error),
        (r#"{"error":"no","choices":[]}"#, Kind::Error),
        (r#"{"x_groq":{"error":"no"},"choices":[]}"#, Kind::Error),
        (r#"{"object":"error","message":"no","type":"x","code":400}"#, Kind::Error),
        (r#"{"error":null,"choices":[{"delta":{"content":"x"}}]}"#, Kind::Content),
        (r#"{"choices":[{"delta":{"content":"x"}}"#, Kind::Garbage),
        ("<html>", Kind::Garbage),
    ] {
        assert_eq!(kind(data), expected, "{data}");
    }
    assert_eq!(glance(None).kind, Kind::Ping);
}

#[test]
fn it_tells_which_choices_have_ended() {
    for (data, expected) in [
        (r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}"#, 0),
        (r#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#, 1),
        (r#"{"choices":[{"finish_reason":"stop","index":2}]}"#, 1 << 2),
        (r#"{"choices":[{"finish_reason":"stop"},{"finish_reason":"stop"}]}"#, 3),
        (r#"{"choices":[{"index":1,"delta":{}},{"index":0,"finish_reason":"length"}]}"#, 1),
        (r#"{"choices":[{"index":null,"finish_reason":"stop"}]}"#, 1),
        (r#"{"choices":[{"index":127,"finish_reason":"stop"}]}"#, 1 << 127),
        (r#"{"choices":[{"index":128,"finish_reason":"stop"}]}"#, 0),
    ] {
        assert_eq!(glance(Some(data.as_bytes())).finished, expected, "{data}");
    }
}

#[test]
fn usage_is_found_wherever_vendors_put_it() {
    let usage = Some(Usage { input: 3, output: 4, ..Usage::default() });
    let last = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let seen = glance(Some(last.as_bytes()));
    assert_eq!((seen.kind, seen.finished, seen.usage), (Kind::Content, 1, usage));
    let groq = r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"#;
    assert_eq!(glance(Some(groq.as_bytes())).usage, usage);
}

#[test]
fn a_whole_answer_must_be_one() {
    use Operation::{ChatCompletions, Embeddings};
    assert_eq!(glance_whole(ChatCompletions, br#"{"choices":[{}]}"#), Whole::Answer(None));
    for none in ["[]", "[ \n]", "null", "{}", "\"[{}]\""] {
        let body = format!(r#"{{"choices":{none},"usage":{{"prompt_tokens":1}}}}"#);
        assert_eq!(glance_whole(ChatCompletions, body.as_bytes()), Whole::Malformed, "{none}");
        assert_eq!(glance_whole(Operation::Completions, body.as_bytes()), Whole::Malformed, "{none}");
    }
    assert_eq!(glance_whole(ChatCompletions, br#"{"data":[]}"#), Whole::Malformed);
    assert_eq!(glance_whole(Embeddings, br#"{"data":[],"error":null}"#), Whole::Answer(None));
    assert_eq!(glance_whole(ChatCompletions, br#"{"error":{"message":"x"}}"#), Whole::Error);
    assert_eq!(glance_whole(ChatCompletions, b"<html>"), Whole::Malformed);
    assert_eq!(glance_whole(ChatCompletions, b""), Whole::Malformed);
}

#[test]
fn usage_that_cannot_be_understood_is_none_and_twice_is_no_answer() {
    let whole = |usage: &str| {
        let body = format!(r#"{{"choices":[{{}}],{usage}"id":"a"}}"#);
        glance_whole(Operation::ChatCompletions, body.as_bytes())
    };
    let usage = Usage { input: 3, ..Usage::default() };
    assert_eq!(whole(r#""usage":{"prompt_tokens":3},"#), Whole::Answer(Some(usage)));
    for none in ["null", "7", "[1]", r#"{"prompt_tokens":"3","n":[{}]}"#, r#"{"prompt_tokens_details":7}"#] {
        assert_eq!(whole(&format!(r#""usage":{none},"#)), Whole::Answer(None), "{none}");
        assert_eq!(whole(&format!(r#""usage":{none},"usage":{none},"#)), Whole::Malformed, "{none}");
    }
    for bad in
        [r#"{"prompt_tokens":"3",}"#, r#"{"prompt_tokens":03}"#, r#"{"prompt_tokens":"3"]"#, "{", "nul"]
    {
        assert_eq!(whole(&format!(r#""usage":{bad},"#)), Whole::Malformed, "{bad}");
    }
}

#[test]
fn half_an_answer_is_none() {
    let whole = include_str!("../fixtures/answer.json").trim_end().as_bytes();
    for at in 0..whole.len() {
        let half = glance_whole(Operation::ChatCompletions, &whole[..at]);
        assert_eq!(half, Whole::Malformed, "cut at {at}");
    }
    assert!(matches!(glance_whole(Operation::ChatCompletions, whole), Whole::Answer(Some(_))));
}
